"""Sends words about clients to single people on the staff: at once, in their hours, or once a day.

No mail holds a name or an answer; a page behind the sign-in does.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import groupby

from handlers.context import Context
from handlers.schedule.quiet import Quiet
from handlers.schedule.words import reference
from handlers.send import alone
from handlers.send.messages import to_staff
from handlers.staff import wishes
from handlers.staff.wishes import Wishes
from render.language import readable
from render.mail import MailKind
from schemas.delivery import Channel
from schemas.message import Text
from schemas.notions import phone
from schemas.notions.words import fill
from schemas.staff import Role, Staff, StaffMail, StaffNews, Wish
from store import bookings, staff
from store.base import Tx

FOR = timedelta(days=3)
"""Until it is not sent any more."""


def send(context: Context, claimed: Sequence[StaffMail], now: datetime) -> int:
    """Send what may leave now, and put the rest back; returns how many messages went out."""
    out = 0
    for staff_id, mine in groupby(sorted(claimed, key=_whose), _whose):
        for bundle in _bundles(context, staff_id, list(mine), now):
            out += _sent(context, staff_id, bundle, now)
    return out


def _whose(due: StaffMail) -> int:
    return due.staff_id


def _bundles(context: Context, staff_id: int, due: list[StaffMail], now: datetime) -> list[list[StaffMail]]:
    """What goes out together: each alert alone, what was waited for in one, the day's in one."""
    with context.db.begin() as tx:
        who, wanted = staff.get(tx, staff_id), wishes.of(tx, staff_id)
        still = [each for each in due if _is_wanted(who, wanted, each, now)]
        for each in due:
            if each not in still:
                staff.mailed(tx, each.id)
        alone = [[each] for each in still if each.kind is StaffNews.alert]
        soon = [each for each in still if each.kind is not StaffNews.alert and not each.daily]
        daily = [each for each in still if each.daily]
        return alone + _in_time(tx, context, wanted, soon, daily, now)


def _is_wanted(who: Staff | None, wanted: Wishes, due: StaffMail, now: datetime) -> bool:
    if who is None or not who.active or not who.may(Role.practitioner):
        return False
    return now - due.created_at <= FOR and wanted.of(StaffNews(due.kind)) is not Wish.off


def _in_time(
    tx: Tx, context: Context, wanted: Wishes, soon: list[StaffMail], daily: list[StaffMail], now: datetime
) -> list[list[StaffMail]]:
    """Those of the bundles that fit the person's hours; the others wait."""
    hours = Quiet(wanted.end, wanted.begin, context.zone())
    ready = []
    for bundle, due_at in ((soon, hours.next_open(now)), (daily, _digest_at(context, wanted, daily, now))):
        if bundle and due_at > now:
            staff.put_back(tx, [each.id for each in bundle], due_at)
        elif bundle:
            ready.append(bundle)
    return ready


def _digest_at(context: Context, wanted: Wishes, daily: list[StaffMail], now: datetime) -> datetime:
    """When the day's mail goes out: as the hours begin, and never twice a day."""
    since = min((each.created_at for each in daily), default=now).astimezone(context.zone())
    begins = datetime.combine(since.date(), wanted.begin, context.zone())
    if begins < since:
        begins = datetime.combine(since.date() + timedelta(days=1), wanted.begin, context.zone())
    today = now.astimezone(context.zone()).date()
    if wanted.last is not None and wanted.last >= today:
        tomorrow = wanted.last + timedelta(days=1)
        begins = max(begins, datetime.combine(tomorrow, wanted.begin, context.zone()))
    return begins.astimezone(now.tzinfo)


def _sent(context: Context, staff_id: int, bundle: list[StaffMail], now: datetime) -> bool:
    with context.db.read() as tx:
        who, wanted = staff.get(tx, staff_id), wishes.of(tx, staff_id)
        made = _made(tx, context, who, wanted, bundle, now) if who else None
    channel = Channel.sms if bundle[0].by_text else Channel.email
    if (
        made is not None
        and channel in context.senders
        and not alone.sent(context, channel, made, "news", staff=staff_id)
    ):
        return False
    with context.db.begin() as tx:
        for each in bundle:
            staff.mailed(tx, each.id)
        if bundle[0].daily:
            wishes.digested(tx, staff_id, now.astimezone(context.zone()).date())
    return made is not None


def _made(
    tx: Tx, context: Context, who: Staff, wanted: Wishes, bundle: list[StaffMail], now: datetime
) -> EmailMessage | Text | None:
    if bundle[0].kind is StaffNews.alert:
        return _alert(tx, context, who, wanted, bundle[0], now)
    found = Counter(each.kind for each in bundle)
    values = {kind.value: str(found[kind]) if found[kind] else "" for kind in StaffNews}
    paths = {each.path for each in bundle}
    path = paths.pop() if len(paths) == 1 else "/console/"
    return _mail(context, who, MailKind.STAFF_NEWS, bundle[0], values, path, now)


def _alert(
    tx: Tx, context: Context, who: Staff, wanted: Wishes, due: StaffMail, now: datetime
) -> EmailMessage | Text | None:
    """The clinic's own alert, to one person."""
    booking = bookings.get(tx, int(due.path.rpartition("/")[2]))
    if booking is None:
        return None
    if due.by_text:
        words = context.mail_texts(context.clinic.spoken(who.language))["sms"]["alert"]
        body = fill(words, {"clinic": context.clinic.name, "reference": reference(booking)})
        number = phone.for_texts(wanted.number, context.clinic.country)
        return Text(number, body, f"staff:{due.id}") if number else None
    when = readable.moment(booking.start, context.zone(booking.zone), context.clinic.spoken(who.language))
    values = {"reference": reference(booking), "when": when}
    return _mail(context, who, MailKind.ALERT, due, values, due.path, now)


def _mail(
    context: Context,
    who: Staff,
    kind: MailKind,
    due: StaffMail,
    values: dict[str, str],
    path: str,
    now: datetime,
) -> EmailMessage:
    values = values | {"url": f"{context.clinic.public_url}{path}"}
    language = context.clinic.spoken(who.language)
    return to_staff(context, kind, who.email, f"staff:{due.id}", values, language, now)
