"""Clients to whom every kind of message is due, and whether each of them got it once."""

import os
import resource
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import settings as profile

from handlers.context import Context
from handlers.worker import work
from schemas.delivery import Delivery, DeliveryStatus, Purpose
from store import bookings, deliveries
from tests.helpers.answers import fill_in
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import receive, webhook

NIGHTLY = profile().max_examples > 1000
ROUNDS = int(os.environ.get("ROUNDS") or (20 if NIGHTLY else 3))
KINDS = (Purpose.intake_reminder, Purpose.plan, Purpose.checkin)
ANY_HOUR = {"QUIET_FROM": "00:00", "QUIET_UNTIL": "00:00"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STARTS = {Purpose.intake_reminder: 30 * HOUR, Purpose.plan: -2 * HOUR, Purpose.checkin: -26 * HOUR}
"""When the visit begins, seen from now."""

Message = tuple[str, str]  # whose address, which kind


@dataclass(frozen=True, slots=True)
class Due:
    """What is due, and to whom."""

    messages: frozenset[Message]
    ids: tuple[int, ...]


def make_due(context: Context, mailbox: Mailbox, now: datetime, each: int, kinds: tuple[Purpose, ...]) -> Due:
    """So many clients for each kind, to whom it is due now; the mailbox is empty again."""
    whose = {f"{kind.value}{number}": kind for kind in kinds for number in range(each)}
    booked = now - 10 * DAY
    for uid, kind in whose.items():
        start, address = now + STARTS[kind], f"{uid}@example.org"
        receive(context, webhook("created", booked, uid=uid, name=uid, email=address, start=start))
    work.work_once(context, booked)
    work.work_once(context, booked + HOUR)
    for uid, kind in whose.items():
        if kind is not Purpose.intake_reminder:
            with context.db.read() as tx:
                (booking,) = bookings.listing(tx, email=f"{uid}@example.org")
            fill_in(context, booking, booked + 2 * HOUR)
    work.work_once(context, now - DAY)
    ids = tuple(_due_now(context, uid, kind, now) for uid, kind in whose.items())
    for kept in (mailbox.mails, mailbox.recipients, mailbox.senders):
        kept.clear()
    return Due(frozenset((f"{uid}@example.org", kind.value) for uid, kind in whose.items()), ids)


def _due_now(context: Context, uid: str, kind: Purpose, now: datetime) -> int:
    with context.db.begin() as tx:
        (booking,) = bookings.listing(tx, email=f"{uid}@example.org")
        waits = [
            each
            for each in deliveries.of_booking(tx, booking.id)
            if each.purpose is kind and each.status is DeliveryStatus.scheduled
        ]
        deliveries.reschedule(tx, waits[0].id, now)
    return waits[0].id


def standing(context: Context, due: Due) -> list[Delivery]:
    """What became of it."""
    with context.db.read() as tx:
        return [found for each in due.ids if (found := deliveries.get(tx, each))]


def arrived(mailbox: Mailbox) -> dict[Message, list[str]]:
    """The Message-IDs of every message that arrived."""
    found: dict[Message, list[str]] = defaultdict(list)
    for mail, (address,) in zip(mailbox.mails, mailbox.recipients, strict=True):
        found[address, mail["X-Aftercare-Kind"]].append(mail["Message-ID"])
    return found


def check_each_once(context: Context, due: Due, mailbox: Mailbox, doubled: int) -> None:
    """Everything due has arrived; at most so many twice, and then as the same message."""
    found = arrived(mailbox)
    assert due.messages <= set(found)
    assert all(len(set(found[each])) == 1 for each in due.messages)
    assert sum(len(found[each]) - 1 for each in due.messages) <= doubled
    assert {each.status for each in standing(context, due)} == {DeliveryStatus.sent}


def limit_files(pid: int, size: int = resource.RLIM_INFINITY) -> None:
    """No file of a process and its children can grow beyond this size, as on a full disk."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        limit_files(int(child), size)
