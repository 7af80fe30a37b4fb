"""What must outlive a restore, kept apart from the database: one line each, and no line names anybody.

HASH                      a place in a booking of who was erased
audit ENTRIES HASH        the head of the audit log
ended PURPOSE SUBJECT HASH   a personal link that was ended
stopped HASH              what the owner of an address or number does not want
staff ID on|off HASH      an account: whether it is let in, and what it signs in with
withdrawn HASH            a consent that a client took back
whole LINES HASH          a keyed hash over the lines before it: one that is cut or changed is known by it
"""

import errno
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from handlers.clients import contacts
from handlers.context import Context
from handlers.intake import choices
from schemas.staff import Staff
from schemas.trouble import TroubleKind
from store import audit, clients, links, passkeys, staff
from store import contacts as stored_contacts
from store import erase as erasing
from store.base import Tx
from store.running import troubles

log = logging.getLogger("aftercare.journal")
AUDIT, ENDED, STOPPED, STAFF, WITHDRAWN = "audit", "ended", "stopped", "staff", "withdrawn"
WHOLE, FILE, BY = "whole", "journal", "worker"
DONE, BEGUN, ACCEPTED = "restored", "journal_begun", "journal_accepted"
"""The acts, in the log, by which a person says that the database is an older one, the worker that there is a
file from now on, and a person that they know why it was gone, changed or ahead.
"""


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
    """The journal of the database as it is now, with its seal."""
    made = list(_lines(context))
    yield from made
    yield _seal(context, made)


def _seal(context: Context, made: Sequence[str], key: bytes = b"") -> str:
    mac = context.mac("\n".join([WHOLE, *made]), key)
    return f"{WHOLE} {len(made)} {mac.hex()}"


def is_whole(context: Context, text: str) -> bool:
    """True when every line of `lines`, given once or several times, is there as it was made."""
    part: list[str] = []
    for line in text.splitlines():
        if not line.startswith(f"{WHOLE} "):
            part.append(line)
        elif line in [_seal(context, part, key) for key in context.keys]:
            part.clear()
        else:
            return False
    return bool(text) and not part


def _lines(context: Context) -> Iterator[str]:
    with context.db.read() as tx:
        yield from erasing.every_hash(tx)
        yield from (f"{ENDED} {row.purpose} {row.subject} {row.token_hash}" for row in links.every_ended(tx))
        for kind, value, stopped in stored_contacts.every_stopped(tx):
            yield f"{STOPPED} {contacts.stopped_hash(context, kind, value, stopped)}"
        for who in staff.every(tx):
            yield f"{STAFF} {who.id} {'on' if who.active else 'off'} {signs_in_with(tx, context, who)}"
        for client_id, consent in choices.withdrawn(tx, context):
            since = clients.get(tx, client_id).created_at
            yield f"{WITHDRAWN} {withdrawn_hash(context, client_id, since, consent)}"
        yield "{} {} {}".format(AUDIT, *audit.head(tx))


def signs_in_with(tx: Tx, context: Context, who: Staff) -> str:
    """A keyed hash of roles, password, second factor and passkeys: another one after any has changed."""
    keys = [each.credential_id for each in passkeys.of_staff(tx, who.id)]
    said = ["staff", *sorted(who.roles), who.password_hash, who.totp, *keys]
    return context.mac("\0".join(said)).hex()


def withdrawn_hash(context: Context, client_id: int, since: datetime, consent: str, key: bytes = b"") -> str:
    """A keyed hash of a consent of one client; `since` keeps apart who gets the same number later."""
    return context.mac(f"withdrawn:{client_id}\0{since.isoformat()}\0{consent}", key).hex()


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
    try:
        return path.read_text("ascii", "replace") if path is not None and path.exists() else ""
    except OSError:  # somebody else's, or a folder: what we cannot read is lost to us
        return ""


def keep(context: Context, now: datetime) -> None:
    """Write the journal again where a line was added to the log since, whole or not at all.

    A head that the log has lost stays: it is what tells that entries are missing. A file that was changed
    is put beside: what ends from now on must not be lost for it.
    """
    path = context.journal
    if path is None:
        return
    found = look(context, now)
    if TroubleKind.log_cut in found or not unsaved(context):
        return
    try:
        if TroubleKind.journal in found and path.exists():
            path.replace(path.with_name(f"{path.name}.changed"))
        _write(path, lines(context))
        if _begin(context, now):
            _write(path, lines(context))
    except OSError as error:
        log.error("the journal is not kept", extra={"error": error.strerror})
        _note_unkept(context, f"{path}: {error.strerror}", now)
    else:
        _note_unkept(context, "", now)


