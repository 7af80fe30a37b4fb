"""Mails to the owners of accounts: an invitation, and one about each change. No word about a client."""

from collections.abc import Collection
from datetime import datetime, timedelta
from email.message import EmailMessage

from handlers.context import Context
from handlers.send import alone, staff_news
from handlers.send.messages import to_staff
from handlers.staff import invited, known
from handlers.staff.accounts import INVITE_GOOD_FOR
from render.language import readable
from render.mail import MailKind
from schemas.delivery import Channel
from schemas.staff import AccountNews, Staff, StaffMail, StaffNews
from store import staff
from store.base import Tx

AGAIN = timedelta(minutes=5)
"""Until a mail that did not leave is tried again."""


def send_due(context: Context, now: datetime, channels: Collection[Channel] = tuple(Channel)) -> int:
    """Send what is due by these channels, alerts first, and within three days; returns how many went out."""
    with context.db.begin() as tx:
        due = staff.claim_mails(tx, now, now + AGAIN, channels)
    alerts = [each for each in due if each.kind is StaffNews.alert]
    news = [each for each in due if isinstance(each.kind, StaffNews) and each not in alerts]
    out = staff_news.send(context, alerts, now)
    out += sum(_sent(context, each, now) for each in due if not isinstance(each.kind, StaffNews))
    return out + staff_news.send(context, news, now)


def _sent(context: Context, due: StaffMail, now: datetime) -> bool:
    with context.db.begin() as tx:
        who = staff.get(tx, due.staff_id)
        made = _made(tx, context, who, due, now) if who and _is_wanted(who, due, now) else None
        if made is None:
            staff.mailed(tx, due.id)
            return False
    if not alone.sent(context, Channel.email, made, "account", staff=due.staff_id):
        return False
    with context.db.begin() as tx:
        staff.mailed(tx, due.id)
    return True


def _is_wanted(who: Staff, due: StaffMail, now: datetime) -> bool:
    late = known.GOOD_FOR[known.WAY] if due.kind is AccountNews.locked else INVITE_GOOD_FOR
    if now - due.created_at > late:
        return False
    return due.kind is not AccountNews.invite or (who.invited and who.active)


def _made(tx: Tx, context: Context, who: Staff, due: StaffMail, now: datetime) -> EmailMessage:
    """The mail, in the language of its reader; what lets somebody in is made each time it is sent."""
    language = context.clinic.spoken(who.language)
    kind, path, good_for = _leads_to(tx, context, who, due, now)
    until = readable.moment(now + good_for, context.zone(), language) if good_for else ""
    values = {each.value: "" for each in AccountNews}
    values |= {due.kind.value: readable.moment(due.created_at, context.zone(), language)}
    values |= {"url": f"{context.clinic.public_url}{path}", "until": until}
    return to_staff(context, kind, who.email, f"staff:{due.id}", values, language, now)


def _leads_to(
    tx: Tx, context: Context, who: Staff, due: StaffMail, now: datetime
) -> tuple[MailKind, str, timedelta | None]:
    """Which mail it is, the path of its button, and for how long that is good."""
    if due.kind is AccountNews.invite:
        return MailKind.INVITE, invited.new_link(tx, context, who.id, now), INVITE_GOOD_FOR
    if due.kind is AccountNews.locked:
        way = known.token(context, known.WAY, who, now)
        return MailKind.LOCKED, f"/console/way/{way}", known.GOOD_FOR[known.WAY]
    return MailKind.ACCOUNT, "/console/account", None
