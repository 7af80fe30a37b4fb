"""The clinic is told at once, and the next person is told when nobody has looked."""

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from handlers.context import Context
from handlers.plans import by_hand
from handlers.schedule import alerts
from handlers.worker import work
from integrations.base import IntegrationError, OutcomeUnknown
from integrations.channels.email import Smtp
from schemas.delivery import Channel
from schemas.message import Text
from store import bookings, intakes
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox, read
from tests.helpers.visits import alert, book, receive, schedule_of, webhook


def raise_stop(context: Context, booking_id: int, severity: str) -> None:
    """A flag that stops, as the form raises it."""
    with context.db.begin() as tx:
        booking = bookings.get(tx, booking_id)
        assert booking is not None
        intakes.raise_flag(
            tx, booking_id, booking.client_id, "RF10", severity, {"rule": "RF10", "because": []}, NOW
        )
        alerts.at_once(tx, booking_id, "RF10", NOW)


def told(context: Context, mailbox: Mailbox, after: timedelta) -> int:
    """How many alerts the clinic has got by then."""
    work.work_once(context, NOW + after)
    return len(mailbox.of("alert"))


@pytest.mark.parametrize(
    ("severity", "wait"),
    [("stop_emergency", timedelta(minutes=15)), ("stop_urgent", timedelta(hours=2))],
)
def test_an_alert_that_nobody_looked_at_is_sent_once_more(
    context: Context, mailbox: Mailbox, severity: str, wait: timedelta
) -> None:
    booking = book(context)
    raise_stop(context, booking.id, severity)
    assert told(context, mailbox, timedelta()) == 1
    assert told(context, mailbox, wait - timedelta(minutes=1)) == 1
    assert told(context, mailbox, wait) == 2
    assert told(context, mailbox, timedelta(days=2)) == 2


class Texts:
    """A text-message service that takes everything, or refuses it."""

    def __init__(self) -> None:
        self.sent: list[Text] = []
        self.refusal: IntegrationError | None = None

    def send(self, message: EmailMessage | Text) -> str:
        """Keep it, or refuse it."""
        assert isinstance(message, Text)
        if self.refusal:
            raise self.refusal
        self.sent.append(message)
        return "SM1"


@pytest.fixture
def texts() -> Texts:
    return Texts()


def with_ways(context: Context, texts: Texts | None, next_email: str = "") -> Context:
    """The clinic can be reached so."""
    clinic = replace(context.clinic, alert_sms="+12125550123" if texts else "", alert_next_email=next_email)
    senders = dict(context.senders) | ({Channel.sms: texts} if texts else {})
    return replace(context, clinic=clinic, senders=senders)


@pytest.mark.parametrize("refusal", ["451 not now", "550 5.1.1 unknown", "554 spam"])
def test_a_refused_alert_goes_to_the_next_person_at_once(
    context: Context, mailbox: Mailbox, refusal: str
) -> None:
    clinic = with_ways(context, None, "second@clinic.example")
    booking = book(clinic)
    raise_stop(clinic, booking.id, "stop_emergency")
    mailbox.refuse_to = {clinic.clinic.alert_email: refusal}
    for seconds in (0, 1, 2):
        work.work_once(clinic, NOW + timedelta(seconds=seconds))
    assert mailbox.alerted() == ["second@clinic.example"]


def test_a_refused_alert_to_the_next_person_goes_out_as_a_text(
    context: Context, mailbox: Mailbox, texts: Texts
) -> None:
    clinic = with_ways(context, texts, "second@clinic.example")
    booking = book(clinic)
    raise_stop(clinic, booking.id, "stop_emergency")
    mailbox.refuse = "550 no"
    for seconds in (0, 1, 2):
        work.work_once(clinic, NOW + timedelta(seconds=seconds))
    assert len(texts.sent) == 2, "the text that goes with the mail, and the one in place of the second mail"
    assert {text.to for text in texts.sent} == {"+12125550123"}
    work.work_once(clinic, NOW + timedelta(hours=4))
    assert len(texts.sent) == 2


