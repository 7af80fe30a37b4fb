"""What a client may ask for: everything that is kept, and that it is erased (each with a receipt)."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.clients import lineage
from handlers.context import Context
from schemas.booking import Person
from schemas.webhook import Notice
from store import audit, clients, receipts
from store import erase as erasing
from store.base import Tx


@dataclass(frozen=True, slots=True)
class Erasure:
    """The receipt of an erasure: a number, how much of each kind went, and no name."""

    id: str
    at: datetime
    counts: dict[str, int]


class StillThere(Exception):
    """Something of an erased client is still in the database; the text says what to do."""


def export(context: Context, client_id: int, by: str, now: datetime) -> dict[str, Any] | None:
    """Everything about a client as plain JSON values, table by table; None for nobody.

    Booking answers (in `records`) and intake answers (in `intakes`) stand side by side, never merged.
    """
    lineage.trace_old(context)
    with context.db.begin() as tx:
        if clients.find(tx, client_id) is None:
            return None
        family = clients.family(tx, client_id)
        rows = erasing.rows_of(tx, family)
        rows["records"] = [each for each in rows["records"] if _is_theirs(tx, context, family, each)]
        webhooks = [
            {"receipt": each.id, "body": each.inbound.body.decode(errors="replace")}
            for each in receipts.of_clients(tx, family)
        ]
        audit.add(tx, by, "export", f"client:{client_id}", now)
    receipt = {"id": secrets.token_hex(8), "at": now.isoformat(), "by": by, "client": client_id}
    counts = {name: len(each) for name, each in rows.items()} | {"webhooks": len(webhooks)}
    return {"receipt": receipt | {"counts": counts}, **rows, "webhooks": webhooks}


def _is_theirs(tx: Tx, context: Context, family: Sequence[int], record: Mapping[str, Any]) -> bool:
    """False for a record of their visit from the time when another person was to come to it."""
    said = (record["state"] or {}).get("client") if isinstance(record["state"], dict) else None
    return said is None or lineage.describes(tx, context, family, Person(**said))


def erase(context: Context, client_id: int, by: str, now: datetime) -> Erasure | None:
    """Delete everything about a client, everywhere; None for nobody. What is told again is not kept.

    Raises `StillThere` when a look into the database finds the name, the address or the number afterwards.
    """
    lineage.trace_old(context)
    with context.db.begin() as tx:
        found = clients.find(tx, client_id)
        if found is None:
            return None
        family = clients.family(tx, client_id)
        needles = erasing.needles(tx, family)
        ids = [each.id for each in receipts.of_clients(tx, family)]
        erasing.forget_bodies(tx, ids)
        lineage.blank(tx, context, family)
        records = erasing.external_ids(tx, erasing.booking_ids(tx, family))
        hashes = [record_hash(context, *record) for record in records]
        counts = erasing.erase_rows(tx, family, hashes, now) | {"webhooks": len(ids)}
        counts["mentions"] = erasing.scrub(tx, needles)
        receipt = Erasure(secrets.token_hex(8), now, counts)
        audit.add(tx, by, "erase", f"client:{client_id}", now, receipt.id)
    left = erasing.prove(context.db, needles)
    if left:
        raise StillThere(
            f"{left} traces are still in the database: close other programs that read it, then erase again."
        )
    return receipt


def record_hash(context: Context, connection: str, external_id: str, seat: str = "") -> str:
    """A keyed hash of one client's place in one booking; says nothing without the key."""
    text = f"erased:{connection}\0{external_id}\0{seat}"
    return hmac.new(context.link_key, text.encode(), hashlib.sha256).hexdigest()


def forgotten(tx: Tx, context: Context, connection: str, notice: Notice, now: datetime) -> bool:
    """True when a scheduler tells of a booking whose client was erased: it is not taken in again.

    A reschedule under a new identifier is forgotten with the old one.
    """
    old = notice.booking.replaces if notice.booking else ""
    names = [name for name in (notice.external_id, old) if name]
    hashes = [record_hash(context, connection, name, notice.seat) for name in names]
    if not erasing.is_erased(tx, hashes):
        return False
    erasing.never_again(tx, hashes, now)
    return True


def drop_body(tx: Tx, context: Context, receipt_id: int, connection: str, notices: Sequence[Notice]) -> None:
    """Delete a raw webhook that speaks of erased clients alone, as soon as it has been read.

    One about a client and no booking is deleted in any case: what it told was read at the scheduler.
    """
    if not notices:
        return
    if all(each.of_client for each in notices):
        receipts.forget_body(tx, receipt_id)
        return
    hashes = [record_hash(context, connection, each.external_id, each.seat) for each in notices]
    if all(erasing.is_erased(tx, [one]) for one in hashes):
        erasing.forget_bodies(tx, [receipt_id])
