"""Photos and clips of practitioners' own exercises, sealed; each belongs to the client it was made for."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from store import sealing
from store.base import Tx
from store.tables import own_media


def add(tx: Tx, exercise_id: str, client_id: int, kind: str, media: bytes, now: datetime) -> None:
    """Keep one, of a media type such as `image/jpeg`."""
    row = {"exercise_id": exercise_id, "client_id": client_id, "kind": kind, "created_at": now}
    sealing.add(tx, own_media, row, sealed_media=media)


def of_client(tx: Tx, client_ids: Sequence[int], exercise_id: str) -> tuple[str, bytes] | None:
    """Media type and bytes of an own exercise of this person; None where there is none."""
    query = sa.select(own_media).where(own_media.c.client_id.in_(client_ids))
    row = tx.first(query.where(own_media.c.exercise_id == exercise_id))
    return (row.kind, sealing.unseal(tx, own_media.c.sealed_media, row)) if row else None
