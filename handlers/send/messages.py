"""What a message says: the right words, link, time and zone for one delivery."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from clinical import identity
from clinical.loop.feedback import difference
from handlers import links, texts
from handlers.answers import SHORT_UPDATE, effective
from handlers.checkins import asking
from handlers.checkins import taps as answers_to_tap
from handlers.clients.contacts import address
from handlers.context import Context
from handlers.links import AFTER_VISIT, LinkPurpose
from handlers.plans import page, pictures
from handlers.schedule import alerts, forms
from handlers.schedule.words import reference, when, zone_of
from render import mail
from render.calendar import Event, published
from render.language import readable
from render.mail import CORRECTED, Contents, Envelope, MailKind, Taps
from schemas.booking import Booking
from schemas.checkin import CheckIn, CheckInKind
from schemas.delivery import Channel, CheckInQuestion, Delivery, Purpose, Urgency
from schemas.intake import Intake
from schemas.message import Received, Text
from schemas.notions import mail_address, phone
from schemas.notions.words import fill
from schemas.plan import StoredPlan
from schemas.trouble import Trouble, TroubleKind
from store import attendances, checkins, clients, contacts, intakes
from store import plans as stored_plans
from store.base import Tx


class State(StrEnum):
    """What makes two messages for one purpose read differently."""

    usual = "usual"
    begun = "begun"  # some of the form is filled in
    back = "back"  # the form asks who was here before
    corrected = "corrected"  # changed after it had gone out
    again = "again"  # after a later visit
    same = "same"  # it goes on: as it was, with more, with less, or with something else
    more = "more"
    less = "less"
    other = "other"
    same_again = "same_again"  # the same news a second time, and a third
    more_again = "more_again"
    less_again = "less_again"
    other_again = "other_again"
    more_still = "more_still"
    less_still = "less_still"
    soon = "soon"  # for the clinic, and not urgent


MAILS: dict[tuple[Purpose, State], str] = {
    (Purpose.intake, State.usual): "intake",
    (Purpose.intake, State.back): mail.BACK,
    (Purpose.intake_reminder, State.usual): "intake_reminder",
    (Purpose.intake_reminder, State.begun): mail.BEGUN,
    (Purpose.intake_reminder, State.back): mail.BACK_REMINDER,
    (Purpose.plan, State.usual): "plan",
    (Purpose.plan, State.corrected): CORRECTED,
    (Purpose.plan, State.again): mail.AGAIN,
    (Purpose.plan, State.same): mail.SAME,
    (Purpose.plan, State.more): mail.MORE,
    (Purpose.plan, State.less): mail.LESS,
    (Purpose.plan, State.other): mail.OTHER,
    **{(Purpose.plan, State(name.removeprefix("plan_"))): name for name in mail.NEWS_AGAIN},
    (Purpose.plan_held, State.usual): "plan_held",
    (Purpose.checkin, State.usual): "checkin",
    (Purpose.book_again, State.usual): "book_again",
    (Purpose.my_day, State.usual): "my_day",
    (Purpose.confirm, State.usual): "confirm",
    (Purpose.answer, State.usual): "answer",
    (Purpose.alert, State.usual): "alert",
    (Purpose.alert, State.soon): "nudge",
    (Purpose.summary, State.usual): "summary",
}
"""The table of `content/mail` that each message reads; a check-in after the first has one of its own."""

FIRST = 1  # of the reminders before a visit
SAID_BY_SCHEDULER = (TroubleKind.unreadable, TroubleKind.clock)


def message_id(context: Context, delivery: Delivery) -> str:
    """The same for every attempt at a delivery, so that mail programs show a repeat once.

    Two installations of one clinic never make the same: mail programs would hide the second mail.
    """
    return stable_id(context, delivery.purpose, str(delivery.key))


def stable_id(context: Context, kind: str, key: str) -> str:
    """The Message-ID of what a key names, the same each time."""
    return f"<{kind}.{context.mac(f'mail:{key}').hex()[:32]}@{_domain(context.clinic.email)}>"


@lru_cache(maxsize=8)
def _domain(written: str) -> str:
    """The domain of an address that may have a name, in ASCII."""
    _name, address = mail_address.read_named(written) or ("", "")
    return mail_address.mailbox(address).domain


def can_mail(address: str) -> bool:
    """True for exactly one address that a mail can go to."""
    return mail_address.read(address) is not None


def _envelope(tx: Tx, context: Context, delivery: Delivery, to: str, now: datetime) -> Envelope:
    place, client = delivery.key.recipient, delivery.key.client
    if delivery.purpose is Purpose.confirm:  # a stranger's address may have been typed
        client = 0
    stop = links.issue(tx, context, LinkPurpose.stop, place, now, contact=place, client=client)
    return Envelope(
        to=to,
        sender=context.clinic.email,
        message_id=message_id(context, delivery),
        date=now,
        reply_to=context.clinic.reply_to,
        unsubscribe_url=stop,
        privacy_url=f"{stop}/choices" if client else f"{context.clinic.public_url}/privacy",
    )


def _to_client(
    tx: Tx,
    context: Context,
    delivery: Delivery,
    booking: Booking,
    now: datetime,
    kind: MailKind,
    language: str,
    url: str,
    minutes: str = "",
    contents: Contents | None = None,
    wording: str = "",
    taps: Taps | None = None,
    day: str = "",
    later: str = "",
) -> EmailMessage:
    before_visit = kind in BEFORE_VISIT
    client = clients.get(tx, booking.client_id)
    values = {
        "url": url,
        "name": _called(tx, booking) or identity.in_order(client.name, context.names),
        "when": _times(tx, context, booking, client.zone, language) if before_visit else "",
        "place": booking.place if before_visit and not booking.remote else "",
        "practitioner": booking.practitioner,
        "minutes": minutes,
        "day": _day(context, booking, client.zone, language) if later else day,
        "later": later,
        "emergency_number": context.clinic.emergency_number,
    }
    envelope = _envelope(tx, context, delivery, _address(tx, delivery, client.email), now)
    return mail.message(
        kind,
        envelope,
        values,
        context.mail_texts(language),
        context.clinic,
        language=language,
        contents=contents,
        wording=wording,
        taps=taps,
        calendar=calendar_file(tx, context, booking, language, now) if before_visit else "",
    )


def _language(tx: Tx, context: Context, booking: Booking) -> str:
    """The language of the client's form, else of the booking, as near as the clinic has it."""
    intake = intakes.of_booking(tx, booking.id)
    return context.clinic.spoken(intake.language if intake else booking.language)


