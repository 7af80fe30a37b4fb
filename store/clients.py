"""Clients: a person each. Two people who share an e-mail address are two clients."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoResultFound

from schemas.booking import Person
from store import client_words
from store.base import Tx, once, remember
from store.tables import clients

SAID = ("name", "email", "phone", "zone", "language")
_ONE = sa.select(clients).where(clients.c.id == sa.bindparam("client_id"))
_JOINED = sa.select(clients.c.id).where(clients.c.joined_into == sa.bindparam("client_id"))
_SOME = sa.select(clients).where(clients.c.id.in_(sa.bindparam("client_ids", expanding=True)))
_JOINED_INTO = sa.select(clients.c.id, clients.c.joined_into).where(
    clients.c.joined_into.in_(sa.bindparam("client_ids", expanding=True))
)
_REACHED_AT = (
    sa.select(clients)
    .where(
        sa.or_(
            sa.func.lower(clients.c.email).in_(sa.bindparam("emails", expanding=True)),
            clients.c.phone.in_(sa.bindparam("phones", expanding=True)),
        )
    )
    .where(clients.c.erased_at.is_(None))
    .order_by(clients.c.id)
)


def make(tx: Tx, person: Person, country: str, now: datetime) -> int:
    """A new client; returns the id."""
    values = {name: getattr(person, name).strip() for name in SAID}
    row = tx.insert_row(clients, **values, created_at=now)
    remember(tx, find, row, row.id)
    remember(tx, family, [row.id], row.id)
    client_words.index(tx, row.id, person.name, person.email, person.phone, country)
    return int(row.id)


def describe(tx: Tx, client_id: int, person: Person, country: str) -> None:
    """What is known of a client now; what is empty in `person` stays as it was."""
    row = get(tx, client_id)
    fresh = {name: getattr(person, name).strip() for name in SAID if getattr(person, name).strip()}
    fresh = {name: value for name, value in fresh.items() if value != getattr(row, name)}
    if fresh:
        tx.change(clients, client_id, **fresh)
    if {"name", "email", "phone"} & set(fresh):
        now = get(tx, client_id)
        client_words.index(tx, client_id, now.name, now.email, now.phone, country, was=row)


def get(tx: Tx, client_id: int) -> sa.Row[Any]:
    """One client; raises when there is none (ids come from our own rows)."""
    row = find(tx, client_id)
    if row is None:
        raise NoResultFound(f"There is no client {client_id}.")
    return row


@once(clients)
def find(tx: Tx, client_id: int) -> sa.Row[Any] | None:
    """One client, or None; for ids that come from outside."""
    return tx.first(_ONE, client_id=client_id)


def person(row: sa.Row[Any]) -> Person:
    """A client as the value that is compared."""
    return Person(**{name: getattr(row, name) for name in SAID})


def reached_at(tx: Tx, emails: Sequence[str], phones: Sequence[str]) -> list[sa.Row[Any]]:
    """The clients with one of these addresses (in small letters) or numbers, oldest first."""
    return list(tx.all(_REACHED_AT, emails=emails, phones=phones))


@once(clients)
def family(tx: Tx, client_id: int) -> list[int]:
    """The ids under which one person's rows stand: this client, and those joined with them."""
    first = root(tx, client_id)
    joined = tx.all(_JOINED, client_id=first)
    return [first, *(row.id for row in joined)]


def read_ahead(tx: Tx, client_ids: Sequence[int]) -> dict[int, list[int]]:
    """So that `get` knows these clients, and `family` who is the same person; returns the families."""
    rows = tx.all(_SOME, client_ids=client_ids)
    roots = {row.id: int(row.joined_into or row.id) for row in rows}
    joined = defaultdict[int, list[int]](list)
    for other in tx.all(_JOINED_INTO, client_ids=sorted({*roots.values()})):
        joined[other.joined_into].append(other.id)
    families = {client_id: [first, *joined[first]] for client_id, first in roots.items()}
    for row in rows:
        remember(tx, find, row, row.id)
        remember(tx, family, families[row.id], row.id)
    return families


def root(tx: Tx, client_id: int) -> int:
    """The client whom others were joined into, or the client."""
    row = get(tx, client_id)
    return int(row.joined_into or row.id)


def join(tx: Tx, one: int, other: int) -> None:
    """Two clients are one person: the other is read as the one from now on; no row changes its owner."""
    into, others = root(tx, one), family(tx, other)
    which = (clients.c.id.in_([each for each in others if each != into]),)
    tx.run(sa.update(clients).where(*which).values(joined_into=into))


def part(tx: Tx, client_id: int) -> None:
    """A client who was joined is a person of their own again."""
    tx.change(clients, client_id, joined_into=None)


def kept_at(tx: Tx, at: datetime) -> list[int]:
    """The clients whose data were there at a time, by number."""
    there = (clients.c.created_at <= at, sa.or_(clients.c.erased_at.is_(None), clients.c.erased_at > at))
    return [row.id for row in tx.all(sa.select(clients.c.id).where(*there).order_by(clients.c.id))]
