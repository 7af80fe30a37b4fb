"""The command line, as whoever runs it and tests from outside use it."""

import json
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from flask import Flask
from flask.cli import FlaskGroup

import app as application
import settings as configuration
from handlers.context import Context
from handlers.worker import backups, watch
from integrations.base import IntegrationError
from settings.values import Sms
from store import audit, connections, migrate, receipts
from store.base import Database, DatabaseError
from store.tables import attendances
from store.vault import Vault
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW, environ
from tests.helpers.console import BASE, account, sign_in
from tests.helpers.content import CONTENT, change
from tests.helpers.log import unguard
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from tests.helpers.readable_scheduler import reading
from tests.helpers.seals import allow_unbound
from tests.helpers.visits import book


@pytest.fixture
def app(given: configuration.Settings, context: Context) -> Iterator[Flask]:
    """The application on the same database as `context`."""
    made = application.create_app(given)
    with made.app_context():
        yield made
    made.extensions["aftercare"].db.close()


def run(app: Flask, *words: str) -> Result:
    """One command."""
    return app.test_cli_runner().invoke(args=list(words))


def told(app: Flask, *words: str) -> Any:
    """What a command says in JSON."""
    result = run(app, *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_status_says_what_waits_what_is_due_and_whether_a_worker_is_alive(
    app: Flask, context: Context
) -> None:
    book(context)
    status = told(app, "status", "--json")
    assert status["receipts"]["done"] == 1
    assert status["receipts"]["pending"] == 0
    assert status["deliveries"]["scheduled"] + status["deliveries"]["due"] >= 3
    assert {each["name"] for each in status["connections"]} == {"main", "site"}
    assert set(status["worker"]) == {"seen_at", "alive"}


def test_status_says_when_each_scheduler_was_last_read_to_the_end(app: Flask, context: Context) -> None:
    def said() -> tuple[str | None, str | None]:
        found = next(one for one in told(app, "status", "--json")["connections"] if one["name"] == "main")
        return found["last_reconcile_at"], found["last_read_at"]

    begun, ended = NOW, NOW + timedelta(hours=1)
    with context.db.begin() as tx:
        connections.claim_reading(tx, "main", begun, ended, timedelta(days=1))
        under_way = connections.begin_reading(tx, "main", begun)
    assert under_way is not None
    assert said() == (begun.isoformat(), None)
    with context.db.begin() as tx:
        connections.end_reading(tx, "main", under_way.read_number, ended, ended)
    assert said() == (ended.isoformat(), begun.isoformat())


def test_bookings_are_listed_by_client_with_what_is_owed_and_why(app: Flask, context: Context) -> None:
    book(context)
    book(context, uid="u2", email="other@example.org", name="Other")
    found = told(app, "bookings", "--json", "--client", "ZOE@example.org")
    assert [each["client"] for each in found] == ["zoe@example.org"]
    assert found[0]["status"] == "confirmed"
    assert {each["purpose"] for each in found[0]["deliveries"]} >= {"intake", "plan"}
    assert run(app, "bookings").exit_code == 0


def test_the_clock_of_the_worker_is_an_argument(app: Flask, context: Context, mailbox: Mailbox) -> None:
    book(context)
    before = (NOW + timedelta(seconds=5)).isoformat()
    assert run(app, "work", "--once", "--now", before).exit_code == 0
    assert mailbox.kinds() == []
    after = (NOW + timedelta(seconds=30)).isoformat()
    assert run(app, "work", "--once", "--now", after).exit_code == 0
    assert mailbox.kinds() == ["intake"]
    assert run(app, "work", "--once", "--now", "tomorrow").exit_code == 2


def test_the_log_is_verified_against_its_journal(app: Flask, context: Context, tmp_path: Path) -> None:
    book(context)
    assert run(app, "bookings").exit_code == 0
    kept = tmp_path / "journal.txt"
    kept.write_text(run(app, "journal").output)
    assert re.search(r"^audit 1 [0-9a-f]{64}$", kept.read_text(), re.MULTILINE)
    with context.db.read() as tx:
        (line,) = audit.log(tx)
    assert (line.actor, line.subject, line.via[:3]) == ("command line", "command:bookings", "os:")
    assert run(app, "audit", "verify", "--journal", str(kept)).exit_code == 0
    assert run(app, "restored", "--journal", str(kept)).exit_code == 0
    with context.db.begin() as tx:
        unguard(tx)
        tx.conn.exec_driver_sql("UPDATE audit SET subject = 'command:other' WHERE actor = 'command line'")
    broken = run(app, "audit", "verify")
    assert broken.exit_code == 1
    assert f"entry {line.id} (" in broken.output


def test_a_simulated_booking_comes_in_like_a_real_one(app: Flask, context: Context) -> None:
    answer = told(app, "simulate", "main", "created", "--email", "sim@example.org")
    assert answer["status"] == 202
    assert told(app, "status", "--json")["receipts"]["pending"] == 1
    assert run(app, "simulate", "main", "exploded").exit_code == 2
    assert run(app, "simulate", "nowhere", "created").exit_code == 2


def test_a_receipt_is_processed_again_by_its_id(app: Flask, context: Context) -> None:
    book(context)
    with context.db.read() as tx:
        public_id = receipts.recent(tx)[0].public_id
    assert run(app, "replay", public_id).exit_code == 0
    assert told(app, "status", "--json")["receipts"]["pending"] == 1
    assert run(app, "replay", "r_unknown").exit_code == 1


def test_the_shipped_settings_and_content_are_in_order(app: Flask) -> None:
    result = run(app, "check")
    assert result.exit_code == 0, result.output


def test_a_key_that_opens_nothing_and_a_mail_server_that_is_silent_are_told(
    given: configuration.Settings, context: Context
) -> None:
    book(context)
    other = replace(
        given,
        field_keys=(Fernet.generate_key().decode(),),
        mail=replace(given.mail, port=free_port(), security="none"),
    )
    made = application.create_app(other)
    with made.app_context():
        result = run(made, "check", "--mail")
    assert result.exit_code == 1
    assert "FIELD_KEYS does not open" in result.output
    assert "The mail server does not answer" in result.output


def test_sealing_anew_says_how_many_and_what_does_not_open(
    app: Flask, given: configuration.Settings, context: Context
) -> None:
    book(context)
    assert "0 values sealed again." in run(app, "reseal").output
    other = application.create_app(replace(given, field_keys=(Fernet.generate_key().decode(),)))
    with other.app_context():
        lost = run(other, "reseal")
    assert lost.exit_code == 1
    assert "values do not open: flask check names them" in lost.output


def test_values_that_were_swapped_in_the_database_are_named_by_their_rows(
    app: Flask, context: Context
) -> None:
    for number in (1, 2):
        book(context, uid=f"u{number}", email=f"c{number}@example.org", name=f"Client {number}")
    said = attendances.c.sealed_said
    with context.db.begin() as tx:
        first, second = tx.all(sa.select(attendances).order_by(attendances.c.id))
        tx.change(attendances, first.id, sealed_said=second.sealed_said)
    checked = run(app, "check")
    assert checked.exit_code == 1
    assert f"Broken seal: attendances {first.id}, {said.name}: " in checked.output
    assert f"attendances {second.id}" not in checked.output
    assert "Client 2" not in checked.output


def test_the_setup_page_reads_no_sealed_value(
    app: Flask, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take minutes after some years; the worker reads them in rounds."""
    account(context)
    monkeypatch.setattr("handlers.worker.seals.batches", pytest.fail)
    assert sign_in(app).get("/console/setup", base_url=BASE).status_code == 200


def test_values_of_before_are_remarked_upon_until_they_are_bound(app: Flask, context: Context) -> None:
    with context.db.begin() as tx:
        allow_unbound(tx)
    assert "run flask reseal" in run(app, "check").output
    run(app, "reseal")
    assert "run flask reseal" not in run(app, "check").output


def test_the_mail_server_is_asked_when_that_is_wished(app: Flask, mailbox: Mailbox) -> None:
    assert run(app, "check", "--mail").exit_code == 0
    assert mailbox.mails == []


@pytest.mark.B6
def test_a_link_for_the_door_is_a_qr_code(app: Flask, context: Context, tmp_path: Path) -> None:
    booking = book(context)
    target = tmp_path / "door.svg"
    assert run(app, "qr", str(booking.id), str(target)).exit_code == 0
    assert target.read_text().lstrip().startswith("<svg")
    assert "https://care.test/i/" in run(app, "qr", str(booking.id)).output
    assert run(app, "qr", "999").exit_code == 2


def test_a_booking_is_exported_as_fhir_and_the_export_is_logged(app: Flask, context: Context) -> None:
    booking = book(context)
    fill_in(context, booking)
    assert told(app, "export", "--fhir", str(booking.id))["resourceType"] == "Bundle"
    assert run(app, "export", "--fhir", "999").exit_code == 2


def test_what_cannot_be_subscribed_or_read_says_so_in_a_sentence(app: Flask) -> None:
    assert "API key" in run(app, "register", "main").output
    assert run(app, "reconcile", "site").exit_code == 1
    assert run(app, "reconcile", "nowhere").exit_code == 2


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            IntegrationError("Slow down (429).", retry_after=30, status=429),
            0,
            "the worker reads on",
        ),
        (IntegrationError("It asked us to slow down.", retry_after=30), 0, "the worker reads on"),
        (IntegrationError("It failed (503).", retry_after=30, status=503), 1, "It failed (503)."),
        (IntegrationError("The key is wrong.", permanent=True, status=401), 1, "The key is wrong."),
    ],
    ids=["429", "limit", "503", "401"],
)
def test_a_limit_puts_the_rest_of_a_reading_off_and_is_no_failure(
    app: Flask, context: Context, error: IntegrationError, code: int, said: str
) -> None:
    ours, scheduler = reading(context)
    app.extensions["aftercare"] = replace(app.extensions["aftercare"], schedulers=ours.schedulers)
    scheduler.trouble = error
    found = run(app, "reconcile", "main")
    assert (found.exit_code, said in found.output) == (code, True)
    with context.db.read() as tx:
        row = connections.get(tx, "main")
    assert row is not None
    assert (row.read_due_at is None) == (code == 1), "the worker knows when"


def test_remarks_are_told_once_for_each_kind(app: Flask) -> None:
    said = run(app, "check").output
    assert len(re.findall(r"(\d+) of \1 files of content are unreviewed", said)) == 1
    assert "connection main cannot be read" in said


@pytest.mark.parametrize(
    ("email", "reply_to", "remarked"),
    [
        ("No Reply <no-reply@clinic.example>", "", True),
        ("noreply@clinic.example", "The desk <desk@clinic.example>", False),
        ("care@clinic.example", "do.not.reply@clinic.example", True),
        ("care@clinic.example", "", False),
    ],
)
def test_replies_that_nobody_would_read_are_remarked_upon(
    given: configuration.Settings, email: str, reply_to: str, remarked: bool
) -> None:
    clinic = replace(given.clinic, email=email, reply_to=reply_to)
    made = application.create_app(replace(given, clinic=clinic))
    with made.app_context():
        assert ("CLINIC_REPLY_TO" in run(made, "check").output) is remarked


def test_what_nothing_reads_is_named_each_with_its_line(
    given: configuration.Settings, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    change(folder, "messages.toml", "rf26 = ", 'rf27 = "See us."\nrf28 = "See us."\nrf26 = ')
    change(folder, "mail/en.toml", "[sms]\n", '[party]\nsubject = "Hi"\n\n[sms]\nplan = "x"\n')
    change(
        folder,
        "regions.toml",
        "[[region]]",
        '[[region]]\nid = "tail"\nview = "back"\nlabel = "Tail"\nsides = false\n\n[[region]]',
    )
    made = application.create_app(replace(given, content=folder, remarks=("SMTP_USER is read by nothing.",)))
    with made.app_context():
        said = run(made, "check")
    lines = [re.sub(r":\d+:", ":", line) for line in said.output.splitlines()]
    assert said.exit_code == 0
    for expected in (
        "Remark: content/messages.toml: messages.rf27: is read by nothing",
        "Remark: content/messages.toml: messages.rf28: is read by nothing",
        "Remark: content/mail/en.toml: party: is read by nothing",
        "Remark: content/mail/en.toml: sms.plan: is read by nothing",
        "Remark: content/regions.toml: tail: is not drawn on the body",
        "Remark: SMTP_USER is read by nothing.",
    ):
        assert expected in lines


def test_a_safety_check_that_is_asked_in_english_is_named_by_its_file(
    given: configuration.Settings, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    (folder / "fr").mkdir()
    shutil.copy(folder / "es" / "messages.toml", folder / "fr")
    offered = replace(given.clinic, languages=("en", "es", "fr"))
    made = application.create_app(replace(given, content=folder, clinic=offered))
    with made.app_context():
        said = run(made, "check").output
    found = re.findall(
        r"content/(\S+):1: file: does not translate (\d+) of (\d+) questions of the safety", said
    )
    assert {file for file, _, _ in found} == {
        f"fr/questionnaires/{name}.toml" for name in ("checkin", "first_visit", "returning", "short")
    }
    assert all(count == of for _, count, of in found)


def test_a_command_without_its_tables_says_what_to_run(given: configuration.Settings, tmp_path: Path) -> None:
    bare = application.create_app(replace(given, database_url=f"sqlite:///{tmp_path / 'bare.db'}"))
    with bare.app_context():
        for words in (
            ("status",),
            ("bookings",),
            ("replay", "r_1"),
            ("staff", "list"),
            ("client", "erase", "1", "--yes"),
        ):
            said = run(bare, *words)
            assert said.exit_code == 1
            assert "flask --app app migrate" in said.output
            assert "Traceback" not in said.output

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (["--help"], 0, "Run the worker."),
            (["staff", "add", "--help"], 0, "--role"),
            (["staff", "list"], 1, "PUBLIC_URL is not set"),
            (["check"], 1, "PUBLIC_URL is not set"),
            (["routes"], 1, "PUBLIC_URL is not set"),
        ],
    )
    def test_without_settings_the_commands_are_listed_and_each_says_what_is_missing(
        monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
    ) -> None:
        monkeypatch.setattr(configuration, "environment", dict)
        flask = FlaskGroup(create_app=lambda: application.create_app(), load_dotenv=False)
        result = CliRunner().invoke(flask, words)
        assert (result.exit_code, said in result.output) == (code, True), result.output


def test_of_a_database_that_is_not_there_no_backup_is_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError):
        Database(f"sqlite:///{tmp_path / 'lost.db'}", Vault([Fernet.generate_key().decode()])).backup(
            tmp_path / "copy.db"
        )
    assert not (tmp_path / "copy.db").exists()


def test_a_database_of_a_newer_version_is_left_alone_and_said_to_be_one(app: Flask, context: Context) -> None:
    with context.db.begin() as tx:
        tx.run(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for words in (("migrate",), ("check",), ("work", "--once"), ("restored",), ("setup",)):
        said = run(app, *words)
        assert said.exit_code == 1, words
        assert "its schema is 9999" in said.output, words
        assert "Install the newer version again" in said.output
    with context.db.read() as tx:
        assert migrate.revision(tx) == "9999"


def test_migrating_says_what_it_did(app: Flask, context: Context, tmp_path: Path) -> None:
    assert "Nothing was changed" in run(app, "migrate").output
    given = configuration.load(environ(f"sqlite:///{tmp_path / 'empty.db'}", 25))
    made = application.create_app(given)
    with made.app_context():
        first = run(made, "migrate").output
    made.extensions["aftercare"].db.close()
    assert f"it was empty and has the schema {migrate.newest()} now" in first
    assert "Next: flask --app app check" in first


def test_resealing_says_when_old_keys_can_go(
    app: Flask, given: configuration.Settings, context: Context
) -> None:
    book(context)
    renewed = (Fernet.generate_key().decode(), *given.field_keys)
    other = application.create_app(replace(given, field_keys=renewed))
    with other.app_context():
        first, second = (run(other, "reseal").output for _ in range(2))
    assert "Give the command once more" in first
    assert "Keys behind it can go" not in first
    assert "0 values sealed again." in second
    assert "Keys behind it can go" in second


def test_who_restores_without_a_journal_hears_what_is_not_known(app: Flask, tmp_path: Path) -> None:
    assert "No journal is here and none was given" in run(app, "restored").output
    (tmp_path / "journal").write_text("Zoë's list", "utf-8")
    other = run(app, "restored", "--journal", str(tmp_path / "journal"))
    assert (other.exit_code, "cut or changed" in other.output) == (0, True)


def test_a_backup_is_whole_and_for_its_owner_alone(app: Flask, context: Context, tmp_path: Path) -> None:
    booking, copy = book(context), tmp_path / "copy.db"
    result = run(app, "backup", str(copy))
    if not context.db.sqlite:
        assert "pg_dump" in result.output
        return
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as found:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert found.execute("SELECT id FROM bookings").fetchall() == [(booking.id,)]
    again = run(app, "backup", str(copy))
    assert (again.exit_code, "File exists" in again.output) == (1, True)


def test_check_remarks_that_no_backup_is_known_and_says_when_a_known_one_stopped(
    app: Flask, context: Context
) -> None:
    remark, trouble = "no backup that is made regularly is known here", "Trouble: No backup was made for"
    assert remark in run(app, "check").output
    for wrong in ([], ["--made", "copy.db"]):
        assert "Name the new file, or give" in run(app, "backup", *wrong).output
    with context.db.begin() as tx:
        backups.note_made(tx, "command line", datetime.now(UTC) - timedelta(days=3))
    said = run(app, "check").output
    assert remark not in said
    assert f"{trouble} 3 days" in said, "no worker has looked yet"
    watch.look(context, datetime.now(UTC))
    assert run(app, "check").output.count(f"{trouble} 3 days") == 1
    assert f"{trouble[9:]} 3 days" in run(app, "status", "--json").output
    for mended in ("--made", "--elsewhere"):
        assert run(app, "backup", mended).exit_code == 0
        said = run(app, "check").output
        assert (remark in said, trouble in said) == (False, False)


@pytest.mark.parametrize(("name", "parts"), [("Hands of Stone", 0), ("Clínica Médica", 3)])
def test_check_counts_the_parts_of_a_text(
    given: configuration.Settings, context: Context, name: str, parts: int
) -> None:
    sms = Sms("AC1", "token", "+15550100100", "https://api.twilio.com")
    clinic = replace(given.clinic, name=name, languages=("en", "es"))
    made = application.create_app(replace(given, sms=sms, clinic=clinic))
    with made.app_context():
        said = run(made, "check").output
    assert ("a text in 'es' is paid as" in said) is bool(parts)
    assert f"is paid as {parts}" in said or not parts
    made.extensions["aftercare"].db.close()


def test_content_is_signed_and_listed_and_a_changed_file_is_unreviewed_again(
    given: configuration.Settings, context: Context, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    account(context, "ana@handsofstone.example", "Ana Pérez")
    made = application.create_app(replace(given, content=folder))
    clam = "exercises/act_clam.toml"
    with made.app_context():
        assert told(made, "review", "list", "--json")[0]["state"] == "unreviewed"
        signed = run(
            made, "review", "sign", clam, str(folder / "es/pages.toml"), "--as", "ANA@handsofstone.example"
        )
        assert signed.exit_code == 0, signed.output
        (found,) = [one for one in told(made, "review", "list", "--json") if one["file"] == clam]
        assert (found["language"], found["state"], found["who"]) == ("en", "reviewed", "Ana Pérez, LMT")
        assert (
            f"{clam}  en  reviewed  Ana Pérez, LMT  until {found['until'][:10]}"
            in run(made, "review", "list").output
        )
        assert "es/pages.toml  es  reviewed" in run(made, "review", "list").output
        change(folder, clam, "id = ", "# another\nid = ")
        assert f"{clam}  en  unreviewed  (changed since it was signed)" in run(made, "review", "list").output
        for words in (
            (clam, "--as", "nobody@care.test"),
            ("clinic.toml", "--as", "ana@handsofstone.example"),
        ):
            refused = run(made, "review", "sign", *words)
            assert refused.exit_code == 1
            assert refused.output.startswith("Error: ")
    made.extensions["aftercare"].db.close()
