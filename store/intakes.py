"""Intakes: a questionnaire offered for one booking, and what the client answered (sealed)."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schemas.intake import Answers, Intake, IntakeStatus
from schemas.rules import STOPS, Severity
from store import sealing
from store.base import Tx, no_index, once, recall, remember
from store.bookings import together
from store.tables import attendances, bookings, flags, intake_changes, intakes
from store.vault import OLDER, SealBroken

_OF_BOOKING = (
    sa.select(intakes)
    .join(attendances, attendances.c.intake_id == intakes.c.id)
    .where(attendances.c.booking_id == sa.bindparam("booking_id"), attendances.c.ended_at.is_(None))
    .where(attendances.c.client_id == intakes.c.client_id)
)
_OF_SOME = (
    sa.select(intakes, attendances.c.booking_id.label("of_booking"))
    .join(attendances, attendances.c.intake_id == intakes.c.id)
    .where(attendances.c.booking_id.in_(sa.bindparam("booking_ids", expanding=True)))
    .where(attendances.c.client_id == intakes.c.client_id, attendances.c.ended_at.is_(None))
)
_ONE = sa.select(intakes).where(intakes.c.id == sa.bindparam("intake_id"))
_OF_CLIENTS = (
    sa.select(intakes)
    .where(intakes.c.client_id.in_(sa.bindparam("client_ids", expanding=True)))
    .order_by(intakes.c.id)
)
_DONE = (
    sa.select(intakes)
    .where(intakes.c.client_id.in_(sa.bindparam("client_ids", expanding=True)))
    .where(no_index(intakes.c.status) == IntakeStatus.done, intakes.c.submitted_at < sa.bindparam("before"))
    .where(intakes.c.id != sa.bindparam("but"))
    .order_by(intakes.c.submitted_at.desc(), intakes.c.id.desc())
    .limit(1)
)
_WITH_DONE = (
    sa.select(intakes.c.client_id)
    .where(intakes.c.client_id.in_(sa.bindparam("client_ids", expanding=True)))
    .where(no_index(intakes.c.status) == IntakeStatus.done)
    .distinct()
)
_DONE_OF = _DONE.where(intakes.c.questionnaire.in_(sa.bindparam("questionnaires", expanding=True)))
_COMES = sa.select(bookings.c.client_id).where(bookings.c.id == sa.bindparam("booking_id"))
_FLAGS = (
    sa.select(flags)
    .where(flags.c.booking_id.in_(sa.bindparam("booking_ids", expanding=True)))
    .order_by(flags.c.id)
)
_FLAGS_OF_WHO_COMES = _FLAGS.where(flags.c.client_id == _COMES.scalar_subquery())


OPENED = ("status", "step", "answers", "wording")

_CHANGES = (
    sa.select(intake_changes.c.id, intake_changes.c.intake_id, intake_changes.c.sealed_change)
    .where(intake_changes.c.intake_id == sa.bindparam("intake_id"))
    .order_by(intake_changes.c.id.desc())
    .limit(3)
)


def _intake(tx: Tx, row: sa.Row[Any]) -> Intake:
    names = [name for name in Intake.__dataclass_fields__ if name not in OPENED]
    return Intake(
        **{name: getattr(row, name) for name in names},
        status=IntakeStatus(row.status),
        step=sealing.word(tx, intakes.c.sealed_step, row),
        answers=sealing.unseal_json(tx, intakes.c.sealed_answers, row) if row.sealed_answers else {},
        wording=sealing.unseal_json(tx, intakes.c.sealed_wording, row) if row.sealed_wording else {},
    )


@once(intakes, attendances)
def of_booking(tx: Tx, booking_id: int) -> Intake | None:
    """The form that serves a visit, of the client who comes to it now; several visits may share it."""
    row = tx.first(_OF_BOOKING, booking_id=booking_id)
    return _intake(tx, row) if row else None


def get(tx: Tx, intake_id: int) -> Intake | None:
    """One form."""
    row = tx.first(_ONE, intake_id=intake_id)
    return _intake(tx, row) if row else None


def offer(
    tx: Tx,
    booking_id: int,
    client_id: int,
    questionnaire: str,
    version: str,
    language: str,
    now: datetime,
    *,
    later: bool = False,
) -> int:
    """The client's own form for this visit, made where there is none; returns its id.

    `later`: a further one, for a visit that was served by a form which does not fit it any more.
    """
    mine = [each for each in of_clients(tx, [client_id]) if each.booking_id == booking_id]
    known = max(mine, key=lambda each: each.number, default=None)
    if known is not None and not later:
        return known.id
    row = {"booking_id": booking_id, "client_id": client_id, "questionnaire": questionnaire}
    number = (known.number if known else 0) + later
    return tx.insert(intakes, **row, version=version, language=language, created_at=now, number=number)


def split_off(tx: Tx, client_id: int) -> list[int]:
    """The further forms that a client has for one visit, to which nothing is answered yet."""
    mine = (
        intakes.c.client_id == client_id,
        intakes.c.number > 0,
        no_index(intakes.c.status) == IntakeStatus.open,
    )
    return [row.id for row in tx.all(sa.select(intakes.c.id).where(*mine).order_by(intakes.c.id))]


@once(intakes)
def of_clients(tx: Tx, client_ids: Sequence[int]) -> list[Intake]:
    """Every form of one person, oldest first; `client_ids` is the client with those joined."""
    return [_intake(tx, row) for row in tx.all(_OF_CLIENTS, client_ids=client_ids)]


def exchange(tx: Tx, intake_id: int, questionnaire: str, version: str, now: datetime) -> None:
    """Ask another questionnaire instead; only while nothing was answered."""
    change = sa.update(intakes).where(intakes.c.id == intake_id, intakes.c.status == IntakeStatus.open)
    tx.run(change.values(questionnaire=questionnaire, version=version, created_at=now))


def read_ahead(tx: Tx, booking_ids: Sequence[int], families: Iterable[list[int]]) -> None:
    """So that `of_booking` knows the forms of these visits, and `last_done` who has sent none."""
    known = {row.of_booking: _intake(tx, row) for row in tx.all(_OF_SOME, booking_ids=booking_ids)}
    for booking_id in booking_ids:
        remember(tx, of_booking, known.get(booking_id), booking_id)
    families = list(families)
    with_done = {
        row.client_id for row in tx.all(_WITH_DONE, client_ids=sorted({*itertools.chain(*families)}))
    }
    for family in families:
        remember(tx, _any_done, not with_done.isdisjoint(family), family)


@once(intakes)
def _any_done(_tx: Tx, _client_ids: Sequence[int]) -> bool:
    """False where it was read ahead that the person has sent no form."""
    return True


def last_done(
    tx: Tx, client_ids: Sequence[int], before: datetime, *, but: int = 0, questionnaires: tuple[str, ...] = ()
) -> Intake | None:
    """The person's newest form that was sent before a time, if any; `but` is the form at hand."""
    if not _any_done(tx, client_ids):
        return None
    if (known := recall(tx, done_of_client, client_ids)) is not None:
        earlier = [each for each in known if _is_before(each, before, but, questionnaires)]
        return max(earlier, key=lambda each: (each.submitted_at, each.id), default=None)
    asked = {"client_ids": client_ids, "before": before, "but": but}
    of = {"questionnaires": questionnaires} if questionnaires else {}
    row = tx.first(_DONE_OF if of else _DONE, **asked, **of)
    return _intake(tx, row) if row else None


