"""The clinic is told at once, and the next person is told when nobody has looked."""

from datetime import timedelta

import pytest

from handlers.context import Context
from handlers.schedule import alerts
from handlers.worker import work
from store import bookings, intakes
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, schedule_of


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


def test_an_alert_that_somebody_looked_at_is_not_repeated(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    assert told(context, mailbox, timedelta()) == 1
    with context.db.begin() as tx:
        intakes.flags_seen(tx, booking.id, NOW)
    assert told(context, mailbox, timedelta(hours=1)) == 1


def test_an_alert_holds_no_name_and_no_answer(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    told(context, mailbox, timedelta())
    text = mailbox.of("alert")[0].as_string()
    assert "Zo" not in text
    assert "chest" not in text.casefold()
    assert "RF10" not in text


def test_who_was_told_to_see_a_doctor_is_not_reminded_of_the_form(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    raise_stop(context, booking.id, "stop_emergency")
    work.work_once(context, booking.start - timedelta(hours=1))
    assert mailbox.of("intake_reminder") == []
    assert {schedule_of(context, booking)[f"intake_reminder:{n}"].reason for n in (1, 2)} == {"red_flag"}
