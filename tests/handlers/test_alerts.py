"""The clinic is told at once, and the next person is told when nobody has looked."""

from datetime import timedelta

import pytest

from handlers import alerts, work
from handlers.house import House
from store import intakes
from tests.support import NOW, Mailbox, book, schedule_of


def raise_stop(house: House, booking_id: int, severity: str) -> None:
    """A flag that stops, as the form raises it."""
    with house.db.begin() as tx:
        intakes.raise_flag(tx, booking_id, "RF10", severity, {"rule": "RF10", "because": []}, NOW)
        alerts.at_once(tx, booking_id, "RF10", NOW)


def told(house: House, mailbox: Mailbox, after: timedelta) -> int:
    """How many alerts the clinic has got by then."""
    work.work_once(house, NOW + after)
    return len(mailbox.of("alert"))


@pytest.mark.parametrize(
    ("severity", "wait"),
    [("stop_emergency", timedelta(minutes=15)), ("stop_urgent", timedelta(hours=2))],
)
def test_an_alert_that_nobody_looked_at_is_sent_once_more(
    house: House, mailbox: Mailbox, severity: str, wait: timedelta
) -> None:
    booking = book(house)
    raise_stop(house, booking.id, severity)
    assert told(house, mailbox, timedelta()) == 1
    assert told(house, mailbox, wait - timedelta(minutes=1)) == 1
    assert told(house, mailbox, wait) == 2
    assert told(house, mailbox, timedelta(days=2)) == 2


def test_an_alert_that_somebody_looked_at_is_not_repeated(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    raise_stop(house, booking.id, "stop_emergency")
    assert told(house, mailbox, timedelta()) == 1
    with house.db.begin() as tx:
        intakes.flags_seen(tx, booking.id, NOW)
    assert told(house, mailbox, timedelta(hours=1)) == 1


def test_an_alert_holds_no_name_and_no_answer(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    raise_stop(house, booking.id, "stop_emergency")
    told(house, mailbox, timedelta())
    text = mailbox.of("alert")[0].as_string()
    assert "Zo" not in text
    assert "chest" not in text.casefold()
    assert "RF10" not in text


def test_who_was_told_to_see_a_doctor_is_not_reminded_of_the_form(house: House, mailbox: Mailbox) -> None:
    booking = book(house)
    raise_stop(house, booking.id, "stop_emergency")
    work.work_once(house, booking.start - timedelta(hours=1))
    assert mailbox.of("intake_reminder") == []
    assert {schedule_of(house, booking)[f"intake_reminder:{n}"].reason for n in (1, 2)} == {"red_flag"}