def _is_before(one: Intake, before: datetime, but: int, questionnaires: tuple[str, ...]) -> bool:
    of_these = not questionnaires or one.questionnaire in questionnaires
    return of_these and one.id != but and one.submitted_at is not None and one.submitted_at < before


def save(tx: Tx, intake: Intake, step: str, answers: Answers, change: Answers, now: datetime) -> None:
    """Keep the answers as they are after a step, and the change that made them so."""
    mine = {"id": intake.id, "client_id": intake.client_id}
    said = {"sealed_answers": answers, "sealed_step": step}
    values = {name: sealing.seal(tx.vault, intakes.c[name], said[name], mine) for name in said}
    status = IntakeStatus.done if intake.done else IntakeStatus.started
    row = sa.update(intakes).where(intakes.c.id == intake.id).values(**values, status=status)
    tx.run(row.values(started_at=intake.started_at or now, revision=intakes.c.revision + 1))
    made = {"intake_id": intake.id, "at": now}
    sealing.add(tx, intake_changes, made, sealed_step=step, sealed_change=change)


def saved_last(tx: Tx, intake_id: int, answers: Answers) -> None:
    """Raises SealBroken where these are not the answers of the last change: older ones were put back."""
    for row in tx.all(_CHANGES, intake_id=intake_id):
        change = sealing.unseal_json(tx, intake_changes.c.sealed_change, row)
        if any(answers.get(name) != value for name, value in change.items()):
            tx.vault.note_broken(f"{intakes.name} {intake_id}")
            raise SealBroken(OLDER)
        if change:
            return


