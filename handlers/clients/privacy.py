"""What a client may ask for: everything that is kept, and that it is erased (each with a receipt)."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.context import Context
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


def export(context: Context, client_id: int, by: str, now: datetime) -> dict[str, Any] | None:
    """Everything about a client as plain JSON values, table by table; None for nobody.

    Booking answers (in `records`) and intake answers (in `intakes`) stand side by side, never merged.
    """
    with context.db.begin() as tx:
        found = clients.find(tx, client_id)
        if found is None:
            return None
        rows = erasing.rows_of(tx, client_id)
        webhooks = [
            {"receipt": receipt_id, "body": body.decode(errors="replace")}
            for receipt_id, body in _bodies(tx, client_id, found)
            if body is not None
        ]
        audit.add(tx, by, "export", f"client:{client_id}", now)
    receipt = {"id": secrets.token_hex(8), "at": now.isoformat(), "by": by, "client": client_id}
    counts = {name: len(each) for name, each in rows.items()} | {"webhooks": len(webhooks)}
    return {"receipt": receipt | {"counts": counts}, **rows, "webhooks": webhooks}


def _bodies(tx: Tx, client_id: int, found: Any) -> Iterable[tuple[int, bytes | None]]:
    """Raw webhooks that speak of this client, or that no key opens: those may speak of anybody."""
    records = erasing.external_ids(tx, erasing.booking_ids(tx, client_id))
    needles = [identifier.encode() for _connection, identifier, _seat in records if len(identifier) > 3]
    needles += _address(found.email)
    connections = sorted({connection for connection, _identifier, _seat in records})
    after = 0
    while needles and (some := erasing.bodies(tx, connections, after)):
        for receipt_id, body in some:
            if body is None or any(needle in body for needle in needles):
                yield receipt_id, body
        after = some[-1][0]


def _address(email: str) -> list[bytes]:
    """An address as it may stand in a body: as it is, as JSON writes it, as a web form writes it."""
    if not email:
        return []
    in_json = json.dumps(email)[1:-1]
    return [email.encode(), in_json.encode(), email.replace("@", "%40").encode()]


def erase(context: Context, client_id: int, by: str, now: datetime) -> Erasure | None:
    """Delete everything about a client, everywhere; None for nobody. What is told again is not kept."""
    with context.db.begin() as tx:
        found = clients.find(tx, client_id)
        if found is None:
            return None
        speaking = [receipt_id for receipt_id, _body in _bodies(tx, client_id, found)]
        erasing.forget_bodies(tx, speaking)
        records = erasing.external_ids(tx, erasing.booking_ids(tx, client_id))
        hashes = [record_hash(context, *record) for record in records]
        tombstone = secrets.token_hex(32)
        counts = erasing.erase_rows(tx, client_id, hashes, tombstone, now) | {"webhooks": len(speaking)}
        receipt = Erasure(secrets.token_hex(8), now, counts)
        audit.add(tx, by, "erase", f"client:{client_id}", now, receipt.id)
    erasing.sweep(context.db)
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


def drop_body(context: Context, receipt_id: int, connection: str, notices: Sequence[Notice]) -> None:
    """Delete a raw webhook that speaks of erased clients alone, as soon as it has been read.

    One about a client and no booking is deleted in any case: what it told was read at the scheduler.
    """
    if not notices:
        return
    if all(each.of_client for each in notices):
        with context.db.begin() as tx:
            receipts.forget_body(tx, receipt_id)
        return
    hashes = [record_hash(context, connection, each.external_id, each.seat) for each in notices]
    with context.db.read() as tx:
        if not all(erasing.is_erased(tx, [one]) for one in hashes):
            return
    with context.db.begin() as tx:
        erasing.forget_bodies(tx, [receipt_id])