def _text(tx: Tx, context: Context, delivery: Delivery, language: str, url: str) -> Text:
    """The link of a delivery to the client as a text message."""
    words = context.mail_texts(language)["sms"][delivery.purpose]
    body = fill(words, {"clinic": context.clinic.name, "url": url})
    return Text(_address(tx, delivery, ""), body, str(delivery.key))


def _day(context: Context, booking: Booking, client_zone: str, language: str) -> str:
    zone = context.zone(zone_of(booking, client_zone))
    return readable.weekday_and_day(booking.start.astimezone(zone).date(), language)


def calendar_file(tx: Tx, context: Context, booking: Booking, language: str, now: datetime) -> str:
    """The visits that the client is asked about, for their own calendar: no word on what they are for."""
    summary = fill(context.mail_texts(language)["calendar"]["summary"], {"clinic": context.clinic.name})
    events = [
        Event(
            stable_id(context, "visit", f"visit:{each.id}").strip("<>"),
            each.start,
            each.end,
            summary,
            "" if each.remote else readable.unlinked(readable.plain(each.place)),
        )
        for each in _ahead(tx, booking)
    ]
    return published(events, now)


def _address(tx: Tx, delivery: Delivery, written: str) -> str:
    """Where it goes, as the client's scheduler writes it where that is the same address."""
    point = contacts.get(tx, delivery.key.recipient)
    assert point is not None
    return written.strip() if address(written) == point.value else point.value


def _times(tx: Tx, context: Context, booking: Booking, zone: str, language: str) -> str:
    """When the visit is; of visits that share a form, all that are still to come, one a line."""
    return "\n".join(when(context, each, zone, language) for each in _ahead(tx, booking))


