"""A check-in goes by text where a text can arrive, else by mail; and only who was reached can be silent."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from handlers.clients import contacts, people
from handlers.context import Context
from handlers.worker import work
from integrations.base import IntegrationError, OptedOut
from schemas.booking import Booking
from schemas.delivery import Channel
from schemas.forms.condition import Answer
from schemas.message import Text
from store import clients
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, only, receive, schedule_of, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AGREED: dict[str, Answer] = {"consent_sms": "yes", "emergency_contact_phone": "+1 212 555 0199"}


@dataclass
class Texts:
    """A service that takes texts, or refuses each."""

    taken: list[Text] = field(default_factory=list)
    refusal: IntegrationError | None = None

    def send(self, message: EmailMessage | Text) -> str:
        """Take one text."""
        assert isinstance(message, Text)
        if self.refusal:
            raise self.refusal
        self.taken.append(message)
        return f"SM{len(self.taken)}"


@pytest.fixture
def texts() -> Texts:
    """The service for texts."""
    return Texts()


@pytest.fixture
def clinic(context: Context, texts: Texts) -> Context:
    """A clinic that sends texts."""
    return replace(context, senders={**context.senders, Channel.sms: texts})


def visited(clinic: Context, number: str, **answers: Answer) -> Booking:
    """Zoë has been at the clinic and has her plan."""
    booking = book(clinic, phone=number)
    fill_in(clinic, booking, NOW, **answers)
    work.work_once(clinic, booking.end + timedelta(hours=1))
    return booking


def days_pass(clinic: Context, booking: Booking, first: int, last: int) -> None:
    """The worker works in the afternoon of each of these days after the visit."""
    for day in range(first, last + 1):
        work.work_once(clinic, booking.end + timedelta(days=day, hours=8))


@pytest.mark.parametrize(
    ("country", "number", "to"),
    [
        ("US", "(212) 555-0123", "+12125550123"),
        ("US", "+1 212 555 0123", "+12125550123"),
        ("US", "٢١٢٥٥٥٠١٢٣", "+12125550123"),
        ("US", "011 44 7400 123456", "+447400123456"),
        ("DE", "0151 23456789", "+4915123456789"),
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("BR", "(11) 96123-4567", "+5511961234567"),
        ("JP", "090-1234-5678", "+819012345678"),
        ("US", "(212) 555-0123 x5", ""),
        ("US", "555-0123", ""),
        ("US", "1-800-356-9377", ""),
        ("DE", "030 123456", ""),
        ("GB", "020 7946 0018", ""),
        ("US", "0000000000", ""),
        ("US", "no phone please", ""),
        ("US", "", ""),
    ],
)
def test_every_number_is_asked_by_text_or_else_by_mail(
    clinic: Context, mailbox: Mailbox, texts: Texts, country: str, number: str, to: str
) -> None:
    there = replace(clinic, clinic=replace(clinic.clinic, country=country))
    booking = visited(there, number, **AGREED)
    days_pass(there, booking, 1, 1)
    assert [each.to for each in texts.taken] == ([to] if to else [])
    assert mailbox.kinds().count("checkin") == (0 if to else 1)


def test_a_text_needs_the_clients_consent(clinic: Context, mailbox: Mailbox, texts: Texts) -> None:
    days_pass(clinic, visited(clinic, "(212) 555-0123"), 1, 3)
    assert (len(texts.taken), mailbox.kinds().count("checkin")) == (0, 2)


def test_a_clinic_without_texts_asks_by_mail(clinic: Context, context: Context, mailbox: Mailbox) -> None:
    booking = visited(clinic, "(212) 555-0123", **AGREED)
    days_pass(context, booking, 1, 3)
    assert mailbox.kinds().count("checkin") == 2


def test_texts_that_end_on_the_way_go_on_by_mail(clinic: Context, mailbox: Mailbox, texts: Texts) -> None:
    booking = visited(clinic, "(212) 555-0123", **AGREED)
    days_pass(clinic, booking, 1, 1)
    with clinic.db.begin() as tx:
        contacts.stop(tx, clinic, Channel.sms, "+12125550123", "text", NOW)
    days_pass(clinic, booking, 2, 3)
    days_pass(clinic, booking, 3, 3)
    assert (len(texts.taken), mailbox.kinds().count("checkin")) == (1, 1)
    assert schedule_of(clinic, booking)["checkin:d3"].status == "sent"


def test_who_shares_a_telephone_with_somebody_who_said_stop_is_asked_by_mail(
    clinic: Context, mailbox: Mailbox, texts: Texts
) -> None:
    other = {"uid": "u2", "name": "Jan", "email": "jan@example.org", "phone": "+1 212 555 0123"}
    receive(clinic, webhook("created", NOW, **other))
    work.work_once(clinic, NOW)
    with clinic.db.begin() as tx:
        jan = clients.get(tx, only(clinic, "jan@example.org").client_id)
        contacts.stop(tx, clinic, Channel.sms, jan.phone, "text", NOW)
    days_pass(clinic, visited(clinic, "(212) 555-0123", **AGREED), 1, 1)
    assert (len(texts.taken), mailbox.kinds().count("checkin")) == (0, 1)


@pytest.mark.parametrize(
    "refusal", [IntegrationError("No such number.", permanent=True), OptedOut("They answered STOP.")]
)
def test_a_text_that_the_service_refuses_goes_by_mail_in_the_same_hour(
    clinic: Context, mailbox: Mailbox, texts: Texts, refusal: IntegrationError
) -> None:
    texts.refusal = refusal
    booking = visited(clinic, "(212) 555-0123", **AGREED)
    days_pass(clinic, booking, 1, 1)
    days_pass(clinic, booking, 1, 1)
    assert mailbox.kinds().count("checkin") == 1


def test_who_was_never_reached_is_not_silent(clinic: Context, mailbox: Mailbox) -> None:
    booking = visited(clinic, "555-0123", **AGREED)
    mailbox.refuse = "554 not this one"
    days_pass(clinic, booking, 1, 13)
    mailbox.refuse = ""
    days_pass(clinic, booking, 14, 15)
    assert mailbox.kinds().count("nudge") == 0
    assert mailbox.kinds().count("checkin") == 1


def test_the_number_that_a_client_types_is_theirs_where_the_scheduler_knows_none(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        people.learn_phone(tx, context, booking.id, "(212) 555-0123", NOW)
        people.learn_phone(tx, context, booking.id, "(212) 555-0199", NOW)
        assert clients.get(tx, booking.client_id).phone == "+12125550123"
        assert contacts.stop(tx, context, Channel.sms, "+12125550123", "text", NOW)
