"""After a restore: what may have gone out since is held, and what had ended, or was erased, is again."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from handlers.bookings import inbox
from handlers.clients import contacts, privacy
from handlers.context import Context
from handlers.intake import choices
from handlers.staff.accounts import set_active
from handlers.worker import backups, journal
from handlers.worker.journal import Account
from schemas.booking import Person
from schemas.delivery import DeliveryStatus
from schemas.reason import Reason
from schemas.staff import Staff
from store import audit, clients, deliveries, links, staff
from store import contacts as stored_contacts
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
        audit.add(tx, by, journal.DONE, backups.MESSAGES, now, str(len(ids)))
    return len(ids)


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


def end_links(context: Context, ended: Iterable[tuple[str, int, str]], by: str, now: datetime) -> int:
    """End the links that had ended, those too that were made after the backup; returns how many."""
    with context.db.begin() as tx:
        count = sum(links.end_again(tx, value, purpose, about, now) for purpose, about, value in ended)
        audit.add(tx, by, "end_links", "links", now, str(count))
    return count


def stop_again(context: Context, stopped: Collection[str], by: str, now: datetime) -> int:
    """Send nothing again where nothing was wanted; returns how many wishes were lost.

    What belongs to an address that the backup does not know waits for it under its hash.
    """
    with context.db.begin() as tx:
        erasing.never_again(tx, sorted(stopped), now)
        count = sum(contacts.stop_known(tx, context, each, now) for each in stored_contacts.every(tx))
        audit.add(tx, by, "stop_again", "contacts", now, str(count))
    return count


def withdraw_again(context: Context, withdrawn: Collection[str], by: str, now: datetime) -> int:
    """Take back the consents that clients had taken back after the backup; returns how many."""
    names, count = choices.labels(context, context.clinic.language), 0
    with context.db.begin() as tx:
        for client_id in clients.kept_at(tx, now) if withdrawn else ():
            lost = [each for each in names if _was_withdrawn(tx, context, withdrawn, client_id, each)]
            count += choices.withdraw_again(tx, context, client_id, lost, now) if lost else 0
        audit.add(tx, by, "withdraw_again", "clients", now, str(count))
    return count


def _was_withdrawn(
    tx: Tx, context: Context, withdrawn: Collection[str], client_id: int, consent: str
) -> bool:
    said = (client_id, clients.get(tx, client_id).created_at, consent)
    return any(journal.withdrawn_hash(context, *said, key) in withdrawn for key in context.keys)


def shut_out(
    context: Context, accounts: Mapping[int, Account], by: str, now: datetime
) -> tuple[int, list[Staff]]:
    """Deactivate who was; returns how many, and whose password, second factor or role is not what it was."""
    shut, changed = 0, []
    with context.db.begin() as tx:
        for who in staff.every(tx):
            was = accounts.get(who.id, Account(who.active, journal.signs_in_with(tx, context, who)))
            if not was.active and who.active:
                set_active(tx, who.id, by, now, active=False)
                shut += 1
            elif was.active and was.signs_in_with != journal.signs_in_with(tx, context, who):
                changed.append(who)
    return shut, changed