def _note_unkept(context: Context, why: str, now: datetime) -> None:
    """What ends from now on would be lost by a restore: the clinic hears of it, and when it is over."""
    with context.db.begin() as tx:
        if why:
            troubles.note(tx, TroubleKind.journal_unkept, "", why, now)
        else:
            troubles.end(tx, TroubleKind.journal_unkept, "")


def hindrance(context: Context) -> str:
    """Why this account cannot write the journal, by its folder; "" where nothing is in the way."""
    folder = context.journal.parent if context.journal is not None else None
    if folder is None or os.access(folder, os.W_OK | os.X_OK):
        return ""
    return os.strerror(errno.EACCES if folder.is_dir() else errno.ENOENT)


def _begin(context: Context, now: datetime) -> bool:
    """Say in the log that there is a file, which is missed from then on; False where it says so already."""
    with context.db.begin() as tx:
        known = audit.was_done(tx, FILE, [BEGUN])
        if not known:
            audit.add(tx, BY, BEGUN, FILE, now)
    return not known


def _write(path: Path, made: Iterable[str]) -> None:
    beside = path.with_name(f"{path.name}.part")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.writelines(f"{line}\n" for line in made)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def look(context: Context, now: datetime) -> set[TroubleKind]:
    """Note what is wrong with journal and log, so that the clinic hears of it; returns what is wrong now.

    That the file was gone or changed stands until a person says why: the worker writes another one soon.
    """
    found = wrong(context)
    with context.db.begin() as tx:
        for each in found:
            troubles.note(tx, each, "", str(context.journal), now)
        if TroubleKind.log_cut not in found:
            troubles.end(tx, TroubleKind.log_cut, "")
    return found


def wrong(context: Context) -> set[TroubleKind]:
    """What is wrong now: the file is gone, cut or changed; the log lacks what the file knows."""
    if context.journal is None:
        return set()
    looks = {TroubleKind.journal: is_lost, TroubleKind.log_cut: is_behind}
    return {kind for kind, is_wrong in looks.items() if is_wrong(context)}


def is_lost(context: Context) -> bool:
    """True when a file was kept for this database, and it is gone, cut or changed."""
    if is_whole(context, kept(context)):
        return False
    with context.db.read() as tx:
        return audit.was_done(tx, FILE, [BEGUN])


def accept(context: Context, by: str, now: datetime) -> None:
    """A person knows why the file was gone, changed or ahead of the log: the alarms end."""
    with context.db.begin() as tx:
        note_restored(tx, read(kept(context)).heads.values(), by, now)
        audit.add(tx, by, ACCEPTED, FILE, now)
        settle(tx)


def settle(tx: Tx) -> None:
    """Nothing is wrong with journal and log, as far as a person knows."""
    for each in (TroubleKind.journal, TroubleKind.log_cut):
        troubles.end(tx, each, "")


def unsaved(context: Context) -> bool:
    """True when the log has gone on since the journal was kept whole; every act of it is in the log."""
    with context.db.read() as tx:
        entries, value = audit.head(tx)
    text = kept(context)
    return not is_whole(context, text) or read(text).heads.get(entries) != value


def check(context: Context) -> None:
    """Raise `Older` for a database whose log lacks what the journal knows, until a person said `restored`."""
    if is_behind(context):
        raise Older(
            "The database is older than what its journal knows: was a backup put in its place? Give "
            "`flask --app app restored` first. Is it another database on purpose: "
            "`flask --app app journal --accept`."
        )


def is_behind(context: Context) -> bool:
    """True when the log lacks what the journal knows, and nobody has said `restored` since."""
    known = read(kept(context)).heads
    with context.db.read() as tx:
        return not is_known(tx, known)


def heads(context: Context, given: Mapping[int, str]) -> dict[int, str]:
    """What the log must hold by the worker's journal and by a `given` one, but for what a restore lost."""
    known = {**read(kept(context)).heads, **given}
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
