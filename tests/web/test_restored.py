"""A backup is put in the place of the database, and what had ended since ends again: rehearsed whole."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from hypothesis import given as drawn
from hypothesis import strategies as st

import app as application
import settings as configuration
from handlers import links
from handlers.clients import contacts, privacy
from handlers.context import Context
from handlers.intake import choices, form
from handlers.links import LinkPurpose
from handlers.staff import accounts
from handlers.worker import journal, watch, work
from schemas.booking import Booking
from schemas.delivery import Channel
from schemas.staff import Role
from schemas.trouble import TroubleKind
from store import attendances, audit, bookings, clients, staff
from store import links as stored_links
from store.contacts import get
from store.running import troubles
from store.tables import audit as log
from store.tables import audit_head
from tests.helpers.answers import TAPPED
from tests.helpers.clinic import NOW
from tests.helpers.console import account, answer
from tests.helpers.log import unguard
from tests.helpers.mailbox import Mailbox
from tests.helpers.old_copy import copied
from tests.helpers.visits import book, receive, webhook

LATER = NOW + timedelta(days=1)
Restored = Callable[..., Flask]


@dataclass(slots=True)
class Clinic:
    """A day of a clinic, in the middle of which a backup is made."""

    context: Context
    gone: Booking
    stays: Booking
    staff_id: int
    link: str
    copy: str

    def opens(self, context: Context, link: str, purpose: LinkPurpose) -> bool:
        with context.db.read() as tx:
            return links.open_link(tx, context, purpose, link.rpartition("/")[2], LATER) is not None


@pytest.fixture
def clinic(context: Context, tmp_path: Path) -> Clinic:
    """Two clients, a colleague and a link, in the database and in a copy of it."""
    with_journal = replace(context, journal=tmp_path / "aftercare.journal")
    gone = book(context)
    stays = book(context, uid="u2", email="bo@example.org", name="Bo Berg")
    left = account(context, "left@handsofstone.example", "Lee Ash", (Role.practitioner,))
    account(context, "new@handsofstone.example", "Ann Elm", (Role.manager,))
    link = issued(context, LinkPurpose.intake, stays)
    return Clinic(with_journal, gone, stays, left, link, copied(context.db, tmp_path))


def issued(context: Context, purpose: LinkPurpose, booking: Booking) -> str:
    with context.db.begin() as tx:
        return links.issue(tx, context, purpose, booking.id, NOW, NOW + timedelta(days=30))


def lives_on(clinic: Clinic) -> str:
    """What happens after the backup; returns a link that it does not know."""
    context = clinic.context
    later = issued(context, LinkPurpose.plan, clinic.stays)
    assert privacy.erase(context, clinic.gone.client_id, "mara", LATER) is not None
    new = book(context, LATER, uid="u3", email="cy@example.org", name="Cy Dahl")
    with context.db.begin() as tx:
        stored_links.revoke(tx, (LinkPurpose.intake, LinkPurpose.plan), clinic.stays.id, LATER)
        for address in ("bo@example.org", "cy@example.org"):
            assert contacts.stop(tx, context, Channel.email, address, "link", LATER)
        accounts.set_active(tx, clinic.staff_id, "mara", LATER, active=False)
        ann = staff.by_email(tx, "new@handsofstone.example")
        assert ann is not None
        staff.set_password(tx, ann.id, "another")
    assert new.id
    journal.keep(context, LATER)
    return later


@pytest.fixture
def restored(given: configuration.Settings) -> Iterator[Restored]:
    """Makes the application on a database and with a journal, until the test ends."""
    with ExitStack() as until_the_end:

        def made(copy: str, path: Path | None) -> Flask:
            app = application.create_app(replace(given, database_url=copy, journal=path))
            until_the_end.callback(app.extensions["aftercare"].db.close)
            until_the_end.enter_context(app.app_context())
            return app

        yield made


def takes_back(context: Context, client_id: int, consent: str, now: datetime) -> None:
    with context.db.begin() as tx:
        assert choices.decide(tx, context, client_id, consent, False, now)


def stands(context: Context, client_id: int) -> dict[str, bool]:
    with context.db.read() as tx:
        return {each.id: each.yes for each in choices.consents(tx, context, client_id, "en")}


@pytest.mark.parametrize("secret", ["the same", "another"])
def test_a_consent_that_was_taken_back_after_the_backup_stays_taken_back(
    context: Context, restored: Restored, tmp_path: Path, secret: str
) -> None:
    """Of two with the same consents; one of the two gave another again meanwhile."""
    kept = replace(context, journal=tmp_path / "aftercare.journal")
    whose = [answered(kept, number).client_id for number in range(3)]
    before = stands(kept, whose[0])
    assert before["consent_exercise"]
    assert before["consent_email"]
    copy = copied(kept.db, tmp_path)
    takes_back(kept, whose[0], "consent_exercise", LATER)
    for consent in ("consent_exercise", "consent_email"):
        takes_back(kept, whose[1], consent, LATER)
    with kept.db.begin() as tx:
        again = LATER + timedelta(minutes=5)
        assert choices.decide(tx, kept, whose[1], "consent_email", True, again)
    journal.keep(kept, LATER)
    app = restored(copy, kept.journal)
    old: Context = app.extensions["aftercare"]
    if secret == "another":
        app.extensions["aftercare"] = old = replace(
            old, link_key=b"another" * 8, old_keys=(old.link_key, *old.old_keys)
        )
    assert stands(old, whose[0]) == before
    assert "2 consents withdrawn again." in run(app, "restored").output
    taken_back = before | {"consent_exercise": False}
    assert [stands(old, each) for each in whose] == [taken_back, taken_back, before]
    assert "0 consents withdrawn again." in run(app, "restored").output
    assert kept.journal is not None
    assert "consent" not in kept.journal.read_text()


@pytest.mark.parametrize(
    ("said", "then", "lost"),
    [
        ("no", None, ["consent_exercise"]),
        ("yes", None, []),
        ("no", True, []),
        ("yes", False, ["consent_exercise"]),
    ],
)
def test_a_no_in_a_later_form_outlives_a_restore_unless_a_yes_came_after_it(
    context: Context, restored: Restored, tmp_path: Path, said: str, then: bool | None, lost: list[str]
) -> None:
    """Of a couple with one address, one comes a second time; the form of then is lost with the database."""
    kept = replace(context, journal=tmp_path / "aftercare.journal")
    couple = [
        second(kept, f"c{name[:2]}", name, NOW - timedelta(days=41)) for name in ("Ana Ruiz", "Bo Koch")
    ]
    for each in couple:
        answer(kept, each.id, NOW - timedelta(days=40))
    whose = [each.client_id for each in couple]
    assert len(set(whose)) == 2
    before = [stands(kept, each) for each in whose]
    copy = copied(kept.db, tmp_path)
    again = second(kept, "c9", "Ana Ruiz", NOW)
    with kept.db.begin() as tx:
        asked = form.open_intake(tx, kept, again.id, NOW)
        assert asked is not None
        assert asked.ask is None or form.for_me(tx, kept, asked, str(TAPPED["date_of_birth"]), NOW)
        asked = form.open_intake(tx, kept, again.id, NOW)
        assert asked is not None
        form.ask_everything(tx, kept, asked, NOW)
    answer(kept, again.id, NOW, consent_exercise=said)
    if then is not None:
        with kept.db.begin() as tx:
            assert choices.decide(tx, kept, whose[0], "consent_exercise", then, NOW + timedelta(hours=1))
    known = stands(kept, whose[0])
    journal.keep(kept, LATER)
    app = restored(copy, kept.journal)
    old: Context = app.extensions["aftercare"]
    assert [stands(old, each) for each in whose] == before
    assert f"{len(lost)} consents withdrawn again." in run(app, "restored").output
    assert stands(old, whose[0]) == known == before[0] | dict.fromkeys(lost, False)
    assert stands(old, whose[1]) == before[1]


def second(context: Context, uid: str, name: str, now: datetime) -> Booking:
    """One more visit of a couple with one address."""
    receive(
        context,
        webhook("created", now, uid=uid, email="two@example.org", name=name, start=now + timedelta(days=7)),
    )
    work.work_once(context, now)
    with context.db.read() as tx:
        return max(bookings.listing(tx, email="two@example.org"), key=lambda each: each.id)


def answered(context: Context, number: int) -> Booking:
    made = book(context, uid=f"c{number}", email=f"c{number}@example.org", name=f"Client {number}")
    answer(context, made.id, NOW)
    return made


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


def wants_nothing(context: Context, booking_id: int, now: datetime) -> bool:
    with context.db.begin() as tx:
        comes = attendances.current(tx, booking_id)
        point = get(tx, comes.email_id if comes else None)
    return point is not None and bool(point.stopped)


def test_a_worker_waits_for_a_word_and_nothing_that_had_ended_comes_back(
    clinic: Clinic, restored: Restored, mailbox: Mailbox
) -> None:
    later = lives_on(clinic)
    before = len(mailbox.mails)
    app = restored(clinic.copy, clinic.context.journal)
    old: Context = app.extensions["aftercare"]
    refused = run(app, "work", "--once", "--now", LATER.isoformat())
    assert refused.exit_code == 1
    assert "flask --app app restored" in refused.output
    assert len(mailbox.mails) == before
    said = run(app, "restored")
    assert said.exit_code == 0, said.output
    for line in ("1 clients erased again.", "2 links ended again.", "1 accounts deactivated again."):
        assert line in said.output
    assert "1 addresses left alone again." in said.output
    assert "new@handsofstone.example had another password" in said.output
    assert run(app, "work", "--once", "--now", LATER.isoformat()).exit_code == 0
    assert len(mailbox.mails) == before
    with old.db.begin() as tx:
        assert clients.get(tx, clinic.gone.client_id).name == ""
        assert clients.get(tx, clinic.stays.client_id).name == "Bo Berg"
        assert [one.email for one in staff.every(tx) if not one.active] == ["left@handsofstone.example"]
        for purpose in (LinkPurpose.intake, LinkPurpose.plan):
            again = links.issue(tx, old, purpose, clinic.stays.id, LATER, NOW + timedelta(days=30))
            assert again not in (clinic.link, later)
    assert not clinic.opens(old, clinic.link, LinkPurpose.intake)
    assert not clinic.opens(old, later, LinkPurpose.plan)
    assert wants_nothing(old, clinic.stays.id, LATER)
    assert wants_nothing(old, book(old, LATER, uid="u9", email="cy@example.org", name="Cy Dahl").id, LATER)


def test_the_same_word_twice_changes_nothing_and_the_next_restore_asks_again(
    clinic: Clinic, restored: Restored, tmp_path: Path
) -> None:
    lives_on(clinic)
    app = restored(clinic.copy, clinic.context.journal)
    old: Context = app.extensions["aftercare"]
    assert run(app, "restored").exit_code == 0
    again = run(app, "restored")
    assert again.output.startswith("0 clients erased again.\n0 links ended again.\n0 addresses")
    journal.check(old)
    oldest = copied(old.db, tmp_path)
    with old.db.begin() as tx:
        audit.add(tx, "mara", "view", "booking:1", LATER)
    journal.keep(old, LATER)
    journal.check(old)
    with pytest.raises(journal.Older):
        journal.check(restored(oldest, old.journal).extensions["aftercare"])


def test_a_database_that_goes_on_is_never_older_than_its_journal(context: Context, tmp_path: Path) -> None:
    kept = replace(context, journal=tmp_path / "aftercare.journal")
    for number in range(3):
        journal.check(kept)
        book(kept, uid=f"u{number}", email=f"zoe{number}@example.org")
        with kept.db.begin() as tx:
            audit.add(tx, "mara", "view", f"booking:{number}", NOW)
        journal.keep(kept, NOW)
        assert not journal.unsaved(kept)
        work.work_once(kept, LATER)
    assert kept.journal is not None
    assert kept.journal.stat().st_mode & 0o077 == 0
    assert "zoe" not in kept.journal.read_text().casefold()


def test_entries_that_somebody_took_from_the_end_of_the_log_are_missed_for_good(
    clinic: Clinic, restored: Restored
) -> None:
    """Who can write into the database puts the head back, too; the worker goes on meanwhile."""
    context = clinic.context
    app = restored(context.db.engine.url.render_as_string(hide_password=False), context.journal)
    write_entries(context, 3)
    journal.keep(context, NOW)
    assert run(app, "audit", "verify").exit_code == 0
    with context.db.begin() as tx:
        unguard(tx)
        last = tx.all(sa.select(log.c.id, log.c.hash).order_by(log.c.id.desc()).limit(3))
        tx.run(sa.delete(log).where(log.c.id.in_([row.id for row in last[:2]])))
        head = audit.head(tx)[0]
        tx.run(sa.update(audit_head).values(entries=head - 2, hash=last[2].hash))
    for after in range(3):
        journal.keep(context, LATER)
        assert heard(context) == {TroubleKind.log_cut}, after
        assert "lacks entries that the journal knows" in run(app, "check").output
        found = run(app, "audit", "verify")
        assert "entries at the end" in found.output or "the journal knows" in found.output, after
        write_entries(context, 1)
    with pytest.raises(journal.Older):
        journal.check(context)
    assert run(app, "restored").exit_code == 0
    assert heard(context) == set()
    journal.check(context)
    journal.keep(context, LATER)
    assert not journal.unsaved(context)
    assert "triggers" in run(app, "audit", "verify").output


def heard(context: Context) -> set[TroubleKind]:
    """What the banner of the console says, of journal and log."""
    with context.db.read() as tx:
        kinds = {each.kind for each in troubles.current(tx)}
    return kinds & {TroubleKind.journal, TroubleKind.log_cut, TroubleKind.journal_unkept}


def test_a_journal_that_cannot_be_written_is_said_mailed_once_and_over_when_it_can(
    clinic: Clinic, restored: Restored, mailbox: Mailbox, tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    context = replace(clinic.context, journal=folder / "aftercare.journal")
    app = restored(context.db.engine.url.render_as_string(hide_password=False), context.journal)
    if context.db.sqlite:
        assert "The journal cannot be written" in run(app, "check").output, "before any worker has tried"
    for _ in range(2):
        journal.keep(context, NOW)
        assert heard(context) == {TroubleKind.journal_unkept}
        assert f"{folder}/aftercare.journal: No such file or directory" in run(app, "check").output
        watch.mail(context, NOW)
    folder.mkdir()
    journal.keep(context, LATER)
    assert heard(context) == set()
    watch.mail(context, LATER)
    (began,), (over,) = mailbox.of("trouble"), mailbox.of("trouble_over")
    assert "could not be written since" in began.as_string()
    assert "The journal is written again" in over.as_string()


@pytest.mark.parametrize("harm", ["a folder", "another's"])
def test_a_journal_that_cannot_be_read_is_lost_and_stops_no_worker(
    clinic: Clinic, harm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = replace(clinic.context, journal=tmp_path / "aftercare.journal")
    assert context.journal is not None
    journal.keep(context, NOW)
    if harm == "a folder":
        context.journal.unlink()
        context.journal.mkdir()
    else:
        monkeypatch.setattr(Path, "read_text", lambda *_args: (_ for _ in ()).throw(PermissionError()))
    assert journal.look(context, NOW) == {TroubleKind.journal}
    journal.check(context)


def without(number: int) -> Callable[[str], str]:
    def cut(text: str) -> str:
        found = text.splitlines(keepends=True)
        del found[number]
        return "".join(found)

    return cut


HARMS: dict[str, Callable[[str], str | None]] = {
    "gone": lambda _: None,
    "empty": lambda _: "",
    "without its first line": without(0),
    "without its last line": without(-1),
    "without its head": without(-2),
    "changed": lambda text: text.replace(" on ", " off "),
    "cut": lambda text: text[: len(text) // 2],
    "added to": lambda text: f"{text}staff 9 off abc\n",
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_journal_that_is_gone_cut_or_changed_reaches_a_person_who_ends_the_alarm(
    clinic: Clinic, mailbox: Mailbox, harm: str
) -> None:
    context, path = clinic.context, clinic.context.journal
    assert path is not None
    for _ in range(3):
        journal.keep(context, NOW)
        write_entries(context, 1)
    assert heard(context) == set()
    found = HARMS[harm](path.read_text())
    path.unlink()
    if found is not None:
        path.write_text(found)
    for _ in range(2):
        journal.keep(context, LATER)
        watch.mail(context, LATER)
        assert heard(context) == {TroubleKind.journal}
    assert journal.is_whole(context, journal.kept(context)), "what ends from now on is kept"
    (mail,) = mailbox.of("trouble")
    assert "--accept" in mail.as_string()
    journal.accept(context, "mara", LATER)
    assert heard(context) == set()
    watch.mail(context, LATER)
    assert len(mailbox.of("trouble_over")) == 1


def test_a_missing_journal_is_named_before_and_after_a_worker_has_looked(
    clinic: Clinic, restored: Restored
) -> None:
    context, path = clinic.context, clinic.context.journal
    assert path is not None
    app = restored(context.db.engine.url.render_as_string(hide_password=False), path)
    journal.keep(context, NOW)
    rotated = (context.link_key, *context.old_keys)
    assert journal.wrong(replace(context, link_key=b"another" * 8, old_keys=rotated)) == set()
    path.unlink()
    if context.db.sqlite:  # beside PostgreSQL only the worker knows where its file is
        assert "was gone or changed" in run(app, "check").output
    journal.keep(context, LATER)
    assert "was gone or changed" in run(app, "check").output
    assert run(app, "journal", "--accept").exit_code == 0
    assert heard(context) == set()


def test_a_journal_of_an_earlier_version_is_no_alarm(clinic: Clinic) -> None:
    path = clinic.context.journal
    assert path is not None
    path.write_text("audit 1 abc\n".replace("1 abc", "{} {}".format(*head(clinic.context))))
    journal.keep(clinic.context, NOW)
    assert heard(clinic.context) == set()
    assert journal.is_whole(clinic.context, journal.kept(clinic.context))


def head(context: Context) -> tuple[int, str]:
    with context.db.read() as tx:
        return audit.head(tx)


def test_an_orderly_stop_keeps_what_ended_last(clinic: Clinic) -> None:
    journal.keep(clinic.context, NOW)
    stop = threading.Event()

    def end_while_it_runs() -> None:
        write_entries(clinic.context, 1)
        stop.set()

    work.work(clinic.context, stop, end_while_it_runs, "w")
    assert not journal.unsaved(clinic.context)


def test_a_journal_from_before_a_restore_still_verifies_the_log(
    clinic: Clinic, restored: Restored, tmp_path: Path
) -> None:
    lives_on(clinic)
    printed = tmp_path / "printed.txt"
    printed.write_text("".join(f"{line}\n" for line in journal.lines(clinic.context)))
    app = restored(clinic.copy, clinic.context.journal)
    assert run(app, "restored", "--journal", str(printed)).exit_code == 0
    said = run(app, "audit", "verify", "--journal", str(printed))
    assert said.exit_code == 0, said.output
    assert "were lost by a restore" in said.output
    printed.write_text(printed.read_text().replace(" off ", " on "))
    assert "cut or changed" in run(app, "restored", "--journal", str(printed)).output


def write_entries(context: Context, count: int) -> None:
    for number in range(count):
        with context.db.begin() as tx:
            audit.add(tx, "mara", "view", f"booking:{number}", NOW)


def test_without_a_journal_nothing_is_asked(context: Context) -> None:
    journal.keep(context, NOW)
    journal.check(context)


def test_a_full_disk_keeps_the_journal_of_before(context: Context, tmp_path: Path) -> None:
    kept = replace(context, journal=tmp_path / "missing" / "aftercare.journal")
    with kept.db.begin() as tx:
        audit.add(tx, "mara", "view", "booking:1", NOW)
    journal.keep(kept, NOW)
    journal.check(kept)


@drawn(st.text(alphabet=st.sampled_from("audit ended stopped staff on off 0 1 9 ab²\n"), max_size=60))
def test_a_journal_that_somebody_wrote_into_is_still_read(text: str) -> None:
    found = journal.read(f"{text}\naudit 7 abc\nended plan 3 def\nstaff 2 off ghi\nstopped jkl\nmno")
    assert found.heads[7] == "abc"
    assert ("plan", 3, "def") in found.ended
    assert not found.accounts[2].active
    assert "jkl" in found.stopped
    assert "mno" in found.erased
