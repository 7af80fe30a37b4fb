"""Personal links: a hash of the token, what it opens, until when."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx, once, remember
from store.tables import links

_KNOWN = sa.select(links.c.token_hash).where(
    links.c.token_hash.in_(sa.bindparam("token_hashes", expanding=True))
)
_NEW = sa.insert(links)
_LASTS = sa.update(links).where(links.c.token_hash == sa.bindparam("of_hash"))
_SOME_ENDED = (
    sa.select(links.c.purpose, links.c.subject, sa.func.count().label("times"))
    .where(links.c.purpose.in_(sa.bindparam("purposes", expanding=True)))
    .where(links.c.subject.in_(sa.bindparam("subjects", expanding=True)), links.c.revoked_at.is_not(None))
    .group_by(links.c.purpose, links.c.subject)
)
_ENDED = (
    sa.select(sa.func.count())
    .select_from(links)
    .where(links.c.purpose == sa.bindparam("purpose"), links.c.subject == sa.bindparam("subject"))
    .where(links.c.revoked_at.is_not(None))
)


def ensure(
    tx: Tx,
    token_hash: str,
    purpose: str,
    subject: int,
    now: datetime,
    expires_at: datetime,
    *,
    client_id: int | None = None,
    contact_id: int | None = None,
) -> None:
    """Make the link known, or move its end; a revoked link stays revoked.

    That is done at the end of the transaction, for all links together.
    """
    row = {"token_hash": token_hash, "keyed": True, "purpose": purpose, "subject": subject}
    row |= {"client_id": client_id, "contact_id": contact_id, "created_at": now, "expires_at": expires_at}
    tx.later.append(_Link(row))


@dataclass(frozen=True, slots=True)
class _Link:
    """A link that the transaction makes known at its end, with all others."""

    row: dict[str, Any]

    def __call__(self, tx: Tx) -> None:
        """Make known this one and the others."""
        others = [each for each in tx.later if isinstance(each, _Link)]
        tx.later[:] = [each for each in tx.later if not isinstance(each, _Link)]
        rows = {each.row["token_hash"]: each.row for each in (self, *others)}
        known = {row.token_hash for row in tx.all(_KNOWN, token_hashes=sorted(rows))}
        if new := [row for name, row in rows.items() if name not in known]:
            tx.run(_NEW, new)
        if known:
            tx.run(_LASTS, [{"of_hash": each, "expires_at": rows[each]["expires_at"]} for each in known])


def find(tx: Tx, token_hash: str, purpose: str) -> sa.Row[Any] | None:
    """The link with this hash and purpose, whether it still opens anything or not."""
    tx.finish()
    return tx.first(sa.select(links).where(links.c.token_hash == token_hash, links.c.purpose == purpose))


def read_ahead(tx: Tx, purposes: Sequence[str], subjects: Sequence[int]) -> None:
    """So that `ended` knows these kinds of links to these subjects."""
    asked = {"purposes": purposes, "subjects": subjects}
    found = {(row.purpose, row.subject): row.times for row in tx.all(_SOME_ENDED, **asked)}
    for key in itertools.product(purposes, subjects):
        remember(tx, ended, found.get(key, 0), *key)


@once(links)
def ended(tx: Tx, purpose: str, subject: int) -> int:
    """How many links of a kind to a subject have been revoked."""
    return int(tx.value(_ENDED, purpose=purpose, subject=subject) or 0)


def revoke(tx: Tx, purposes: Sequence[str], subject: int, now: datetime) -> int:
    """End every link of these kinds to a subject; returns how many."""
    tx.finish()
    open_links = (links.c.purpose.in_(purposes), links.c.subject == subject, links.c.revoked_at.is_(None))
    return len(tx.all(sa.update(links).where(*open_links).values(revoked_at=now).returning(links.c.id)))


def end_every(tx: Tx, kept: str, now: datetime) -> int:
    """End every link but those of one kind; returns how many."""
    tx.finish()
    open_links = (links.c.purpose != kept, links.c.revoked_at.is_(None))
    return len(tx.all(sa.update(links).where(*open_links).values(revoked_at=now).returning(links.c.id)))


def unkeyed(tx: Tx) -> list[sa.Row[Any]]:
    """The links whose hash has no key yet, as rows of the table."""
    return list(tx.all(sa.select(links).where(links.c.keyed.is_(False))))


def sent_to(tx: Tx, contact_id: int) -> list[sa.Row[Any]]:
    """The links that were sent to a contact point, as rows of the table."""
    return list(tx.all(sa.select(links).where(links.c.contact_id == contact_id)))


def rehash(tx: Tx, link_id: int, token_hash: str, opens: str) -> None:
    """Another, keyed hash of the same link, and what it opens by a MAC."""
    same = links.c.id == link_id
    tx.run(sa.update(links).where(same).values(token_hash=token_hash, keyed=True, opens=opens))


def every_ended(tx: Tx) -> list[sa.Row[Any]]:
    """Every link that was ended: purpose, subject, token_hash."""
    columns = (links.c.purpose, links.c.subject, links.c.token_hash)
    return list(tx.all(sa.select(*columns).where(links.c.revoked_at.is_not(None)).order_by(links.c.id)))


def end_again(tx: Tx, token_hash: str, purpose: str, subject: int, now: datetime) -> bool:
    """End a link by its hash, known or not: made again, it would be the one that had ended."""
    if find(tx, token_hash, purpose) is None:
        row = {"token_hash": token_hash, "purpose": purpose, "subject": subject, "keyed": True}
        tx.insert(links, **row, created_at=now, expires_at=now, revoked_at=now)
        return True
    same = (links.c.token_hash == token_hash, links.c.revoked_at.is_(None))
    return bool(tx.all(sa.update(links).where(*same).values(revoked_at=now).returning(links.c.id)))