def finish(tx: Tx, intake_id: int, wording: dict[str, str], now: datetime) -> bool:
    """Sent to the clinic; False when it had been sent before (a double tap)."""
    client_id = tx.value(sa.select(intakes.c.client_id).where(intakes.c.id == intake_id))
    mine = {"id": intake_id, "client_id": client_id}
    sealed = sealing.seal(tx.vault, intakes.c.sealed_wording, wording, mine)
    done = (
        sa.update(intakes)
        .where(intakes.c.id == intake_id, intakes.c.status != IntakeStatus.done)
        .values(status=IntakeStatus.done, submitted_at=now, sealed_wording=sealed)
        .returning(intakes.c.id)
    )
    return tx.first(done) is not None


def review(tx: Tx, intake_id: int, by: str, now: datetime) -> None:
    """A practitioner has read it."""
    row = sa.update(intakes).where(intakes.c.id == intake_id, intakes.c.reviewed_at.is_(None))
    tx.run(row.values(reviewed_at=now, reviewed_by=by))


def set_language(tx: Tx, intake_id: int, language: str) -> None:
    """The client reads another language."""
    tx.run(sa.update(intakes).where(intakes.c.id == intake_id).values(language=language))


def raise_flag(
    tx: Tx, booking_id: int, client_id: int, rule: str, severity: str, flag: dict[str, Any], now: datetime
) -> bool:
    """Keep what a rule found; False when the client has it for this visit. A flag never goes by itself."""
    tx.lock(f"flags-{booking_id}-{client_id}")  # the database cannot compare what is sealed
    mine = sa.select(flags).where(flags.c.booking_id == booking_id, flags.c.client_id == client_id)
    known = next((each for each in _kept(tx, mine) if each.rule == rule), None)
    whole = flag | {"rule": rule, "severity": severity}
    row: dict[str, Any] = {"booking_id": booking_id, "client_id": client_id}
    if known is None:
        sealing.add(tx, flags, row | {"raised_at": now}, sealed_flag=whole)
        return True
    if known.severity != severity:
        sealed = sealing.seal(tx.vault, flags.c.sealed_flag, whole, row | {"id": known.id})
        tx.change(flags, known.id, sealed_flag=sealed)
        return True
    return False


def stand_again(tx: Tx, booking_id: int, client_id: int, rule: str, now: datetime) -> None:
    """What was cleared was said once more: it holds again, and nobody has seen it."""
    mine = sa.select(flags).where(flags.c.booking_id == booking_id, flags.c.client_id == client_id)
    fresh = {"cleared_at": None, "cleared_by": "", "sealed_basis": None, "seen_at": None}
    for each in _kept(tx, mine.where(flags.c.cleared_at.is_not(None))):
        if each.rule == rule:
            tx.change(flags, each.id, **fresh, raised_at=now)


@dataclass(frozen=True, slots=True)
class KeptFlag:
    """What a rule found at one visit: which rule, how grave, since when, and whether somebody cleared it."""

    id: int
    booking_id: int
    client_id: int
    rule: str
    severity: Severity
    raised_at: datetime
    seen_at: datetime | None
    cleared_at: datetime | None
    cleared_by: str


UNREADABLE = {"rule": "", "severity": Severity.STOP_URGENT}
"""A flag that does not open: what nobody can read may be grave."""


def _kept(tx: Tx, query: sa.Select[Any]) -> list[KeptFlag]:
    return [_kept_flag(tx, row) for row in tx.all(query.order_by(flags.c.id))]


