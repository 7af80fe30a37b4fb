"""After a restore: what may have gone out since the backup is held, and who was erased is erased again."""

from collections.abc import Collection
from datetime import datetime

from handlers import inbox, privacy
from handlers.house import House
from handlers.schedule import BY_PERSON
from schemas.delivery import DeliveryStatus, Purpose
from store import audit, deliveries
from store import erase as erasing

TOLD = (Purpose.intake, Purpose.intake_reminder, Purpose.plan, Purpose.checkin)


def hold_overdue(house: House, by: str, now: datetime) -> int:
    """Hold every message to a client that is due by now; returns how many. Only a person lets them out.

    Webhooks that the backup holds unread are read first: what they owe was sent long ago, too.
    """
    while inbox.work(house, now):
        pass
    with house.db.begin() as tx:
        owed = deliveries.due_by(tx, now + house.clinic.policy.settle)
        ids = [each.id for each in owed if each.purpose in TOLD]
        deliveries.end(tx, ids, DeliveryStatus.held, BY_PERSON, now)
        audit.add(tx, by, "restored", "deliveries", now, str(len(ids)))
    return len(ids)


def journal(house: House) -> list[str]:
    """The keyed hashes of erased bookings: they name nobody, and are kept apart from the backup."""
    with house.db.read() as tx:
        return erasing.every_hash(tx)


def erase_again(house: House, hashes: Collection[str], by: str, now: datetime) -> int:
    """Erase the clients that the journal speaks of; returns how many there were."""
    known = frozenset(hashes)
    with house.db.begin() as tx:
        erasing.never_again(tx, sorted(known), now)
        found = {
            client_id
            for client_id, *record in erasing.every_record(tx)
            if privacy.record_hash(house, *record) in known
        }
    for client_id in sorted(found):
        privacy.erase(house, client_id, by, now)
    return len(found)