def _ahead(tx: Tx, booking: Booking) -> list[Booking]:
    comes = attendances.current(tx, booking.id)
    visits = forms.sharing(tx, comes.intake_id) if comes and comes.intake_id else []
    return [each for each in visits if each.start >= booking.start] or [booking]


def _called(tx: Tx, booking: Booking) -> str:
    """What the client asked to be called; "" until they said so."""
    intake = intakes.of_booking(tx, booking.id)
    return str(effective(tx, intake).get("preferred_name") or "") if intake else ""


BEFORE_VISIT = (MailKind.INTAKE, MailKind.INTAKE_REMINDER)


def intake(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, asked: Intake, now: datetime
) -> EmailMessage:
    """The request to fill in the questionnaire, or the reminder of it."""
    until = max(booking.end, now) + AFTER_VISIT
    url = links.issue(tx, context, LinkPurpose.intake, booking.id, now, until, delivery.key.recipient)
    kind, language = MailKind(delivery.purpose), context.clinic.spoken(asked.language)
    minutes = f"{context.library(language).questionnaires[asked.questionnaire].minutes}"
    wording = MAILS[delivery.purpose, _of_form(kind, asked)]
    if kind is MailKind.INTAKE_REMINDER and delivery.key.number != FIRST:
        wording = f"{wording}_last"
    return _to_client(tx, context, delivery, booking, now, kind, language, url, minutes, wording=wording)


def _of_form(kind: MailKind, asked: Intake) -> State:
    if kind is MailKind.INTAKE_REMINDER and asked.answers:
        return State.begun
    return State.back if asked.questionnaire == SHORT_UPDATE else State.usual


def plan(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, stored: StoredPlan, now: datetime
) -> EmailMessage:
    """The plan: a link; with the plan itself only where the clinic chose so."""
    url = links.issue(tx, context, LinkPurpose.plan, booking.id, now, contact=delivery.key.recipient)
    worded = page.to_client(tx, context, stored, now)
    inside = None
    if context.clinic.policy.mail_contents:
        paper = page.printed(tx, context, booking, stored, worded, url, photos=False)
        inside = Contents(worded, pictures.of_plan(context, worded), paper)
    news = _news(tx, context, booking, stored)
    return _to_client(
        tx,
        context,
        delivery,
        booking,
        now,
        MailKind.PLAN,
        worded.language,
        url,
        contents=inside,
        wording=MAILS[Purpose.plan, news],
        later=_later(tx, context, booking, stored) if news is State.again else "",
    )


def _news(tx: Tx, context: Context, booking: Booking, stored: StoredPlan) -> State:
    """What is new in a version, read off it and the last one that the client got."""
    if stored.origin.corrected:
        return State.corrected
    versions = stored_plans.of_client(tx, clients.family(tx, booking.client_id))
    before = [each for each in versions if each.sent_at and each.id < stored.id]
    if not before:
        return State.usual
    if before[-1].booking_id != booking.id:
        return State.again
    content = context.plan_content(stored.plan.language)
    versions = [each for each in before if each.booking_id == booking.id]
    news = difference(versions[-1].plan, stored.plan, content)
    times = [difference(old.plan, new.plan, content) for old, new in pairwise(versions)].count(news)
    words = [news, *(name for ending in ("again", "still") if (name := f"{news}_{ending}") in [*State])]
    return State(words[min(times, len(words) - 1)])


def _later(tx: Tx, context: Context, booking: Booking, plan: StoredPlan) -> str:
    """How a plan differs from that of the visit before; "" after the first.

    Who comes each week would read the same mails each week.
    """
    versions = stored_plans.of_client(tx, clients.family(tx, booking.client_id))
    others = (each for each in versions if each.booking_id != booking.id and each.id < plan.id)
    before = [each for each in others if each.sent_at]
    content = context.plan_content(plan.plan.language)
    return difference(before[-1].plan, plan.plan, content) if before else ""