def _kept_flag(tx: Tx, row: sa.Row[Any]) -> KeptFlag:
    try:
        said = sealing.unseal_json(tx, flags.c.sealed_flag, row)
    except SealBroken:
        said = UNREADABLE
    plain = {name: getattr(row, name) for name in FLAG}
    return KeptFlag(**plain, rule=said["rule"], severity=Severity(said["severity"]))


def flags_of(tx: Tx, booking_id: int) -> list[dict[str, Any]]:
    """The flags for a visit, of who comes now: rule, severity, times, and what was sealed."""
    rows = tx.all(_FLAGS_OF_WHO_COMES, booking_id=booking_id, booking_ids=together(tx, booking_id))
    return [_flag(tx, row) for row in rows]


def flags_of_all(tx: Tx, booking_id: int) -> list[dict[str, Any]]:
    """As `flags_of`, of everybody who comes to a visit or was to come before it was handed over."""
    return [_flag(tx, row) for row in tx.all(_FLAGS, booking_ids=together(tx, booking_id))]


FLAG = (
    "id",
    "booking_id",
    "client_id",
    "raised_at",
    "seen_at",
    "cleared_at",
    "cleared_by",
)


def _flag(tx: Tx, row: sa.Row[Any]) -> dict[str, Any]:
    sealed: dict[str, Any] = sealing.unseal_json(tx, flags.c.sealed_flag, row)
    if (
        row.cleared_at
    ):  # a time in clear anybody can write who reaches the database; a basis nobody without key
        sealing.unseal(tx, flags.c.sealed_basis, row)
    return sealed | {name: getattr(row, name) for name in FLAG}


def standing(tx: Tx, client_ids: Sequence[int]) -> list[KeptFlag]:
    """The flags of one person that nobody has cleared, on whichever visit."""
    return _kept(tx, sa.select(flags).where(flags.c.client_id.in_(client_ids), flags.c.cleared_at.is_(None)))


def cleared(tx: Tx, client_ids: Sequence[int], since: datetime) -> list[KeptFlag]:
    """The flags of one person that held a plan and were cleared after `since`, on whichever visit."""
    query = sa.select(flags).where(flags.c.client_id.in_(client_ids), flags.c.cleared_at > since)
    return [each for each in _kept(tx, query) if each.severity is not Severity.ADJUST]


def flags_ever(tx: Tx, client_ids: Sequence[int]) -> list[KeptFlag]:
    """Every flag of one person, also those that were cleared, oldest first."""
    return _kept(tx, sa.select(flags).where(flags.c.client_id.in_(client_ids)))


def stops_raised(tx: Tx, start: datetime, end: datetime) -> list[KeptFlag]:
    """The flags that stop and were raised in [start, end)."""
    query = sa.select(flags).where(flags.c.raised_at >= start, flags.c.raised_at < end)
    return [each for each in _kept(tx, query) if each.severity in STOPS]


def severities(tx: Tx, booking_ids: Sequence[int]) -> dict[int, list[Severity]]:
    """The severities of the flags that stand, by booking."""
    found: dict[int, list[Severity]] = defaultdict(list)
    query = sa.select(flags).where(flags.c.booking_id.in_(booking_ids), flags.c.cleared_at.is_(None))
    query = query.join(bookings, bookings.c.id == flags.c.booking_id)
    query = query.where(flags.c.client_id == bookings.c.client_id)
    for each in _kept(tx, query) if booking_ids else []:
        found[each.booking_id].append(each.severity)
    return found


def answered(tx: Tx, booking_ids: Sequence[int]) -> set[int]:
    """Which of these bookings have an intake that was sent to the clinic."""
    query = sa.select(attendances.c.booking_id).join(intakes, intakes.c.id == attendances.c.intake_id)
    query = query.where(attendances.c.booking_id.in_(booking_ids), attendances.c.ended_at.is_(None))
    done = query.where(no_index(intakes.c.status) == IntakeStatus.done)
    return {row.booking_id for row in tx.all(done)} if booking_ids else set()


