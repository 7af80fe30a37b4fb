"""What a client may ask for: everything that is kept, and that it is erased (each with a receipt)."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from clinical import identity
from handlers.clients import contacts, disclosures, lineage
from handlers.context import Context
from schemas.booking import Person
from schemas.webhook import Notice
from store import attendances, audit, bookings, clients, receipts
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
        given = [
            {"at": each.at.isoformat(), "to": each.to, "what": each.what, "sure": each.sure}
            for each in disclosures.of_client(tx, context, family)
        ]
    receipt = {"id": secrets.token_hex(8), "at": now.isoformat(), "by": by, "client": client_id}
    counts = {name: len(each) for name, each in rows.items()} | {"webhooks": len(webhooks)}
    return {"receipt": receipt | {"counts": counts}, **rows, "webhooks": webhooks, "disclosures": given}


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
        hashes = _tombstones(tx, context, family)
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


def record_hash(
    context: Context, connection: str, external_id: str, seat: str = "", trait: str = "", key: bytes = b""
) -> str:
    """A keyed hash of one client's place in one booking; says nothing without the key.

    With a `trait`: of an address, a number or a word of the name of who was erased there.
    """
    name = connection.partition("/")[0]  # also of what a former scheduler there called so
    text = f"erased:{name}\0{external_id}\0{seat}" + (f"\0{trait}" if trait else "")
    return context.mac(text, key).hex()


NAMED = "traits"  # stands beside the traits of who was erased: an older erasure kept none


def _tombstones(tx: Tx, context: Context, family: Sequence[int]) -> list[str]:
    """What is remembered of a person's bookings, so that they do not come back, and another person can."""
    ids = erasing.booking_ids(tx, family)
    said = [each.said for one in ids for each in attendances.of_booking(tx, one) if each.client_id in family]
    people = [*(clients.person(clients.get(tx, each)) for each in family), *filter(None, said)]
    traits = {trait for each in people for trait in _traits(context, each)}
    return [
        record_hash(context, *record, trait)
        for record in erasing.external_ids(tx, ids)
        for trait in ("", NAMED, *sorted(traits))
    ]


def _traits(context: Context, said: Person) -> set[str]:
    """By what a person is known again: the words of the name, the address, the number."""
    words = {word for word in identity.folded(said.name, context.names) if len(word) > 1}
    return words | set(filter(None, (contacts.address(said.email), re.sub(r"\D", "", said.phone)[-9:])))


def was_erased(
    context: Context,
    known: Callable[[Sequence[str]], bool],
    record: tuple[str, str, str],
    said: Person | None,
) -> bool:
    """True for a place in a booking that was an erased client's, unless certainly another person comes now.

    `known` says whether one of some keyed hashes is remembered; `record` is (connection, identifier, seat).
    """
    if not known([record_hash(context, *record, key=key) for key in context.keys]):
        return False
    return any(_was_erased(key, context, known, record, said) for key in context.keys)


def _was_erased(
    key: bytes,
    context: Context,
    known: Callable[[Sequence[str]], bool],
    record: tuple[str, str, str],
    said: Person | None,
) -> bool:
    """The same for who was erased while `key` was the one that counts."""
    hashed = partial(record_hash, context, *record, key=key)
    if not known([hashed()]):
        return False
    if said is None or not known([hashed(NAMED)]):
        return True
    reached = bool(said.name.strip() and (said.email.strip() or said.phone.strip()))
    return not reached or known([hashed(each) for each in _traits(context, said)])


def _speaks_of_erased(tx: Tx, context: Context, connection: str, notice: Notice) -> bool:
    """True for a notice about a booking of who was erased. A word about nobody is of who comes now."""
    said = notice.booking.client if notice.booking else None
    if said is None and any(
        each.seat == notice.seat and each.booking_id
        for each in bookings.named(tx, connection, notice.external_id)
    ):
        return False
    old = notice.booking.replaces if notice.booking else ""
    places = [(connection, name, notice.seat) for name in (notice.external_id, old) if name]
    return any(was_erased(context, partial(erasing.is_erased, tx), each, said) for each in places)


def forgotten(tx: Tx, context: Context, connection: str, notice: Notice, now: datetime) -> bool:
    """True when a scheduler says something of a booking whose client was erased: it is not taken in again.

    A reschedule under a new identifier is forgotten with the old one.
    """
    if not _speaks_of_erased(tx, context, connection, notice):
        return False
    place = record_hash(context, connection, notice.external_id, notice.seat)
    erasing.never_again(tx, [place], now)
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
    if all(_speaks_of_erased(tx, context, connection, each) for each in notices):
        erasing.forget_bodies(tx, [receipt_id])
