"""Who did what: rows are only ever added, and hold ids, never names of clients or answers.

They are a chain: each holds a keyed hash over itself and the hash before it. A plain hash could be computed
again by whoever can write into the database; the key is sealed, so that this takes FIELD_KEYS too. It is not
made from SECRET_KEY, which may be changed on any day.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from schemas import origin
from store import sealing
from store.base import Tx, no_index, once, remember
from store.tables import audit, audit_head, audit_keys
from store.vault import SealBroken

PAGE = 50
BATCH = 1000
START = "0" * 64  # stands before the first entry
SOON = timedelta(hours=1)
MOST_REFUSALS = 200  # that are kept in an hour: strangers cannot fill the disk
GUARDS = 2  # triggers that refuse to change the log
_TIMES = (
    sa.select(sa.func.count())
    .select_from(audit)
    .where(audit.c.subject == sa.bindparam("subject"), audit.c.action == sa.bindparam("action"))
)
_TIMES_OF_SOME = (
    sa.select(audit.c.subject, sa.func.count().label("times"))
    .where(audit.c.subject.in_(sa.bindparam("subjects", expanding=True)))
    .where(no_index(audit.c.action) == sa.bindparam("action"))
    .group_by(audit.c.subject)
)


def add(tx: Tx, actor: str, action: str, subject: str, now: datetime, detail: str = "") -> None:
    """Write one line; `subject` is like "booking:12". It takes its place at the end of the transaction.

    Then nothing else is waited for, so that two who write never wait for each other.
    """
    came = origin.current()
    row = {"at": now, "actor": actor, "action": action, "subject": subject, "detail": detail[:500]}
    tx.seen.pop(audit.name, None)
    tx.later.append(partial(_append, row=row | {"via": came.via[:80], "source": came.source[:64]}))


def _append(tx: Tx, row: Mapping[str, Any]) -> None:
    tx.lock("audit")
    key_id, key = _key(tx, row["at"])
    head = tx.first(sa.select(audit_head)) or _first_head(tx)
    value = digest(key, head.hash, row)
    tx.run(sa.insert(audit).values(**row, key_id=key_id, hash=value))
    tx.run(sa.update(audit_head).values(entries=head.entries + 1, hash=value))


def _first_head(tx: Tx) -> sa.Row[Any]:
    made = sa.insert(audit_head).values(id=1, entries=0, hash=START)
    return tx.all(made.returning(audit_head.c.entries, audit_head.c.hash))[0]


def _key(tx: Tx, now: datetime) -> tuple[int, bytes]:
    """The newest key; another one where it does not open, so that the log goes on."""
    row = tx.first(sa.select(audit_keys).order_by(audit_keys.c.id.desc()).limit(1))
    try:
        if row is not None:
            return row.id, sealing.unseal(tx, audit_keys.c.sealed_key, row)
    except SealBroken:
        pass
    key = secrets.token_hex(32).encode()
    return sealing.add(tx, audit_keys, {"made_at": now}, sealed_key=key), key


def digest(key: bytes, before: str, row: Mapping[str, Any]) -> str:
    """HMAC-SHA256 over an entry and the hash before it, in hex."""
    said = [row[name] for name in ("actor", "action", "subject", "detail", "via", "source")]
    text = json.dumps([before, row["at"].astimezone(UTC).isoformat(), *said])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def note_refusal(tx: Tx, actor: str, action: str, subject: str, now: datetime, detail: str = "") -> None:
    """Write one line about what was refused, once an hour for one thing and network."""
    lately = (audit.c.action == action, audit.c.at > now - SOON)
    same = (audit.c.subject == subject, audit.c.source == origin.current().source, audit.c.detail == detail)
    count = sa.select(sa.func.count()).select_from(audit)
    if not tx.value(count.where(*lately, *same)) and tx.value(count.where(*lately)) < MOST_REFUSALS:
        add(tx, actor, action, subject, now, detail)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log: who did what to which thing, when, and from where."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    via: str
    source: str


def _line(row: sa.Row[Any]) -> Line:
    said = (row.actor, row.action, row.subject, row.detail, row.via, row.source)
    return Line(row.id, row.at, *said)


def was_done(tx: Tx, subject: str, actions: Iterable[str]) -> bool:
    """True when somebody has done one of these to it."""
    tx.finish()
    done = (audit.c.subject == subject, audit.c.action.in_(list(actions)))
    return tx.first(sa.select(audit.c.id).where(*done).limit(1)) is not None


def last(tx: Tx, subject: str) -> Line | None:
    """The last line that was written about it, whatever the clock said."""
    tx.finish()
    row = tx.first(sa.select(audit).where(audit.c.subject == subject).order_by(audit.c.id.desc()).limit(1))
    return _line(row) if row else None


def newest(tx: Tx, subject: str, actions: Iterable[str], until: datetime) -> datetime | None:
    """When one of these was last done to it, by clocks that were not ahead of `until`."""
    tx.finish()
    done = (audit.c.subject == subject, audit.c.action.in_(list(actions)), audit.c.at <= until)
    found: datetime | None = tx.value(sa.select(sa.func.max(audit.c.at)).where(*done))
    return found


def right_since(tx: Tx, until: datetime) -> datetime | None:
    """When the log went on after a clock ahead of `until` was set back (or `until`); None where none was."""
    tx.finish()
    ahead = tx.value(sa.select(sa.func.max(audit.c.id)).where(audit.c.at > until))
    if ahead is None:
        return None
    first: datetime | None = tx.value(sa.select(sa.func.min(audit.c.at)).where(audit.c.id > ahead))
    return first or until


def read_ahead(tx: Tx, subjects: Sequence[str], action: str) -> None:
    """So that `times` knows how often this was done to these."""
    tx.finish()
    found = {row.subject: row.times for row in tx.all(_TIMES_OF_SOME, subjects=subjects, action=action)}
    for subject in subjects:
        remember(tx, times, found.get(subject, 0), subject, action)


@once(audit)
def times(tx: Tx, subject: str, action: str) -> int:
    """How often this was done to it."""
    tx.finish()
    return int(tx.value(_TIMES, subject=subject, action=action))


def log(
    tx: Tx, *, actor: str = "", action: str = "", subject: str = "", before: int = 0, limit: int = PAGE + 1
) -> list[Line]:
    """The newest lines of the log, or those before the line `before`."""
    tx.finish()
    query = sa.select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
    for column, value in ((audit.c.actor, actor), (audit.c.action, action), (audit.c.subject, subject)):
        if value:
            query = query.where(column == value)
    if before:
        query = query.where(audit.c.id < before)
    return [_line(row) for row in tx.all(query)]


def of_subjects(tx: Tx, subjects: Iterable[str], actions: Iterable[str]) -> list[Line]:
    """The lines about some things that tell of one of these acts."""
    tx.finish()
    which = (audit.c.subject.in_(list(subjects)), audit.c.action.in_(list(actions)))
    return [_line(row) for row in tx.all(sa.select(audit).where(*which).order_by(audit.c.id))]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many entries follow on each other, the hash of the last, and what is wrong after it, or ""."""

    entries: int
    head: str
    wrong: str = ""
    first_broken: Line | None = None