@pytest.mark.parametrize(
    "refusal", [IntegrationError("no", permanent=True), OutcomeUnknown("lost"), IntegrationError("later")]
)
def test_a_text_that_was_refused_or_lost_brings_the_next_person_by_mail(
    context: Context, mailbox: Mailbox, texts: Texts, refusal: IntegrationError
) -> None:
    clinic = with_ways(context, texts, "second@clinic.example")
    texts.refusal = refusal
    booking = book(clinic)
    raise_stop(clinic, booking.id, "stop_emergency")
    for seconds in (0, 1, 2):
        work.work_once(clinic, NOW + timedelta(seconds=seconds))
    assert sorted(mailbox.alerted()) == sorted([clinic.clinic.alert_email, "second@clinic.example"])


def test_an_alert_whose_answer_was_lost_is_still_passed_on(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    mailbox.hang_up_after_data = True
    for minutes in (0, 5):
        work.work_once(context, NOW + timedelta(minutes=minutes))
    mailbox.hang_up_after_data = False
    before = len(mailbox.of("alert"))
    rested = {Channel.email: Smtp("127.0.0.1", mailbox.port, "none")}  # whose breaker has closed again
    work.work_once(replace(context, senders=rested), NOW + timedelta(minutes=16))
    assert len(mailbox.of("alert")) == before + 1


def test_an_alert_that_failed_is_not_tried_again_once_somebody_has_seen_it(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    mailbox.refuse = "451 later"
    work.work_once(context, NOW)
    with context.db.begin() as tx:
        by_hand.acknowledge(tx, booking.id, "Mara Field", NOW)
    mailbox.refuse = ""
    for hours in (1, 2, 3):
        work.work_once(context, NOW + timedelta(hours=hours))
    assert mailbox.of("alert") == []
    assert schedule_of(context, booking)[alert(context, booking, "RF10")].reason == "acknowledged"


def test_what_a_client_said_in_a_check_in_is_passed_on_too(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        alerts.at_once(tx, booking.id, "d3-worse", NOW)
    assert told(context, mailbox, timedelta()) == 1
    assert told(context, mailbox, timedelta(hours=1)) == 1
    assert told(context, mailbox, timedelta(hours=2)) == 2
    assert told(context, mailbox, timedelta(days=2)) == 2


def test_an_alert_that_somebody_looked_at_is_not_repeated(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    assert told(context, mailbox, timedelta()) == 1
    with context.db.begin() as tx:
        intakes.flags_seen(tx, booking.id, NOW)
    assert told(context, mailbox, timedelta(hours=1)) == 1


@pytest.mark.parametrize(
    ("name", "email"), [("Olu Adé", "olu@example.net"), ("Bartek Łuć", "zoe@example.org"), ("王小明", "")]
)
@pytest.mark.parametrize("times", [1, 2])
def test_an_alert_goes_on_though_another_person_comes_by_now(
    context: Context, mailbox: Mailbox, name: str, email: str, times: int
) -> None:
    booking = book(context, connection="site", uid="h1")
    raise_stop(context, booking.id, "stop_emergency")
    assert told(context, mailbox, timedelta()) == 1
    for minute, who in enumerate([(name, email), ("Ida Bø", "ida@example.org")][:times], 1):
        at = NOW + timedelta(minutes=minute)
        receive(context, webhook("updated", at, connection="site", uid="h1", name=who[0], email=who[1]))
        work.work_once(context, at)
    assert told(context, mailbox, timedelta(minutes=15)) == 2
    with context.db.begin() as tx:
        assert by_hand.acknowledge(tx, booking.id, "Mara Field", NOW + timedelta(minutes=16))
        assert not alerts.unseen(tx, booking.id)
    assert told(context, mailbox, timedelta(hours=3)) == 2


def test_an_alert_holds_no_name_and_no_answer(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    told(context, mailbox, timedelta())
    text = read(mailbox.of("alert")[0])
    assert "Zo" not in text
    assert "chest" not in text.casefold()
    assert "RF10" not in text


def test_who_was_told_to_see_a_doctor_is_not_reminded_of_the_form(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    work.work_once(context, booking.start - timedelta(hours=1))
    assert mailbox.of("intake_reminder") == []
    assert {schedule_of(context, booking)[f"intake_reminder:{n}"].reason for n in (1, 2)} == {"red_flag"}
