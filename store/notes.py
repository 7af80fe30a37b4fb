"""Session notes: what the practitioner added after a visit (sealed); the newest one counts.

A draft came by link and nobody has put their name to it: its author is "". There is one for a visit at most.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.forms.loading import load_as
from schemas.plan import Override
from schemas.session_note import Response, SendWish, SessionNote
from store import sealing
from store.base import Tx
from store.tables import IS_DRAFT, bookings, session_notes

NOBODY = ""
MOST = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """A note that waits for somebody to sign it."""

    booking_id: int
    at: datetime
    note: SessionNote


def add(tx: Tx, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep a note beside the ones before it."""
    comes = tx.value(sa.select(bookings.c.client_id).where(bookings.c.id == booking_id))
    row = {"booking_id": booking_id, "client_id": comes, "created_at": now}
    row |= {"author": note.author, "credential": note.credential}
    sealing.add(tx, session_notes, row, sealed_note=asdict(note))


def every(tx: Tx, booking_ids: Sequence[int]) -> list[tuple[int, datetime, SessionNote]]:
    """Every signed note of some visits with its visit and its time, oldest first."""
    mine = (session_notes.c.booking_id.in_(booking_ids), session_notes.c.author != NOBODY)
    rows = tx.all(sa.select(session_notes).where(*mine).order_by(session_notes.c.id))
    return [(row.booking_id, row.created_at, _note(tx, row)) for row in rows]


def newest(tx: Tx, booking_id: int) -> SessionNote | None:
    """The signed note that counts."""
    signed = _of(booking_id).where(session_notes.c.author != NOBODY)
    row = tx.first(signed.order_by(session_notes.c.id.desc()).limit(1))
    return _note(tx, row) if row else None


def deciding(tx: Tx, booking_id: int) -> SessionNote | None:
    """What a plan is made from: the signed note, which says hold while a newer draft waits."""
    rows = tx.all(_of(booking_id).order_by(session_notes.c.id.desc()).limit(2))
    signed = next((_note(tx, row) for row in rows if row.author != NOBODY), None)
    if not rows or rows[0].author != NOBODY or (signed and signed.send is SendWish.NO_PLAN):
        return signed
    return replace(signed or SessionNote(SendWish.HOLD, NOBODY), send=SendWish.HOLD)


def put_draft(tx: Tx, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep a draft in the place of the one before."""
    drop_draft(tx, booking_id)
    add(tx, booking_id, replace(note, author=NOBODY, credential=""), now)


def drop_draft(tx: Tx, booking_id: int) -> None:
    """The draft of a visit is signed, or thrown away."""
    mine = (session_notes.c.booking_id == booking_id, session_notes.c.author == NOBODY)
    tx.run(sa.delete(session_notes).where(*mine))


def draft(tx: Tx, booking_id: int) -> Draft | None:
    """The draft of a visit."""
    return next(iter(_drafts(tx, _of(booking_id))), None)


def drafts(tx: Tx, practitioner: str = "") -> list[Draft]:
    """Those of visits that are on, the earliest visit first; `practitioner`: of visits with somebody."""
    return _drafts(tx, _waiting(sa.select(session_notes), practitioner).order_by(bookings.c.start_at))


def count_drafts(tx: Tx, practitioner: str = "") -> int:
    """How many wait."""
    return int(tx.value(_waiting(sa.select(sa.func.count(session_notes.c.id)), practitioner)) or 0)


def _of(booking_id: int) -> sa.Select[Any]:
    return sa.select(session_notes).where(session_notes.c.booking_id == booking_id)


def _waiting(query: sa.Select[Any], practitioner: str) -> sa.Select[Any]:
    on = query.join(bookings, bookings.c.id == session_notes.c.booking_id)
    on = on.where(IS_DRAFT, bookings.c.status == "confirmed")
    return on.where(bookings.c.practitioner == practitioner) if practitioner else on


def _drafts(tx: Tx, query: sa.Select[Any]) -> list[Draft]:
    mine = query.where(IS_DRAFT).order_by(session_notes.c.id.desc()).limit(MOST)
    found = sealing.that_open(tx, session_notes.c.sealed_note, tx.all(mine))
    return [Draft(row.booking_id, row.created_at, _read(values)) for row, values in found]


def _note(tx: Tx, row: sa.Row[Any]) -> SessionNote:
    return _read(sealing.unseal_json(tx, session_notes.c.sealed_note, row))


def _read(values: dict[str, Any]) -> SessionNote:
    values |= {name: tuple(values[name]) for name in ("areas_worked", "remove", "add")}
    values["response"] = Response(values["response"]) if values["response"] else None
    values["overrides"] = tuple(load_as(Override, each) for each in values.get("overrides") or ())
    return SessionNote(**(values | {"send": SendWish(values["send"])}))