def checkin(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, kind: CheckInKind, now: datetime
) -> EmailMessage | Text:
    """A short question about the plan: a link to one page."""
    plan = stored_plans.newest(tx, booking.id)
    assert plan is not None
    asked = checkins.ask(tx, booking.id, plan.id, kind, None)
    url = links.issue(tx, context, LinkPurpose.checkin, asked.id, now, contact=delivery.key.recipient)
    language = _language(tx, context, booking)
    if delivery.channel is Channel.sms:
        return _text(tx, context, delivery, language, url)
    return _to_client(
        tx,
        context,
        delivery,
        booking,
        now,
        MailKind.CHECKIN,
        language,
        url,
        wording=_of_checkin(tx, delivery, asked),
        taps=_taps(tx, context, asked, url, language),
        later=_later(tx, context, booking, plan),
    )


def _of_checkin(tx: Tx, delivery: Delivery, asked: CheckIn) -> str:
    """The words of a check-in: the first has its own, and so have each later one and each reminder."""
    what = delivery.key.number
    assert isinstance(what, CheckInQuestion)
    if not what.reminder and (what.kind is CheckInKind.h24 or not _asked_before(tx, asked)):
        return MAILS[Purpose.checkin, State.usual]
    return mail.of_checkin(what.kind, reminder=what.reminder)


def _asked_before(tx: Tx, asked: CheckIn) -> bool:
    """True where an earlier check-in of this visit has been sent."""
    others = (each for each in checkins.of_booking(tx, asked.booking_id) if each.id != asked.id)
    return any(isinstance(each.kind, CheckInKind) and each.asked_at for each in others)


def _taps(tx: Tx, context: Context, asked: CheckIn, url: str, language: str) -> Taps | None:
    """The answers as links, in the mail's own words; None where one of them has none."""
    question = answers_to_tap.question(context, asked, asking.questions(tx, context, language, asked))
    if question is None:
        return None
    words, name = context.mail_texts(language)["taps"], question.id
    answers = answers_to_tap.answers(question)
    labels = [answer if question.maximum else words.get(f"{name}_{answer}", "") for answer in answers]
    if not words.get(name) or not all(labels):
        return None
    urls = (f"{url}/{answers_to_tap.token(context, asked, name, answer)}" for answer in answers)
    return Taps(words[name], tuple(zip(labels, urls, strict=True)))


def plan_held(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, by: datetime, now: datetime
) -> EmailMessage:
    """That a person looks at the plan first, and by which day; it leads nowhere yet."""
    language = _language(tx, context, booking)
    day = readable.weekday_and_day(by.astimezone(context.zone(booking.zone)).date(), language)
    return _to_client(tx, context, delivery, booking, now, MailKind.PLAN_HELD, language, "", day=day)


