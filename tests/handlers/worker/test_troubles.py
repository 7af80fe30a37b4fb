"""What is wrong is one list: in the console, in the commands, in one mail for each beginning and each end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from handlers.context import Context
from handlers.send import by_hand
from handlers.worker import troubles, watch, work
from schemas.delivery import Channel, DeliveryStatus
from schemas.reason import Reason
from schemas.receipt import ReceiptStatus
from schemas.trouble import Trouble, TroubleKind
from store import contacts, deliveries, receipts
from store.deliveries import Settled
from store.running import pauses, workers
from store.running import troubles as stored
from tests.helpers.clinic import NOW, with_policy
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, schedule_of, webhook

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Make = Callable[[Context], None]


def beat(context: Context, at: timedelta = timedelta()) -> None:
    """A worker gives a sign of life."""
    with context.db.begin() as tx:
        workers.beat(tx, "w", NOW + at)


def wrong(context: Context, now: datetime) -> list[Trouble]:
    with context.db.read() as tx:
        return troubles.current(tx, context, now)


def tell(context: Context, now: datetime) -> None:
    """One look, as a worker (or for want of one, the web process) does it."""
    watch.without_worker(context, now)
    if TroubleKind.worker not in [each.kind for each in wrong(context, now)]:
        watch.look(context, now)
        watch.mail(context, now)


def nothing(context: Context) -> None:
    beat(context)


def dead_message(context: Context) -> None:
    booking = book(context)
    work.work_once(context, NOW)
    asked = schedule_of(context, booking)["intake:0"]
    with context.db.begin() as tx:
        deliveries.settle(tx, [Settled(asked, DeliveryStatus.dead, Reason.failed)], NOW)


def refused_address(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        contacts.bounced(tx, schedule_of(context, booking)["intake:0"].key.recipient, NOW)


def odd_webhook(context: Context) -> None:
    beat(context)
    receive(context, webhook("created", NOW))
    with context.db.begin() as tx:
        (row,) = receipts.recent(tx)
        receipts.settle(tx, row.id, ReceiptStatus.dead, "?", NOW)


def no_worker(context: Context) -> None:
    beat(context, -10 * MINUTE)


def late_work(context: Context) -> None:
    beat(context)
    receive(context, webhook("created", NOW - 11 * MINUTE))


def late_by_the_clock(context: Context) -> None:
    late_work(context)
    with context.db.begin() as tx:
        stored.note(tx, TroubleKind.jumped, "", "", NOW)


def mail_refused(context: Context) -> None:
    beat(context)
    for _ in range(2):
        with context.db.begin() as tx:
            pauses.begin(tx, Channel.email, "The mail server refuses our mail (code 550).", NOW - 5 * MINUTE)


ALL: dict[TroubleKind | None, Make] = {
    None: nothing,
    TroubleKind.message: dead_message,
    TroubleKind.address: refused_address,
    TroubleKind.failed: odd_webhook,
    TroubleKind.worker: no_worker,
    TroubleKind.late: late_work,
    TroubleKind.jumped: late_by_the_clock,
    TroubleKind.mail: mail_refused,
}


@pytest.mark.parametrize(("kind", "make"), ALL.items())
def test_each_trouble_is_found_alone_said_once_and_its_end_is_said_once(
    context: Context, mailbox: Mailbox, kind: TroubleKind | None, make: Make
) -> None:
    make(context)
    found = wrong(context, NOW)
    assert [each.kind for each in found] == ([kind] if kind else [])
    mailbox.mails.clear()
    for seconds in (0, 1, 60):
        tell(context, NOW + timedelta(seconds=seconds))
    assert mailbox.kinds() == (["trouble"] if kind else [])
    if kind:
        assert mailbox.recipients[-1] == [context.clinic.alert_email]
    mend(context)
    for minutes in (1, 2, 600):
        beat(context, minutes * MINUTE)
        tell(context, NOW + minutes * MINUTE)
    assert mailbox.kinds() == (["trouble", "trouble_over"] if kind else [])
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == len(mailbox.mails)
    for mail in mailbox.mails:
        body = mail.get_body(("plain",))
        assert body is not None
        assert "zoe" not in body.get_content().casefold()


def mend(context: Context) -> None:
    """Whatever it was, somebody has put it right."""
    with context.db.begin() as tx:
        pauses.end(tx, Channel.email)
        stored.end(tx, TroubleKind.jumped, "")
        for each in deliveries.due_by(tx, NOW + 900 * DAY):
            deliveries.end(tx, [each.id], DeliveryStatus.withdrawn, Reason.withdrawn_by_person, NOW)
        for point in (contacts.get(tx, number) for number in range(9)):
            if point:
                contacts.bounced(tx, point.id, None)
        for row in receipts.recent(tx):
            receipts.settle(tx, row.id, ReceiptStatus.ignored, "", NOW)
        for number in range(1, 9):
            failed = deliveries.get(tx, number)
            if failed and failed.status is DeliveryStatus.dead:
                by_hand.withdraw(tx, failed.id, "Mara Field", NOW)


def test_what_has_grown_is_said_again_but_once_a_day(context: Context, mailbox: Mailbox) -> None:
    dead_message(context)
    mailbox.mails.clear()
    tell(context, NOW)
    for hours in (1, 2, 23, 25):
        more = book(context, NOW + timedelta(hours=hours), uid=f"n{hours}", email=f"n{hours}@example.org")
        asked = schedule_of(context, more)["intake:0"]
        with context.db.begin() as tx:
            deliveries.reschedule(tx, asked.id, NOW + timedelta(hours=hours))
        fresh = schedule_of(context, more)["intake:0"]
        with context.db.begin() as tx:
            deliveries.settle(tx, [Settled(fresh, DeliveryStatus.dead)], NOW + timedelta(hours=hours))
        beat(context, timedelta(hours=hours))
        tell(context, NOW + timedelta(hours=hours))
        assert mailbox.kinds().count("trouble") == (2 if hours == 25 else 1), hours
    beat(context, 26 * HOUR)
    tell(context, NOW + 26 * HOUR)
    assert mailbox.kinds().count("trouble") == 2


def test_what_no_person_can_mend_any_more_is_no_trouble(context: Context) -> None:
    dead_message(context)
    beat(context, 31 * DAY)
    with context.db.begin() as tx:
        for each in deliveries.due_by(tx, NOW + 900 * DAY):
            deliveries.end(tx, [each.id], DeliveryStatus.withdrawn, Reason.withdrawn_by_person, NOW)
    assert wrong(with_policy(context, body_days=30), NOW + 31 * DAY) == []


def test_a_trouble_that_nobody_could_be_told_of_is_told_at_the_next_look(
    context: Context, mailbox: Mailbox
) -> None:
    refused_address(context)
    mailbox.mails.clear()
    mailbox.refuse = "451 later"
    tell(context, NOW)
    mailbox.refuse = ""
    tell(context, NOW + MINUTE)
    tell(context, NOW + 2 * MINUTE)
    assert mailbox.kinds() == ["trouble"]
