"""A regular backup that is not made any more reaches a person; who backs up in another way hears nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handlers.context import Context
from handlers.worker import backups, restore, watch
from schemas.trouble import TroubleKind
from store import audit
from store.running import troubles, workers
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
Act = Callable[[Context, datetime], object]
ENABLED = "timers.target.wants/aftercare-backup.timer"


def look(context: Context, now: datetime) -> str:
    """One look of the worker; the number of days that it says, or ""."""
    with context.db.begin() as tx:
        workers.beat(tx, "w", now)
    watch.look(context, now)
    watch.mail(context, now)
    with context.db.read() as tx:
        return next((each.text for each in troubles.current(tx) if each.kind is TroubleKind.backup), "")


def made(context: Context, now: datetime) -> None:
    with context.db.begin() as tx:
        backups.note_made(tx, "command line", now)


def elsewhere(context: Context, now: datetime) -> None:
    with context.db.begin() as tx:
        backups.note_elsewhere(tx, "command line", now)


def restored(context: Context, now: datetime) -> None:
    restore.hold_overdue(context, "command line", now)


def anything(context: Context, now: datetime) -> None:
    """What people do on any day, by which the log knows the time."""
    with context.db.begin() as tx:
        audit.add(tx, "mara", "look", "day:2026-11-27", now)


STORIES: Mapping[str, tuple[list[tuple[float, Act]], dict[float, str]]] = {
    "never made by us": ([(0, anything), (9, anything)], {0: "", 9.1: ""}),
    "made each night": ([(0, made), (1, made), (2, made)], {1.9: "", 2.1: "", 3.9: ""}),
    "not made any more": ([(0, made), (1, made)], {2.9: "", 3.1: "2", 7.1: "6"}),
    "made twice, and late once": (
        [(0, made), (0, made), (2.5, made)],
        {1.9: "", 2.4: "2", 2.6: "", 4.6: "2"},
    ),
    "in another way by now": ([(0, made), (5, elsewhere)], {4.9: "4", 5.1: "", 90: ""}),
    "ours again": ([(0, elsewhere), (4, made)], {3.9: "", 4.1: "", 6.1: "2"}),
    "a copy of six days ago was put back": ([(0, made), (6, restored)], {6.1: "", 7.9: "", 8.1: "2"}),
    "put back where none was made by us": ([(0, restored)], {9: ""}),
    "set back by an hour": ([(0.04, made), (0, anything)], {0.01: "", 1.9: "", 2.1: "2"}),
    "a year ahead, then right": (
        [(365, made), (366, made), (3, anything)],
        {3.1: "", 4.9: "", 5.1: "2", 8.1: "5"},
    ),
    "a year ahead, then right, and made": ([(365, made), (3, anything), (4, made)], {5.9: "", 6.1: "2"}),
    "a year ahead for a night": ([(0, made), (366, made), (2, anything)], {2.1: "", 3.9: "", 4.1: "2"}),
    "a year ahead, and nothing since": ([(365, made)], {1: ""}),
    "a year behind for a night": ([(0, made), (-365, made)], {0.1: "", 1.9: "", 2.1: "2"}),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_backup_that_is_awaited_and_not_made_is_said_with_its_days(context: Context, story: str) -> None:
    acts, said = STORIES[story]
    rest = list(acts)
    found = {}
    for day in said:
        while rest and (rest[0][0] <= day or rest[0][0] >= 300):
            at, act = rest.pop(0)
            act(context, NOW + at * DAY)
        found[day] = look(context, NOW + day * DAY)
    assert found == said


def test_one_mail_says_that_none_is_made_and_one_that_it_is_over(context: Context, mailbox: Mailbox) -> None:
    made(context, NOW)
    for minutes in (0, 30, 59):
        assert look(context, NOW + 2 * DAY + minutes * MINUTE) == "2"
    assert mailbox.kinds() == [], "a machine that was off makes it soon after its start"
    for hours in (1, 2, 23, 24, 25, 90):
        look(context, NOW + 2 * DAY + hours * HOUR)
    assert mailbox.kinds() == ["trouble"]
    assert mailbox.recipients == [[context.clinic.alert_email]]
    assert "No backup was made for 2 days" in text_of(mailbox)
    made(context, NOW + 7 * DAY)
    for hours in (0, 1):
        assert look(context, NOW + 7 * DAY + hours * HOUR) == ""
    assert mailbox.kinds() == ["trouble", "trouble_over"]
    assert "A backup is made again" in text_of(mailbox)


def text_of(mailbox: Mailbox) -> str:
    body = mailbox.mails[-1].get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_while_the_clock_has_jumped_nothing_is_said_by_its_time(context: Context) -> None:
    made(context, NOW)
    with context.db.begin() as tx:
        troubles.note(tx, TroubleKind.jumped, "", "", NOW + 365 * DAY)
    assert look(context, NOW + 365 * DAY) == ""
    with context.db.begin() as tx:
        troubles.end(tx, TroubleKind.jumped, "")
    assert look(context, NOW + HOUR) == ""


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of systemd's units, in which the timer of this installation is enabled."""
    (tmp_path / ENABLED).parent.mkdir()
    (tmp_path / ENABLED).symlink_to(tmp_path / "aftercare-backup.timer")
    unit = f"[Service]\nWorkingDirectory={backups.HERE}\nExecStart=x\n"
    (tmp_path / "aftercare-backup.service").write_text(unit, "utf-8")
    monkeypatch.setattr(backups, "UNITS", tmp_path)
    return tmp_path


def test_a_timer_whose_backup_never_came_is_said_two_days_after_a_worker_saw_it(
    context: Context, units: Path
) -> None:
    assert [look(context, NOW + days * DAY) for days in (0, 1, 1.9, 2.1)] == ["", "", "", "2"]
    assert units.is_dir()
    elsewhere(context, NOW + 3 * DAY)
    assert look(context, NOW + 9 * DAY) == "", "a person has said so, and the timer may stay"
    made(context, NOW + 10 * DAY)
    assert look(context, NOW + 13 * DAY) == "3"


@pytest.mark.parametrize("what", ["not enabled", "of another folder", "no unit"])
def test_a_timer_that_backs_up_nothing_of_ours_awaits_nothing(
    context: Context, units: Path, what: str
) -> None:
    unit = units / "aftercare-backup.service"
    if what == "not enabled":
        (units / ENABLED).unlink()
    elif what == "of another folder":
        unit.write_text(f"WorkingDirectory={backups.HERE}-of-others\n")
    else:
        unit.unlink()
    assert [look(context, NOW + days * DAY) for days in (0, 9)] == ["", ""]
