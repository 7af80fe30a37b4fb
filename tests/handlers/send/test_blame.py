"""A refusal marks an address only where the address is at fault; what is ours makes the mail wait."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers import retry
from handlers.context import Context
from handlers.schedule import alerts
from handlers.send import by_hand, outbox
from handlers.worker import work
from integrations.channels.email import Pool, Smtp
from schemas.delivery import Channel, Delivery, DeliveryStatus
from store import contacts, deliveries
from store.running import pauses
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from tests.helpers.visits import book, schedule_of

LATER = NOW + timedelta(minutes=1)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
QUOTA = "550 5.4.5 Daily user sending quota exceeded for care@clinic.example"


def asked(context: Context, name: str = "") -> Delivery:
    """The request for an intake, of Zoë or of somebody else."""
    who: dict[str, Any] = {"uid": name, "email": f"{name}@example.org"} if name else {}
    booking = book(context, **who)
    return schedule_of(context, booking)["intake:0"]


def now_of(context: Context, delivery: Delivery) -> Delivery:
    with context.db.read() as tx:
        found = deliveries.get(tx, delivery.id)
    assert found is not None
    return found


def bounced(context: Context, delivery: Delivery) -> bool:
    with context.db.read() as tx:
        point = contacts.get(tx, delivery.key.recipient)
    assert point is not None
    return point.bounced_at is not None


@pytest.mark.parametrize(
    ("reply", "status", "marked"),
    [
        ("550 5.1.1 user unknown", DeliveryStatus.dead, True),
        ("550 no such user", DeliveryStatus.dead, True),
        ("552 5.2.2 over quota", DeliveryStatus.scheduled, False),
        ("450 4.2.1 too quickly", DeliveryStatus.scheduled, False),
        ("552 5.3.4 message too large", DeliveryStatus.dead, False),
        ("550 mailbox unavailable", DeliveryStatus.dead, False),
        (QUOTA, DeliveryStatus.scheduled, False),
        ("550 5.7.1 blocked", DeliveryStatus.scheduled, False),
    ],
)
def test_only_the_recipients_own_fault_marks_the_address(
    context: Context, mailbox: Mailbox, reply: str, status: DeliveryStatus, marked: bool
) -> None:
    first, other = asked(context), asked(context, "other")
    mailbox.refuse_to = {"zoe@example.org": reply}
    work.work_once(context, LATER)
    assert (now_of(context, first).status, bounced(context, first)) == (status, marked)
    assert not bounced(context, other)
    assert "zoe" not in now_of(context, first).detail


def test_a_quota_of_ours_kills_no_message_and_lasts_no_longer_than_it_does(
    context: Context, mailbox: Mailbox
) -> None:
    every = [asked(context, f"n{number}") for number in range(12)]
    mailbox.refuse = QUOTA
    for minutes in range(0, 26 * 60, 10):
        work.work_once(context, LATER + minutes * MINUTE)
    waits = [now_of(context, each) for each in every]
    assert {(each.status, each.reason) for each in waits} == {(DeliveryStatus.scheduled, "mail_waits")}
    assert "care@" not in waits[0].detail
    with context.db.read() as tx:
        pause = pauses.get(tx, Channel.email)
    assert pause is not None
    assert pause.times > 40
    mailbox.refuse = ""
    work.work_once(context, LATER + DAY + 3 * timedelta(hours=1))
    assert sorted(to[0] for to in mailbox.recipients) == sorted(
        f"n{number}@example.org" for number in range(12)
    )
    with context.db.read() as tx:
        assert pauses.get(tx, Channel.email) is None


def test_a_pause_asks_the_server_once_and_not_for_every_message(context: Context, mailbox: Mailbox) -> None:
    for number in range(8):
        asked(context, f"n{number}")
    tried: list[int] = []
    mailbox.refuse = QUOTA
    mailbox.on_data = lambda: tried.append(1)
    work.work_once(context, LATER)
    assert len(tried) == outbox.AT_ONCE, "they had left together"
    work.work_once(context, LATER + timedelta(seconds=4))
    assert len(tried) == outbox.AT_ONCE
    work.work_once(context, LATER + timedelta(seconds=5))
    assert len(tried) == outbox.AT_ONCE + 1


def test_one_message_that_alone_is_refused_as_ours_holds_up_nobody_for_long_and_ends(
    context: Context, mailbox: Mailbox
) -> None:
    odd = asked(context)
    mailbox.refuse_to = {"zoe@example.org": "550 5.7.1 blocked"}
    for number in range(2 * retry.MOST):
        at = LATER + number * MINUTE
        other = asked(context, f"n{number}")
        with context.db.begin() as tx:
            deliveries.reschedule(tx, other.id, at)
        work.work_once(context, at)
        work.work_once(context, at + timedelta(seconds=6))
        assert now_of(context, other).status is DeliveryStatus.sent
    assert now_of(context, odd).status is DeliveryStatus.dead
    assert not bounced(context, odd)


def test_a_mail_server_that_is_away_for_days_loses_nothing(context: Context, mailbox: Mailbox) -> None:
    one = asked(context)
    away = replace(context, senders={Channel.email: Smtp("127.0.0.1", free_port(), "none")})
    for hours in range(0, 50, 2):
        work.work_once(away, LATER + timedelta(hours=hours))
    assert now_of(context, one).status is DeliveryStatus.scheduled
    work.work_once(context, LATER + timedelta(hours=52))
    assert mailbox.kinds() == ["intake"]


def test_a_clock_that_was_set_back_ends_a_pause(context: Context, mailbox: Mailbox) -> None:
    asked(context)
    with context.db.begin() as tx:
        pauses.begin(tx, Channel.email, "?", LATER)
        pauses.until(tx, Channel.email, LATER + 300 * DAY)
    work.work_once(context, LATER)
    assert mailbox.kinds() == ["intake"]


def test_an_address_that_came_back_gets_nothing_more_until_a_person_says_so(
    context: Context, mailbox: Mailbox
) -> None:
    one = asked(context)
    mailbox.refuse_to = {"zoe@example.org": "550 5.1.1 user unknown"}
    work.work_once(context, LATER)
    mailbox.refuse_to = {}
    later = now_of(context, one)
    assert later.reason == "address_refused"
    work.work_once(context, LATER + 5 * DAY)
    assert mailbox.kinds() == [], "the reminder waits too"
    with context.db.begin() as tx:
        by_hand.send_now(tx, one.id, "Mara Field", LATER + 5 * DAY)
    assert not bounced(context, one)
    work.work_once(context, LATER + 5 * DAY)
    assert mailbox.kinds() == ["intake"]


def test_no_more_mails_a_minute_than_the_clinic_allows(context: Context, mailbox: Mailbox) -> None:
    clock = [1000.0]
    sender = Smtp("127.0.0.1", mailbox.port, "none", per_minute=3, pool=Pool(lambda: clock[0]))
    clinic = replace(context, senders={Channel.email: sender})
    every = [asked(clinic, f"n{number}") for number in range(7)]
    work.work_once(clinic, LATER)
    assert len(mailbox.mails) == 3
    assert {now_of(clinic, each).reason for each in every} == {"", "paced"}
    assert {now_of(clinic, each).attempts for each in every if now_of(clinic, each).reason == "paced"} == {0}
    for minutes in (1, 2, 3):
        clock[0] += 60
        work.work_once(clinic, LATER + minutes * MINUTE)
    assert len(mailbox.mails) == 7


def test_an_alert_is_tried_every_minute_also_while_everything_else_waits(
    context: Context, mailbox: Mailbox
) -> None:
    one = asked(context)
    mailbox.refuse = QUOTA
    for minutes in range(0, 180, 5):
        work.work_once(context, LATER + minutes * MINUTE)
    at = LATER + 180 * MINUTE
    with context.db.begin() as tx:
        alerts.at_once(tx, one.booking_id, "d3-worse", at)
    work.work_once(context, at)
    mailbox.refuse = ""
    work.work_once(context, at + MINUTE)
    assert mailbox.alerted() == [context.clinic.alert_email]
    work.work_once(context, at + 31 * MINUTE)
    assert mailbox.kinds().count("intake") == 1
    assert mailbox.kinds().count("alert") == 1


def test_what_failed_for_good_is_sent_when_a_person_says_so(context: Context, mailbox: Mailbox) -> None:
    one = asked(context)
    mailbox.refuse = "451 not now"
    for hours in range(40):
        work.work_once(context, LATER + timedelta(hours=hours))
        work.work_once(context, LATER + timedelta(hours=hours, minutes=31))
    assert now_of(context, one).status is DeliveryStatus.dead
    assert now_of(context, one).attempts == retry.MOST
    mailbox.refuse = ""
    with context.db.begin() as tx:
        by_hand.send_now(tx, one.id, "Mara Field", LATER + 2 * DAY)
    work.work_once(context, LATER + 2 * DAY)
    assert now_of(context, one).status is DeliveryStatus.sent
