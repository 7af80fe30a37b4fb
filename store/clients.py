"""Clients: who comes. Two people who share an e-mail address are two clients."""

import hashlib
import unicodedata
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas import phone
from schemas.booking import Person
from store import client_words
from store.base import Tx
from store.tables import clients


def identity(person: Person, fallback: str) -> str:
    """A key for one person: e-mail and name, however they are written; `fallback` without an e-mail."""
    name = " ".join(unicodedata.normalize("NFKC", person.name).casefold().split())
    parts = (person.email.strip().casefold(), name) if person.email else ("", f"{fallback}\0{name}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def upsert(tx: Tx, person: Person, fallback: str, country: str, now: datetime) -> int:
    """The client's id; what the scheduler newly says (phone, zone, language) is taken over."""
    key = identity(person, fallback)
    row = tx.first(sa.select(clients).where(clients.c.identity == key))
    told = {"phone": person.phone, "zone": person.zone, "language": person.language}
    if row is None:
        values = {"identity": key, "name": person.name, "email": person.email.strip(), "created_at": now}
        made = int(tx.value(sa.insert(clients).values(**values, **told).returning(clients.c.id)))
        client_words.index(tx, made, person.name, person.email, person.phone, country)
        return made
    fresh = {name: value for name, value in told.items() if value and value != getattr(row, name)}
    if fresh:
        tx.run(sa.update(clients).where(clients.c.id == row.id).values(**fresh))
    if "phone" in fresh:
        client_words.index(tx, row.id, row.name, row.email, person.phone, country)
    return int(row.id)


def learn_phone(tx: Tx, client_id: int, number: str, country: str) -> None:
    """Keep a client's own number, unless one is known."""
    row = get(tx, client_id)
    if not row.phone:
        tx.run(sa.update(clients).where(clients.c.id == client_id).values(phone=number))
        client_words.index(tx, client_id, row.name, row.email, number, country)


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


def stop_texts(tx: Tx, number: str, country: str, now: datetime) -> int:
    """Nobody with this E.164 number gets texts any more; returns how many clients that were."""
    held = clients.c.no_sms_at.is_(None)
    row = sa.update(clients).where(_has(tx, number, country), held).values(no_sms_at=now)
    return len(tx.all(row.returning(clients.c.id)))


def start_texts(tx: Tx, number: str, country: str) -> int:
    """Whoever has this E.164 number gets texts again; returns how many clients that were."""
    stopped = (clients.c.erased_at.is_(None), clients.c.no_sms_at.is_not(None))
    row = sa.update(clients).where(_has(tx, number, country), *stopped).values(no_sms_at=None)
    return len(tx.all(row.returning(clients.c.id)))


def texts_stopped(tx: Tx, number: str, country: str) -> bool:
    """True when somebody with this E.164 number wants no texts: two clients may share a telephone."""
    query = sa.select(clients.c.id).where(_has(tx, number, country), clients.c.no_sms_at.is_not(None))
    return tx.first(query) is not None


def _has(tx: Tx, number: str, country: str) -> sa.ColumnElement[bool]:
    """Who has this E.164 number, however it is written: of those whose number ends alike."""
    alike = client_words.having(number[-client_words.ENDS[-1] :])
    rows = tx.all(sa.select(clients.c.id, clients.c.phone).where(clients.c.id.in_(alike)))
    return clients.c.id.in_([row.id for row in rows if phone.e164(row.phone, country) == number])
