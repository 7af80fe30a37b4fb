"""Session notes: what the practitioner added after a visit (sealed); the newest one counts."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.session_note import Response, SendWish, SessionNote
from store import sealing
from store.base import Tx
from store.tables import bookings, session_notes


def add(tx: Tx, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep a note beside the ones before it."""
    comes = tx.value(sa.select(bookings.c.client_id).where(bookings.c.id == booking_id))
    row = {"booking_id": booking_id, "client_id": comes, "created_at": now}
    row |= {"author": note.author, "credential": note.credential}
    sealing.add(tx, session_notes, row, sealed_note=asdict(note))


def every(tx: Tx, booking_id: int) -> list[tuple[datetime, SessionNote]]:
    """Every note of a visit with its time, oldest first."""
    query = sa.select(session_notes).where(session_notes.c.booking_id == booking_id)
    return [(row.created_at, _note(tx, row)) for row in tx.all(query.order_by(session_notes.c.id))]


def newest(tx: Tx, booking_id: int) -> SessionNote | None:
    """The note that counts."""
    query = sa.select(session_notes).where(session_notes.c.booking_id == booking_id)
    row = tx.first(query.order_by(session_notes.c.id.desc()).limit(1))
    return _note(tx, row) if row else None


def _note(tx: Tx, row: sa.Row[Any]) -> SessionNote:
    values = sealing.unseal_json(tx, session_notes.c.sealed_note, row)
    values |= {name: tuple(values[name]) for name in ("areas_worked", "remove", "add")}
    values["response"] = Response(values["response"]) if values["response"] else None
    return SessionNote(**(values | {"send": SendWish(values["send"])}))
