"""Session notes: what the practitioner added after a visit (sealed); the newest one counts."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.session_note import Response, SendWish, SessionNote
from store.base import Tx
from store.tables import session_notes


def add(tx: Tx, booking_id: int, note: SessionNote, now: datetime) -> None:
    """Keep a note beside the ones before it."""
    row = {"booking_id": booking_id, "author": note.author, "credential": note.credential}
    sealed = tx.vault.seal_json(asdict(note))
    tx.run(sa.insert(session_notes).values(**row, sealed_note=sealed, created_at=now))


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
    values = tx.vault.open_json(row.sealed_note)
    values |= {name: tuple(values[name]) for name in ("areas_worked", "remove", "add")}
    values["response"] = Response(values["response"]) if values["response"] else None
    return SessionNote(**(values | {"send": SendWish(values["send"])}))