def head(tx: Tx) -> tuple[int, str]:
    """How many entries there are, and the hash of the last one."""
    row = tx.first(sa.select(audit_head))
    return (row.entries, row.hash) if row else (0, START)


def holds(tx: Tx, value: str) -> bool:
    """True when an entry has this hash."""
    return tx.first(sa.select(audit.c.id).where(audit.c.hash == value).limit(1)) is not None


def verify(tx: Tx, known: Mapping[int, str]) -> Verdict:
    """Compute the chain again. `known` are heads that were printed before: hash by number of entries."""
    keys = _keys(tx)
    count, before = 0, START
    for row in _rows(tx):
        wrong = _wrong(keys.get(row.key_id), before, row)
        if wrong or known.get(count + 1, row.hash) != row.hash:
            return Verdict(count, before, wrong or "it is not the entry that the journal knows", _line(row))
        count, before = count + 1, row.hash
    return Verdict(count, before, _wrong_end(tx, count, before, known))


def _wrong(key: bytes | None, before: str, row: sa.Row[Any]) -> str:
    if key is None:
        return "its key does not open: is an old key missing in FIELD_KEYS?"
    if hmac.compare_digest(digest(key, before, row._asdict()), row.hash):
        return ""
    return "it was changed, or one before it was changed, added or taken away"


def _wrong_end(tx: Tx, count: int, last: str, known: Mapping[int, str]) -> str:
    if (count, last) != head(tx) or max(known, default=0) > count:
        return "entries at the end of the log are missing"
    return "" if guarded(tx) else "the triggers that refuse to change the log are missing"


def _keys(tx: Tx) -> dict[int, bytes]:
    found = {}
    for row in tx.all(sa.select(audit_keys)):
        try:
            found[row.id] = sealing.unseal(tx, audit_keys.c.sealed_key, row)
        except SealBroken:
            continue
    return found


def _rows(tx: Tx) -> Iterator[sa.Row[Any]]:
    last = 0
    while rows := tx.all(sa.select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(BATCH)):
        yield from rows
        last = rows[-1].id


def guarded(tx: Tx) -> bool:
    """True while the database itself refuses to change or delete an entry."""
    where = "pg_trigger WHERE tgenabled = 'O' AND tgname"
    if tx.conn.dialect.name == "sqlite":
        where = "sqlite_master WHERE type = 'trigger' AND name"
    count = sa.text(f"SELECT count(*) FROM {where} LIKE 'audit_no_%'")  # noqa: S608 - our own words
    return bool(tx.value(count) == GUARDS)