def book_again(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> EmailMessage:
    """The offer to come again: the clinic's own page, with nothing of the client in its address."""
    language = _language(tx, context, booking)
    url = context.clinic.books_at(booking.service, booking.service_name)
    return _to_client(tx, context, delivery, booking, now, MailKind.BOOK_AGAIN, language, url)


def my_day(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime
) -> EmailMessage | Text:
    """A reminder on a day that the client chose: a link that begins at once."""
    opens = links.issue(tx, context, LinkPurpose.plan, booking.id, now, contact=delivery.key.recipient)
    url, language = f"{opens}/go", _language(tx, context, booking)
    if delivery.channel is Channel.sms:
        return _text(tx, context, delivery, language, url)
    return _to_client(tx, context, delivery, booking, now, MailKind.MY_DAY, language, url)


def answer(tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime) -> EmailMessage:
    """What the client wrote was answered: a link to where it stands, and no word of it."""
    url = links.issue(tx, context, LinkPurpose.plan, booking.id, now, contact=delivery.key.recipient)
    language = _language(tx, context, booking)
    return _to_client(tx, context, delivery, booking, now, MailKind.ANSWER, language, url)


def confirm(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, now: datetime
) -> EmailMessage | Text:
    """Is the address or number that was typed into the form theirs? No name: it may be a stranger's."""
    place = delivery.key.recipient
    url = links.issue(tx, context, LinkPurpose.confirm, booking.id, now, contact=place)
    language = _language(tx, context, booking)
    if delivery.channel is Channel.sms:
        return _text(tx, context, delivery, language, url)
    return _to_client(tx, context, delivery, booking, now, MailKind.CONFIRM, language, url)


def staff(
    tx: Tx, context: Context, delivery: Delivery, booking: Booking, to: str, now: datetime
) -> EmailMessage:
    """A word to the clinic that somebody must look: no name, no answer."""
    language = context.clinic.language
    values = {
        "url": links.issue(tx, context, LinkPurpose.note, booking.id, now),
        "reference": reference(booking),
        "when": readable.moment(booking.start, context.zone(booking.zone), language),
    }
    envelope = Envelope(to, context.clinic.email, message_id(context, delivery), now)
    soon = alerts.urgency(delivery.key) is Urgency.soon
    kind = MailKind(MAILS[delivery.purpose, State.soon if soon else State.usual])
    return mail.message(
        kind, envelope, values, context.mail_texts(language), context.clinic, language=language
    )


def to_staff(
    context: Context,
    kind: MailKind,
    to: str,
    key: str,
    values: Mapping[str, str],
    language: str,
    now: datetime,
) -> EmailMessage:
    """A mail to somebody on the staff that is about no visit; `key` names it among those of its kind."""
    envelope = Envelope(to, context.clinic.email, stable_id(context, kind, key), now)
    return mail.message(
        kind, envelope, values, context.mail_texts(language), context.clinic, language=language
    )


def texts_came(context: Context, found: Sequence[Received], now: datetime) -> EmailMessage:
    """To the clinic: so many texts came in, and where to read them. No word of them, no name, no number."""
    language = context.clinic.language
    urgent = sum(texts.speaks_of_danger(context, each) for each in found)
    values = {
        "count": str(len(found)),
        "since": readable.moment(found[0].at, context.zone(), language),
        "urgent": str(urgent or ""),
        "url": f"{context.clinic.public_url}/console/waits",
    }
    return to_staff(
        context, MailKind.TEXTS, context.clinic.alert_email, f"texts:{found[-1].id}", values, language, now
    )


def trouble(context: Context, found: Trouble, page: str, now: datetime) -> EmailMessage:
    """To whoever runs the clinic: what is wrong and what to do, or that it is over. No health data."""
    language = context.clinic.language
    since = readable.moment(found.since, context.zone(), language)
    values = {name.value: "" for name in TroubleKind} | {found.kind.value: since}
    values |= {"count": found.text if found.newest or found.text.isdigit() else "", "trouble": found.text}
    values |= {"url": f"{context.clinic.public_url}{page}", "connection": "", "hours": "", "unread": ""}
    values |= {"command": ""} | (_of_connection(context, found) if found.name else {})
    kind = MailKind.CONNECTION if found.name else MailKind.TROUBLE
    kind = MailKind.TROUBLE_OVER if found.over else kind
    key = f"{kind}:{found.kind}:{found.name}:{found.since.isoformat()}"
    return to_staff(context, kind, context.clinic.alert_email, key, values, language, now)


def _of_connection(context: Context, found: Trouble) -> dict[str, str]:
    return {
        "connection": f"{found.name} ({context.schedulers[found.name].label})",
        "hours": found.text if found.kind is TroubleKind.quiet else "",
        "trouble": found.text if found.kind in SAID_BY_SCHEDULER else "",
        "unread": found.text if found.kind is TroubleKind.not_understood else "",
        "command": _register(found.name) if found.kind is TroubleKind.webhook_gone else "",
    }


def trouble_text(context: Context, found: Trouble) -> Text:
    """That something is wrong, as a text: what it is stands in the console."""
    words = context.mail_texts(context.clinic.language)["sms"]["trouble"]
    key = f"trouble:{found.kind}:{found.name}:{found.since.isoformat()}"
    return Text(_alert_number(context), fill(words, {"clinic": context.clinic.name}), key)


def _register(name: str) -> str:
    return f"flask --app app register {name}"


def alert_text(context: Context, delivery: Delivery, booking: Booking) -> Text:
    """The same as a text message."""
    words = context.mail_texts(context.clinic.language)["sms"]["alert"]
    body = fill(words, {"clinic": context.clinic.name, "reference": reference(booking)})
    return Text(_alert_number(context), body, str(delivery.key))


def _alert_number(context: Context) -> str:
    return phone.for_texts(context.clinic.alert_sms, context.clinic.country) or ""
