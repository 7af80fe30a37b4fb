"""After a restore: what may have gone out since the backup is held, and who was erased is erased again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.bookings import inbox
from handlers.clients import privacy
from handlers.context import Context
from schemas.booking import Person
from schemas.delivery import DeliveryStatus
from schemas.reason import Reason
from store import audit, clients, deliveries, staff
from store import erase as erasing
from store.base import Tx


def hold_overdue(context: Context, by: str, now: datetime) -> int:
    """Hold every message to a client that is due by now; returns how many. Only a person lets them out.

    Webhooks that the backup holds unread are read first: what follows from them was sent long ago, too.
    """
    while inbox.work(context, now):
        pass
    with context.db.begin() as tx:
        due = deliveries.due_by(tx, now + context.clinic.policy.settle)
        ids = [each.id for each in due if each.purpose.to_client]
        deliveries.end(tx, ids, DeliveryStatus.held, Reason.held_by_person, now)
        audit.add(tx, by, "restored", "deliveries", now, str(len(ids)))
    return len(ids)


AUDIT = "audit"  # how a line about the log begins: "audit", entries, hash


@dataclass(frozen=True, slots=True)
class Journal:
    """What is kept apart from the backup: hashes of who was erased, heads of the log by number of entries."""

    erased: tuple[str, ...]
    heads: Mapping[int, str]


def journal(context: Context) -> list[str]:
    """The keyed hashes of erased bookings, which name nobody, and the head of the log."""
    with context.db.read() as tx:
        entries, value = audit.head(tx)
        return [*erasing.every_hash(tx), f"{AUDIT} {entries} {value}"]


def read_journal(text: str) -> Journal:
    """What `journal` gave, once or several times."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    heads = {int(line[1]): line[2] for line in lines if line[0] == AUDIT and line[1] != "0"}
    return Journal(tuple(each for line in lines if line[0] != AUDIT for each in line), heads)


def end_sessions(context: Context, by: str, now: datetime) -> int:
    """End every session of staff; returns how many. A backup brings back those that had ended since."""
    with context.db.begin() as tx:
        count = staff.end_every_session(tx, now)
        audit.add(tx, by, "end_every_session", "staff", now, str(count))
    return count


def erase_again(context: Context, hashes: Collection[str], by: str, now: datetime) -> int:
    """Erase the clients that the journal speaks of; returns how many there were."""
    known = frozenset(hashes)
    with context.db.begin() as tx:
        erasing.never_again(tx, sorted(known), now)
        found = {
            client_id
            for client_id, connection, name, seat in erasing.every_record(tx)
            if privacy.was_erased(
                context,
                lambda hashes: not known.isdisjoint(hashes),
                (connection, name, seat),
                _person(tx, client_id),
            )
        }
    for client_id in sorted(found):
        privacy.erase(context, client_id, by, now)
    return len(found)


def _person(tx: Tx, client_id: int) -> Person:
    return clients.person(clients.get(tx, client_id))
