"""Reading for lists: the day, the outbox, search, the log. Every query here is paged and has its index."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.base import Tx
from store.tables import audit, bookings, checkins, clients, deliveries, flags, intakes, plans

PAGE = 50
MOST_A_DAY = 300
SEAL = 44  # the last characters of a sealed value are its authentication code: no two are alike
MOST_SCORES = 20_000
_scores: dict[bytes, int | None] = {}


@dataclass(frozen=True, slots=True)
class Pain:
    """One answer about pain, 0 to 10, and when it was given."""

    at: datetime
    score: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One line of a day. `flags` are the severities that stand; `plan` is the plan's message, if any."""

    id: int
    client_id: int
    client: str
    service: str
    practitioner: str
    start: datetime
    end: datetime
    zone: str
    remote: bool
    status: str
    intake: str
    reviewed: bool
    flags: tuple[str, ...] = ()
    drafted: str = ""  # where the newest version of the plan stands
    plan_status: str = ""
    plan_reason: str = ""
    plan_due: datetime | None = None
    pains: tuple[Pain, ...] = field(default=())

    @property
    def asked(self) -> bool:
        """True when there is a questionnaire for this visit."""
        return bool(self.intake)


def day(tx: Tx, start: datetime, end: datetime, *, practitioner: str = "", pain: bool = True) -> list[Visit]:
    """The visits that begin in [start, end), in order of time; `pain` reads answers (sealed)."""
    query = (
        sa.select(
            bookings,
            clients.c.name.label("client"),
            intakes.c.status.label("intake"),
            intakes.c.reviewed_at,
            intakes.c.submitted_at,
            intakes.c.sealed_answers if pain else sa.null().label("sealed_answers"),
        )
        .join(clients, clients.c.id == bookings.c.client_id)
        .outerjoin(intakes, intakes.c.booking_id == bookings.c.id)
        .where(bookings.c.start_at >= start, bookings.c.start_at < end, bookings.c.merged_into.is_(None))
        .order_by(bookings.c.start_at, bookings.c.id)
        .limit(MOST_A_DAY)
    )
    if practitioner:
        query = query.where(bookings.c.practitioner == practitioner)
    rows = tx.all(query)
    ids = [row.id for row in rows]
    raised, messages, drafts = _flags(tx, ids), _plan_messages(tx, ids), _drafts(tx, ids)
    later = replies(tx, {row.client_id for row in rows}) if pain else {}
    return [
        _visit(
            tx,
            row,
            raised[row.id],
            messages.get(row.id),
            drafts.get(row.id, ""),
            later.get(row.client_id, []),
        )
        for row in rows
    ]


def _visit(
    tx: Tx,
    row: sa.Row[Any],
    raised: list[str],
    message: sa.Row[Any] | None,
    drafted: str,
    later: list[Pain],
) -> Visit:
    said = _said(tx, row.sealed_answers, row.submitted_at or row.updated_at)
    return Visit(
        id=row.id,
        client_id=row.client_id,
        client=row.client,
        service=row.service_name or row.service,
        practitioner=row.practitioner,
        start=row.start_at,
        end=row.end_at,
        zone=row.zone,
        remote=row.remote,
        status=row.status,
        intake=row.intake or "",
        reviewed=row.reviewed_at is not None,
        flags=tuple(raised),
        drafted=drafted,
        plan_status=message.status if message else "",
        plan_reason=message.reason if message else "",
        plan_due=message.due_at if message else None,
        pains=tuple(sorted([*later, *said], key=lambda each: each.at)),
    )


