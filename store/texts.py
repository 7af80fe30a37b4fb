"""Texts that came in and say neither STOP nor START: kept, sealed, until somebody has read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.message import Received
from schemas.person import ContactKind
from store import sealing
from store.base import Tx
from store.tables import attendances, clients, contact_points, deliveries, links, opt_outs, texts

MOST = 100


def add(tx: Tx, vendor_id: str, contact_id: int, words: str, now: datetime) -> int | None:
    """Keep a text; its id, or None where it is known already."""
    tx.lock(f"text-{vendor_id}")
    if tx.first(sa.select(texts.c.id).where(texts.c.vendor_id == vendor_id)) is not None:
        return None
    row = {"vendor_id": vendor_id, "contact_id": contact_id, "received_at": now}
    return sealing.add(tx, texts, row, sealed_words=words)


def unseen(tx: Tx) -> list[Received]:
    """Those that nobody has read, oldest first. One that does not open is there without its words."""
    return _found(tx, texts.c.seen_at.is_(None))


def named(tx: Tx, ids: Sequence[int]) -> list[Received]:
    """These, oldest first."""
    return _found(tx, texts.c.id.in_(ids))


def _found(tx: Tx, which: sa.ColumnElement[bool]) -> list[Received]:
    query = sa.select(texts, contact_points.c.value).join(contact_points).where(which)
    rows = tx.all(query.order_by(texts.c.received_at, texts.c.id).limit(MOST))
    said = {row.id: words for row, words in sealing.that_open(tx, texts.c.sealed_words, rows)}
    return [
        Received(row.id, row.contact_id, row.value, row.received_at, said.get(row.id, "")) for row in rows
    ]


def senders(tx: Tx, contact_id: int) -> list[int]:
    """The clients who are reached at a contact point, or have its number: who may have written from there."""
    reached = sa.select(attendances.c.client_id).where(
        attendances.c.phone_id == contact_id, attendances.c.ended_at.is_(None)
    )
    same = sa.and_(contact_points.c.value == clients.c.phone, contact_points.c.kind == ContactKind.sms)
    named = sa.select(clients.c.id).join(contact_points, same)
    named = named.where(contact_points.c.id == contact_id, clients.c.erased_at.is_(None))
    return sorted(row[0] for row in tx.all(sa.union(reached, named)))


def count_unseen(tx: Tx) -> int:
    """How many nobody has read."""
    query = sa.select(sa.func.count()).select_from(texts).where(texts.c.seen_at.is_(None))
    return int(tx.value(query) or 0)


def seen(tx: Tx, text_id: int, now: datetime) -> bool:
    """Somebody has read it; False where it is not there, or was read before."""
    row = sa.update(texts).where(texts.c.id == text_id, texts.c.seen_at.is_(None))
    return tx.first(row.values(seen_at=now).returning(texts.c.id)) is not None


def claim_mail(tx: Tx, now: datetime) -> list[int]:
    """Those of which the clinic got no mail yet: whoever claims them sends it, and nobody else."""
    new = (texts.c.mailed_at.is_(None), texts.c.seen_at.is_(None))
    return sorted(
        row.id for row in tx.all(sa.update(texts).where(*new).values(mailed_at=now).returning(texts.c.id))
    )


def not_mailed(tx: Tx, ids: Sequence[int]) -> None:
    """The mail did not leave."""
    tx.run(sa.update(texts).where(texts.c.id.in_(ids)).values(mailed_at=None))


def forget(tx: Tx, before: datetime) -> int:
    """Delete what came before this time and was read, and numbers of which nothing else is kept."""
    old = (texts.c.received_at < before, texts.c.seen_at.is_not(None))
    gone = tx.all(sa.delete(texts).where(*old).returning(texts.c.contact_id))
    _forget_numbers(tx, {row.contact_id for row in gone})
    return len(gone)


def forget_from(tx: Tx, contact_ids: Sequence[int]) -> int:
    """Delete every text from these contact points."""
    gone = sa.delete(texts).where(texts.c.contact_id.in_(contact_ids)).returning(texts.c.id)
    return len(tx.all(gone))


def _forget_numbers(tx: Tx, ids: set[int]) -> None:
    places: list[sa.Column[Any]] = [attendances.c.phone_id, attendances.c.email_id, opt_outs.c.contact_id]
    places += [deliveries.c.contact_id, links.c.contact_id, texts.c.contact_id]
    named = [sa.exists().where(each == contact_points.c.id) for each in places]
    sms = contact_points.c.kind == ContactKind.sms
    tx.run(sa.delete(contact_points).where(contact_points.c.id.in_(ids), sms, *(~each for each in named)))
