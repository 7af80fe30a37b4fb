"""Clients: who comes. Two people who share an e-mail address are two clients."""

import hashlib
import unicodedata
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.booking import Person
from store import client_words
from store.base import Tx
from store.tables import clients


def identity(person: Person, fallback: str) -> str:
    """A key for one person: e-mail and name, however they are written; `fallback` without an e-mail."""
    name = " ".join(unicodedata.normalize("NFKC", person.name).casefold().split())
    parts = (person.email.strip().casefold(), name) if person.email else ("", f"{fallback}\0{name}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def upsert(tx: Tx, person: Person, fallback: str, now: datetime) -> int:
    """The client's id; what the scheduler newly tells (phone, zone, language) is taken over."""
    key = identity(person, fallback)
    row = tx.first(sa.select(clients).where(clients.c.identity == key))
    told = {"phone": person.phone, "zone": person.zone, "language": person.language}
    if row is None:
        values = {"identity": key, "name": person.name, "email": person.email.strip(), "created_at": now}
        made = int(tx.value(sa.insert(clients).values(**values, **told).returning(clients.c.id)))
        client_words.index(tx, made, person.name, person.email, person.phone)
        return made
    fresh = {name: value for name, value in told.items() if value and value != getattr(row, name)}
    if fresh:
        tx.run(sa.update(clients).where(clients.c.id == row.id).values(**fresh))
    if "phone" in fresh:
        client_words.index(tx, row.id, row.name, row.email, person.phone)
    return int(row.id)


def get(tx: Tx, client_id: int) -> sa.Row[Any]:
    """One client; raises when there is none (ids come from our own rows)."""
    return tx.conn.execute(sa.select(clients).where(clients.c.id == client_id)).one()


def find(tx: Tx, client_id: int) -> sa.Row[Any] | None:
    """One client, or None; for ids that come from outside."""
    return tx.first(sa.select(clients).where(clients.c.id == client_id))


def stop(tx: Tx, client_id: int, channel: str, now: datetime) -> None:
    """The client wants no more messages by this channel (email or sms)."""
    column = clients.c.no_sms_at if channel == "sms" else clients.c.no_email_at
    tx.run(sa.update(clients).where(clients.c.id == client_id, column.is_(None)).values({column: now}))


def stop_texts(tx: Tx, number: str, now: datetime) -> int:
    """Nobody with this E.164 number gets texts any more; returns how many clients that were."""
    held = clients.c.no_sms_at.is_(None)
    row = sa.update(clients).where(_has(number), held).values(no_sms_at=now)
    return len(tx.all(row.returning(clients.c.id))) if number else 0


def start_texts(tx: Tx, number: str) -> int:
    """Whoever has this E.164 number gets texts again; returns how many clients that were."""
    row = sa.update(clients).where(
        _has(number), clients.c.erased_at.is_(None), clients.c.no_sms_at.is_not(None)
    )
    return len(tx.all(row.values(no_sms_at=None).returning(clients.c.id))) if number else 0


def _has(number: str) -> sa.ColumnElement[bool]:
    """Who has this E.164 number, however it is written."""
    digits: sa.ColumnElement[str] = clients.c.phone
    for sign in (" ", "-", "(", ")", ".", "/"):
        digits = sa.func.replace(digits, sign, "")
    return digits.in_((number, f"00{number[1:]}"))