def clear_flag(tx: Tx, flag_id: int, by: str, basis: str, now: datetime) -> None:
    """A named clinician cleared it, and said on what basis."""
    flag = tx.first(sa.select(flags).where(flags.c.id == flag_id))
    if flag is None:
        return
    sealed = sealing.seal(tx.vault, flags.c.sealed_basis, basis.encode(), flag._mapping)
    row = sa.update(flags).where(flags.c.id == flag_id, flags.c.cleared_at.is_(None))
    tx.run(row.values(cleared_at=now, cleared_by=by, sealed_basis=sealed))


def who_cleared(tx: Tx, flag_id: int) -> tuple[int, str, datetime] | None:
    """(visit, by whom, when) of a flag that is cleared."""
    row = tx.first(sa.select(flags).where(flags.c.id == flag_id, flags.c.cleared_at.is_not(None)))
    return (row.booking_id, row.cleared_by, row.cleared_at) if row else None


def stands_again(tx: Tx, flag_id: int) -> None:
    """It was cleared by mistake."""
    row = sa.update(flags).where(flags.c.id == flag_id)
    tx.run(row.values(cleared_at=None, cleared_by="", sealed_basis=None))


def flags_seen(tx: Tx, booking_id: int, now: datetime) -> bool:
    """Somebody at the clinic has looked; True when there was a flag that nobody had seen."""
    new = (flags.c.booking_id.in_(together(tx, booking_id)), flags.c.seen_at.is_(None))
    return bool(tx.all(sa.update(flags).where(*new).values(seen_at=now).returning(flags.c.id)))


def open_stops(tx: Tx, booking_id: int) -> list[Severity]:
    """The severities of flags that stop and stand, of who comes to a visit."""
    mine = sa.select(bookings.c.client_id).where(bookings.c.id == booking_id).scalar_subquery()
    return _stops(tx, booking_id, flags.c.client_id == mine)


def unseen_stops(tx: Tx, booking_id: int) -> list[Severity]:
    """The severities of flags that stop, and that nobody at the clinic has looked at.

    Of whoever filled in a form for the visit: a danger is no smaller because another person comes by now.
    """
    return _stops(tx, booking_id, flags.c.seen_at.is_(None))


def _stops(tx: Tx, booking_id: int, which: sa.ColumnElement[bool]) -> list[Severity]:
    raised = (flags.c.booking_id.in_(together(tx, booking_id)), flags.c.cleared_at.is_(None), which)
    found = _kept(tx, sa.select(flags).where(*raised))
    return [each.severity for each in found if each.severity in STOPS]


def move_flags(tx: Tx, old: int, new: int) -> None:
    """Move flags to another booking that has none of the same rule for their client."""
    of_old, of_new = (sa.select(flags).where(flags.c.booking_id == each) for each in (old, new))
    there = {(each.client_id, each.rule) for each in _kept(tx, of_new)}
    for each in _kept(tx, of_old):
        if not each.rule or (each.client_id, each.rule) not in there:
            tx.change(flags, each.id, booking_id=new)


@once(intakes)
def read_in(tx: Tx, client_ids: Sequence[int]) -> str:
    """The language in which one person read the newest form; "" where none is known."""
    query = sa.select(intakes.c.language).where(intakes.c.client_id.in_(client_ids), intakes.c.language != "")
    return str(tx.value(query.order_by(intakes.c.created_at.desc(), intakes.c.id.desc()).limit(1)) or "")


def submitted(tx: Tx, client_ids: Sequence[int]) -> list[datetime]:
    """When one person sent forms; nothing is opened."""
    query = sa.select(intakes.c.submitted_at).where(
        intakes.c.client_id.in_(client_ids), no_index(intakes.c.status) == IntakeStatus.done
    )
    return [row.submitted_at for row in tx.all(query.where(intakes.c.submitted_at.is_not(None)))]


@once(intakes)
def done_of_client(tx: Tx, client_ids: Sequence[int]) -> list[Intake]:
    """Every form that one person has sent, oldest first."""
    query = sa.select(intakes).where(
        intakes.c.client_id.in_(client_ids), no_index(intakes.c.status) == IntakeStatus.done
    )
    return [_intake(tx, row) for row in tx.all(query.order_by(intakes.c.submitted_at))]
