"""What must outlive a restore, kept apart from the database: one line each, and no line names anybody.

HASH                      a place in a booking of who was erased
audit ENTRIES HASH        the head of the audit log
ended PURPOSE SUBJECT HASH   a personal link that was ended
stopped HASH              what the owner of an address or number does not want
staff ID on|off HASH      an account: whether it is let in, and what it signs in with
withdrawn HASH            a consent that a client took back
"""

import hashlib
import hmac
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.clients import contacts
from handlers.context import Context
from handlers.intake import choices
from schemas.staff import Staff
from store import audit, clients, links, staff
from store import contacts as stored_contacts
from store import erase as erasing
from store.base import Tx

log = logging.getLogger("aftercare.journal")
AUDIT, ENDED, STOPPED, STAFF, WITHDRAWN = "audit", "ended", "stopped", "staff", "withdrawn"
DONE = "restored"
"""The act, in the log, by which a person says that the database is an older one."""


class Older(Exception):
    """The database is older than its journal; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account of staff as the journal knows it."""

    active: bool
    signs_in_with: str


@dataclass(slots=True)
class Journal:
    """What the lines say; `heads` are hashes by number of entries, `ended` (purpose, subject, hash)."""

    erased: list[str] = field(default_factory=list)
    heads: dict[int, str] = field(default_factory=dict)
    ended: list[tuple[str, int, str]] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    accounts: dict[int, Account] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)


def lines(context: Context) -> Iterator[str]:
    """The journal of the database as it is now."""
    with context.db.read() as tx:
        yield from erasing.every_hash(tx)
        yield from (f"{ENDED} {row.purpose} {row.subject} {row.token_hash}" for row in links.every_ended(tx))
        for kind, value, stopped in stored_contacts.every_stopped(tx):
            yield f"{STOPPED} {contacts.stopped_hash(context.link_key, kind, value, stopped)}"
        for who in staff.every(tx):
            yield f"{STAFF} {who.id} {'on' if who.active else 'off'} {signs_in_with(context, who)}"
        for client_id, consent in choices.withdrawn(tx, context):
            since = clients.get(tx, client_id).created_at
            yield f"{WITHDRAWN} {withdrawn_hash(context.link_key, client_id, since, consent)}"
        yield "{} {} {}".format(AUDIT, *audit.head(tx))


def signs_in_with(context: Context, who: Staff) -> str:
    """A keyed hash of roles, password and second factor: another one after any of them has changed."""
    said = "\0".join(["staff", *sorted(who.roles), who.password_hash, who.totp])
    return hmac.new(context.link_key, said.encode(), hashlib.sha256).hexdigest()


def withdrawn_hash(key: bytes, client_id: int, since: datetime, consent: str) -> str:
    """A keyed hash of a consent of one client; `since` keeps apart who gets the same number later."""
    text = f"withdrawn:{client_id}\0{since.isoformat()}\0{consent}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def read(text: str) -> Journal:
    """What `lines` gave, once or several times; of an account the last word counts."""
    found = Journal()
    for line in text.splitlines():
        _take(found, line.split())
    return found


def _take(found: Journal, words: list[str]) -> None:
    match words:
        case ["audit", entries, value] if entries.isdecimal() and entries != "0":
            found.heads[int(entries)] = value
        case ["ended", purpose, about, value] if about.isdecimal():
            found.ended.append((purpose, int(about), value))
        case ["stopped", value]:
            found.stopped.add(value)
        case ["withdrawn", value]:
            found.withdrawn.add(value)
        case ["staff", number, state, value] if number.isdecimal():
            found.accounts[int(number)] = Account(state == "on", value)
        case [value]:
            found.erased.append(value)


def kept(context: Context) -> str:
    """The journal that the worker keeps; "" where there is none."""
    path = context.journal
    return path.read_text("ascii", "replace") if path is not None and path.exists() else ""


def keep(context: Context, _now: datetime) -> None:
    """Write the journal anew where a line was added to the log since, whole or not at all.

    A head that the log has lost stays: it is what tells that entries are missing.
    """
    path = context.journal
    if path is None or not unsaved(context):
        return
    if is_behind(context):
        log.error("the audit log lacks entries that the journal knows")
        return
    beside = path.with_name(f"{path.name}.part")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.writelines(f"{line}\n" for line in lines(context))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        log.error("the journal is not kept", extra={"error": error.strerror})


def unsaved(context: Context) -> bool:
    """True when the log has gone on since the journal was kept; every act that it keeps is in the log."""
    with context.db.read() as tx:
        entries, value = audit.head(tx)
    return read(kept(context)).heads.get(entries) != value


def check(context: Context) -> None:
    """Raise `Older` for a database whose log lacks what the journal knows, until a person said `restored`."""
    if is_behind(context):
        raise Older(
            "The database is older than what its journal knows: was a backup put in its place? Give "
            f"`flask --app app restored` first. Is it another database on purpose, delete {context.journal}."
        )


def is_behind(context: Context) -> bool:
    """True when the log lacks what the journal knows, and nobody has said `restored` since."""
    known = read(kept(context)).heads
    with context.db.read() as tx:
        return not is_known(tx, known)


def heads(context: Context) -> dict[int, str]:
    """What the log must hold by the journal that the worker keeps, but for what a restore has lost."""
    known = read(kept(context)).heads
    with context.db.read() as tx:
        return {
            entries: head
            for entries, head in known.items()
            if audit.holds(tx, head) or not is_known(tx, {entries: head})
        }


def is_known(tx: Tx, heads: Mapping[int, str]) -> bool:
    """True when the newest of these heads is in the log, or somebody has said `restored` since."""
    if not heads:
        return True
    newest = max(heads)
    return audit.holds(tx, heads[newest]) or audit.was_done(tx, subject(heads[newest]), [DONE])


def subject(head: str) -> str:
    """How the log names a head that a restore has lost."""
    return f"journal:{head[:32]}"


def note_restored(tx: Tx, heads: Iterable[str], by: str, now: datetime) -> None:
    """From now on these heads may be missing."""
    for each in heads:
        audit.add(tx, by, DONE, subject(each), now)
