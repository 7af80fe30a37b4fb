"""What clients said of their pain, at the intake and since."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.checkin import CheckInKind
from schemas.intake import IntakeStatus
from store import sealing
from store.base import Tx, no_index
from store.tables import checkins, clients, intakes

MOST_SCORES = 20_000
BEGIN = 48  # bytes of a sealed value that tell it from every other one, its nonce among them
_scores: dict[tuple[str, int, int, bytes], int | None] = {}


@dataclass(frozen=True, slots=True)
class Pain:
    """One answer about pain, 0 to 10, when it was given, and whether to a check-in or in a form."""

    at: datetime
    score: int
    check_in: bool = False


def _scores_in(tx: Tx, column: sa.Column[Any], rows: Sequence[sa.Row[Any]]) -> dict[int, int | None]:
    """The pain in sealed answers, by row. A day is looked at again and again: each is opened once."""
    keys = {row.id: (column.name, row.id, row.client_id, bytes(row.begin or b"")) for row in rows}
    new = [row_id for row_id, key in keys.items() if key not in _scores]
    if len(_scores) + len(new) > MOST_SCORES:
        _scores.clear()
        new = list(keys)
    place = [column.table.c[name] for name in column.table.info["bound"]]
    query = sa.select(*place, column).where(column.table.c.id.in_(new))
    for row, answers in sealing.that_open(tx, column, tx.all(query) if new else ()):
        _scores[keys[row.id]] = score_of(answers)
    return {row_id: _scores.get(key) for row_id, key in keys.items()}


def score_of(answers: dict[str, Any]) -> int | None:
    """The pain that answers tell: the week's average, else now."""
    for name in ("pain_avg7", "pain_now", "pain"):
        value = str(answers.get(name, ""))
        if value.isdigit() and int(value) <= 10:
            return int(value)
    return None


def latest(tx: Tx, client_ids: Collection[int], each: int = 3) -> dict[int, list[Pain]]:
    """The last answers of people that told a pain, in forms and check-ins, by client, oldest first.

    A day that was ticked off is neither: what it says of pain is of one moment of exercise.
    """
    person = _people(tx, list(client_ids))
    found: dict[int, list[Pain]] = defaultdict(list)
    asked = ((_forms, intakes.c.sealed_answers, False), (_replies, checkins.c.sealed_reply, True))
    for query, column, check_in in asked:
        rows = tx.all(query(person, each)) if person else []
        scores = _scores_in(tx, column, rows)
        for row in rows:
            score = scores[row.id]
            found[person[row.client_id]] += [] if score is None else [Pain(row.at, score, check_in)]
    return {one: sorted(found[person[one]], key=lambda pain: pain.at)[-each:] for one in client_ids}


def _people(tx: Tx, client_ids: Sequence[int]) -> dict[int, int]:
    """The client under whom each of these, and whoever was joined with them, is read.

    Asked one after the other: as one question PostgreSQL walks through all clients.
    """
    known = sa.select(clients.c.id, clients.c.joined_into).where(clients.c.id.in_(client_ids))
    person = {row.id: row.joined_into or row.id for row in tx.all(known)} if client_ids else {}
    roots = sorted({*person.values()})
    joined = sa.select(clients.c.id, clients.c.joined_into).where(clients.c.joined_into.in_(roots))
    others = {row.id: row.joined_into for row in tx.all(joined)} if roots else {}
    return person | {root: root for root in roots} | others


def _forms(person: Mapping[int, int], each: int) -> sa.Select[Any]:
    columns = (
        intakes.c.submitted_at.label("at"),
        intakes.c.id,
        intakes.c.client_id,
        _begin(intakes.c.sealed_answers),
    )
    done = (no_index(intakes.c.status) == IntakeStatus.done, intakes.c.submitted_at.is_not(None))
    return _last(columns, intakes.c.client_id, (intakes.c.client_id.in_(person), *done), each)


def _replies(person: Mapping[int, int], each: int) -> sa.Select[Any]:
    whose = (checkins.c.id, checkins.c.client_id)
    columns = (checkins.c.answered_at.label("at"), *whose, _begin(checkins.c.sealed_reply))
    asked = (checkins.c.kind.in_(list(CheckInKind)), checkins.c.sealed_reply.is_not(None))
    answered = (checkins.c.client_id.in_(person), checkins.c.answered_at.is_not(None))
    return _last(columns, checkins.c.client_id, (*answered, *asked), each)


def _begin(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.func.substr(column, 1, BEGIN, type_=sa.LargeBinary).label("begin")


def _last(
    columns: Sequence[sa.ColumnElement[Any]],
    client_id: sa.ColumnElement[int],
    where: Sequence[sa.ColumnElement[bool]],
    each: int,
) -> sa.Select[Any]:
    place = sa.func.row_number().over(partition_by=client_id, order_by=columns[0].desc()).label("place")
    ranked = sa.select(*columns, place).where(*where).subquery()
    return sa.select(ranked).where(ranked.c.place <= each)
