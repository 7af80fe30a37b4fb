"""What clients asked for, and decided about consents, by a personal link (what they said is sealed)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.client_request import ClientRequest, RequestKind
from store import sealing
from store.base import Tx, once
from store.tables import client_requests
from store.vault import SealBroken

MOST = 100
_WAITING = client_requests.c.settled_at.is_(None)


def add(
    tx: Tx,
    client_id: int,
    kind: RequestKind,
    now: datetime,
    *,
    what: str = "",
    words: str = "",
    yes: bool = False,
    settled: bool = False,
) -> int:
    """Keep one; `settled` where nobody has to do anything about it. Returns its id."""
    row: dict[str, Any] = {"client_id": client_id, "kind": kind, "said_at": now}
    row |= {"settled_at": now} if settled else {}
    said = {"what": what, "words": words, "yes": yes}
    return sealing.add(tx, client_requests, row, sealed_said=said)


@once(client_requests)
def of_client(tx: Tx, client_ids: Sequence[int]) -> list[ClientRequest]:
    """Everything that one person asked for or decided, oldest first."""
    mine = sa.select(client_requests).where(client_requests.c.client_id.in_(client_ids))
    return _found(tx, mine.order_by(client_requests.c.said_at, client_requests.c.id))


def who_decided(tx: Tx) -> list[int]:
    """The clients who took a consent back or gave it again, by number."""
    query = sa.select(client_requests.c.client_id).distinct()
    consents = query.where(client_requests.c.kind == RequestKind.consent)
    return [row.client_id for row in tx.all(consents.order_by(client_requests.c.client_id))]


def waiting(tx: Tx, kinds: Sequence[RequestKind]) -> list[ClientRequest]:
    """Those of some kinds that nobody has settled, oldest first."""
    query = sa.select(client_requests).where(_WAITING, client_requests.c.kind.in_(kinds))
    return _found(tx, query.order_by(client_requests.c.id).limit(MOST))


def count_waiting(tx: Tx, kinds: Sequence[RequestKind]) -> int:
    """How many of some kinds nobody has settled."""
    query = sa.select(sa.func.count()).select_from(client_requests)
    return int(tx.value(query.where(_WAITING, client_requests.c.kind.in_(kinds))) or 0)


def settle(tx: Tx, request_id: int, kinds: Sequence[RequestKind], author: str, now: datetime) -> bool:
    """Somebody at the clinic is done with it; False where somebody was first, or it is of another kind."""
    row = sa.update(client_requests).where(client_requests.c.id == request_id, _WAITING)
    done = (
        row.where(client_requests.c.kind.in_(kinds))
        .values(author=author, settled_at=now)
        .returning(client_requests.c.id)
    )
    return tx.first(done) is not None


def _found(tx: Tx, query: sa.Select[Any]) -> list[ClientRequest]:
    names = ("id", "client_id", "said_at", "author", "settled_at")
    return [
        ClientRequest(
            **{name: getattr(row, name) for name in names}, kind=RequestKind(row.kind), **_said(tx, row)
        )
        for row in tx.all(query)
    ]


def _said(tx: Tx, row: sa.Row[Any]) -> dict[str, Any]:
    """What was said; nothing where it does not open."""
    try:
        said: dict[str, Any] = sealing.unseal_json(tx, client_requests.c.sealed_said, row)
    except SealBroken:
        return {}
    return said
