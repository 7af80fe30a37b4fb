"""Whether the regular backup is still made: each one notes its time in the log, and its absence is a trouble.

A copy by hand and the one before an upgrade note nothing: they say nothing of the one at night.
"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from handlers.worker.journal import DONE
from schemas.trouble import Trouble, TroubleKind
from store import audit
from store.base import Tx
from store.running import troubles
from store.running.ahead import CLOCKS_DIFFER

OLD = timedelta(days=2)
SUBJECT, BY = "backup", "worker"
MADE, AWAITED, ELSEWHERE = "backup_made", "backup_awaited", "backup_elsewhere"
"""The acts, in the log: one was made; the worker saw its timer; a person said that it is made elsewhere."""
MESSAGES = "deliveries"  # what a restore has held, in the log
HERE = Path(__file__).parents[2]
UNITS = Path("/etc/systemd/system")


def look(tx: Tx, now: datetime) -> None:
    """Note that the newest is too old, or end that; from now on one is awaited where a timer makes it."""
    if has_timer() and _last(tx) is None:
        audit.add(tx, BY, AWAITED, SUBJECT, now)
    if found := overdue(tx, now):
        troubles.note(tx, found.kind, "", found.text, now)
    else:
        troubles.end(tx, TroubleKind.backup, "")


def note_made(tx: Tx, by: str, now: datetime) -> None:
    """A backup was made, whole: its absence is a trouble from now on."""
    audit.add(tx, by, MADE, SUBJECT, now)
    troubles.end(tx, TroubleKind.backup, "")


def note_elsewhere(tx: Tx, by: str, now: datetime) -> None:
    """Backups are made in a way that notes nothing here: none is awaited until one is noted again."""
    audit.add(tx, by, ELSEWHERE, SUBJECT, now)
    troubles.end(tx, TroubleKind.backup, "")


def overdue(tx: Tx, now: datetime) -> Trouble | None:
    """The trouble that none was made for days; its text is their number. Nothing where none is awaited."""
    if _last(tx) not in (MADE, AWAITED):
        return None
    age = now - _since(tx, now)
    return Trouble(TroubleKind.backup, "", str(age.days), now) if age >= OLD else None


def is_known(tx: Tx) -> bool:
    """True where a backup is awaited, or somebody has said that it is made in another way."""
    return has_timer() or _last(tx) is not None


def _last(tx: Tx) -> str | None:
    found = audit.last(tx, SUBJECT)
    return found.action if found else None


def _since(tx: Tx, now: datetime) -> datetime:
    """When one was last made, awaited or put in the place of the database, or the clock was set back."""
    until = now + CLOCKS_DIFFER
    known = (
        audit.newest(tx, SUBJECT, [MADE, AWAITED], until),
        audit.newest(tx, MESSAGES, [DONE], until),
        audit.right_since(tx, until),
    )
    return max(filter(None, known), default=now)


def has_timer() -> bool:
    """True where systemd starts the backup of this very installation."""
    with suppress(OSError):
        wanted = os.path.lexists(UNITS / "timers.target.wants" / "aftercare-backup.timer")
        unit = (UNITS / "aftercare-backup.service").read_text("utf-8", "replace")
        return wanted and f"WorkingDirectory={HERE}\n" in unit
    return False