def _flags(tx: Tx, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    query = sa.select(flags.c.booking_id, flags.c.severity).where(flags.c.booking_id.in_(ids))
    for row in tx.all(query.where(flags.c.cleared_at.is_(None))) if ids else []:
        found[row.booking_id].append(row.severity)
    return found


def _plan_messages(tx: Tx, ids: Sequence[int]) -> dict[int, sa.Row[Any]]:
    """The newest message with a plan for each booking."""
    query = sa.select(
        deliveries.c.booking_id, deliveries.c.status, deliveries.c.reason, deliveries.c.due_at
    ).where(deliveries.c.booking_id.in_(ids), deliveries.c.purpose == "plan")
    return {row.booking_id: row for row in tx.all(query.order_by(deliveries.c.id))} if ids else {}


def _drafts(tx: Tx, ids: Sequence[int]) -> dict[int, str]:
    """Where the newest version of each booking's plan stands."""
    query = sa.select(plans.c.booking_id, plans.c.status).where(plans.c.booking_id.in_(ids))
    return {row.booking_id: row.status for row in tx.all(query.order_by(plans.c.version))} if ids else {}


def _said(tx: Tx, sealed: bytes | None, at: datetime) -> list[Pain]:
    score = _score(tx, sealed) if sealed else None
    return [] if score is None else [Pain(at, score)]


def _score(tx: Tx, sealed: bytes) -> int | None:
    """The pain in sealed answers; a day is looked at again and again, so each is opened once."""
    seal = bytes(sealed[-SEAL:])
    if seal not in _scores:
        if len(_scores) > MOST_SCORES:
            _scores.clear()
        _scores[seal] = score_of(tx.vault.open_json(sealed))
    return _scores[seal]


def score_of(answers: dict[str, Any]) -> int | None:
    """The pain that answers tell: the week's average, else now."""
    for name in ("pain_avg7", "pain_now", "pain"):
        value = str(answers.get(name, ""))
        if value.isdigit() and int(value) <= 10:
            return int(value)
    return None


def replies(tx: Tx, client_ids: Iterable[int], each: int = 2) -> dict[int, list[Pain]]:
    """The last answers to check-ins that told a pain, by client, oldest first."""
    ranked = (
        sa.select(
            bookings.c.client_id,
            checkins.c.answered_at,
            checkins.c.sealed_reply,
            sa.func.row_number()
            .over(partition_by=bookings.c.client_id, order_by=checkins.c.answered_at.desc())
            .label("place"),
        )
        .join(checkins, checkins.c.booking_id == bookings.c.id)
        .where(bookings.c.client_id.in_(list(client_ids)), checkins.c.answered_at.is_not(None))
        .subquery()
    )
    found: dict[int, list[Pain]] = defaultdict(list)
    for row in tx.all(sa.select(ranked).where(ranked.c.place <= each).order_by(ranked.c.answered_at)):
        found[row.client_id] += _said(tx, row.sealed_reply, row.answered_at)
    return found


def practitioners(tx: Tx, start: datetime, end: datetime) -> list[str]:
    """Who has visits in [start, end), by name."""
    query = sa.select(bookings.c.practitioner).where(bookings.c.start_at >= start, bookings.c.start_at < end)
    return sorted({row.practitioner for row in tx.all(query.limit(MOST_A_DAY))} - {""})


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the outbox."""

    id: int
    booking_id: int
    client_id: int
    client: str
    start: datetime
    purpose: str
    channel: str
    status: str
    due_at: datetime
    reason: str
    detail: str
    attempts: int
    settled_at: datetime | None


def outbox(
    tx: Tx,
    *,
    statuses: Sequence[str] = (),
    purpose: str = "",
    booking_id: int | None = None,
    upward: bool = False,
    page: int = 1,
) -> list[Message]:
    """One page (and one line more, which tells that there is another) of messages, by due time."""
    ids = _page(statuses, purpose, booking_id, upward, page)
    query = (
        sa.select(deliveries, bookings.c.client_id, bookings.c.start_at, clients.c.name.label("client"))
        .join(ids, ids.c.id == deliveries.c.id)
        .join(bookings, bookings.c.id == deliveries.c.booking_id)
        .join(clients, clients.c.id == bookings.c.client_id)
        .order_by(*_order(deliveries.c, upward))
    )
    return _foreseen(tx, [_message(row) for row in tx.all(query)])


def _order(columns: Any, upward: bool) -> list[sa.ColumnElement[Any]]:
    """By due time; of two that are due at once the id decides, so that no page repeats or skips one."""
    return [one if upward else one.desc() for one in (columns.due_at, columns.id)]


def _page(
    statuses: Sequence[str], purpose: str, booking_id: int | None, upward: bool, page: int
) -> sa.Subquery:
    """The ids of one page. Each status is read by its own index, so that no database sorts years of rows."""
    end = page * PAGE + 1
    chosen = [deliveries.c.status == status for status in statuses] or [sa.true()]
    parts = []
    for one in chosen:
        part = sa.select(deliveries.c.id, deliveries.c.due_at).where(one)
        if purpose:
            part = part.where(deliveries.c.purpose == purpose)
        if booking_id is not None:
            part = part.where(deliveries.c.booking_id == booking_id)
        ordered = part.order_by(*_order(deliveries.c, upward)).limit(end).subquery()
        parts.append(sa.select(ordered))
    union = sa.union_all(*parts).subquery()
    paged = sa.select(union.c.id).order_by(*_order(union.c, upward))
    return paged.limit(PAGE + 1).offset((page - 1) * PAGE).subquery()


def _foreseen(tx: Tx, found: list[Message]) -> list[Message]:
    """Plans that are still to go out, with the reason for which the gate would hold them now."""
    ids = [one.booking_id for one in found if one.purpose == "plan" and one.status == "scheduled"]
    if not ids:
        return found
    raised, drafts = _flags(tx, ids), _drafts(tx, ids)
    done = sa.select(intakes.c.booking_id).where(intakes.c.booking_id.in_(ids), intakes.c.status == "done")
    answered = {row.booking_id for row in tx.all(done)}

    def reason(booking_id: int) -> str:
        if any(flag.startswith("stop") for flag in raised[booking_id]):
            return "red_flag"
        if booking_id not in answered:
            return "no_intake"
        return "needs_review" if drafts.get(booking_id) == "held" else ""

    return [
        replace(one, reason=one.reason or reason(one.booking_id))
        if one.purpose == "plan" and one.status == "scheduled"
        else one
        for one in found
    ]


def _message(row: sa.Row[Any]) -> Message:
    names = ("id", "booking_id", "client_id", "client", "purpose", "channel", "status", "due_at")
    same = {name: getattr(row, name) for name in (*names, "reason", "detail", "attempts", "settled_at")}
    return Message(start=row.start_at, **same)


def waiting(tx: Tx, statuses: Sequence[str], most: int = 100) -> int:
    """How many messages stand so, counted up to `most`."""
    some = sa.select(deliveries.c.id).where(deliveries.c.status.in_(statuses)).limit(most).subquery()
    return int(tx.value(sa.select(sa.func.count()).select_from(some)))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log: who did what to which thing, and when."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


def log(
    tx: Tx, *, actor: str = "", action: str = "", subject: str = "", before: int = 0, limit: int = PAGE + 1
) -> list[Line]:
    """The newest lines of the log, or those before the line `before`."""
    query = sa.select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
    for column, value in ((audit.c.actor, actor), (audit.c.action, action), (audit.c.subject, subject)):
        if value:
            query = query.where(column == value)
    if before:
        query = query.where(audit.c.id < before)
    return [Line(row.id, row.at, row.actor, row.action, row.subject, row.detail) for row in tx.all(query)]


def of_client(tx: Tx, client_id: int, limit: int = 100) -> list[sa.Row[Any]]:
    """The bookings of a client, newest first, with the state of each intake."""
    query = (
        sa.select(bookings, intakes.c.status.label("intake"), intakes.c.submitted_at)
        .outerjoin(intakes, intakes.c.booking_id == bookings.c.id)
        .where(bookings.c.client_id == client_id, bookings.c.merged_into.is_(None))
        .order_by(bookings.c.start_at.desc())
        .limit(limit)
    )
    return list(tx.all(query))
