"""The database: transactions, times, who may read the file, the schema."""

import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from handlers.context import Context
from schemas.booking import Person
from schemas.person import ContactKind, MessageKind
from store import base, client_words, clients, connections, contacts, migrate, tables
from store.base import Database, DatabaseError, Tx, UtcDateTime
from store.running import troubles, workers
from store.vault import SealBroken, Vault
from tests.helpers.clinic import NOW
from tests.helpers.databases import fresh_postgres
from tests.helpers.processes import ROOT


def keys(count: int = 1) -> list[str]:
    """Fresh sealing keys."""
    return [Fernet.generate_key().decode() for _ in range(count)]


class Boom(Exception):
    """Something goes wrong in the middle."""


def test_a_transaction_that_fails_leaves_nothing_behind(context: Context) -> None:
    def fail() -> None:
        with context.db.begin() as tx:
            workers.beat(tx, "w", NOW)
            raise Boom

    with pytest.raises(Boom):
        fail()
    with context.db.read() as tx:
        assert workers.last_seen(tx, NOW) is None


def test_times_come_back_aware_and_in_utc_whatever_zone_they_had(context: Context) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    with context.db.begin() as tx:
        workers.beat(tx, "w", local)
        seen = workers.last_seen(tx, NOW)
    assert seen == NOW
    assert seen.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(context: Context) -> None:
    with pytest.raises(DatabaseError), context.db.begin() as tx:
        workers.beat(tx, "w", datetime(2026, 1, 1))


def test_many_threads_write_at_once_and_none_is_lost(context: Context) -> None:
    def run(number: int) -> None:
        with context.db.begin() as tx:
            workers.beat(tx, f"w{number}", NOW)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with context.db.read() as tx:
        assert len(tx.all(sa.select(tables.workers))) == 20


def test_a_named_lock_lets_one_transaction_through(context: Context) -> None:
    inside: list[int] = []
    most: list[int] = []

    def run(number: int) -> None:
        with context.db.begin() as tx:
            tx.lock("one")
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 8


def test_the_file_belongs_to_us_alone_and_is_written_through(tmp_path: Path) -> None:
    path = tmp_path / "var" / "a.db"
    db = Database(f"sqlite:///{path}", Vault(keys()))
    migrate.upgrade(db)
    with db.begin() as tx:
        pragmas = {
            name: tx.conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
        workers.beat(tx, "w", NOW)
        modes = [stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()]
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    assert set(modes) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    db.close()


def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    if context.db.sqlite:
        pytest.skip("a file hangs up on nobody")
    monkeypatch.setattr(base, "UNUSED", 0.0)
    with context.db.read() as tx:
        number = tx.value(sa.select(sa.func.pg_backend_pid()))
    other = sa.create_engine(context.db.engine.url)
    with other.begin() as conn:
        assert conn.exec_driver_sql(f"SELECT pg_terminate_backend({number})").scalar_one()
    other.dispose()
    with context.db.read() as tx:
        assert tx.value(sa.select(sa.func.pg_backend_pid())) != number


def test_a_sign_of_life_by_a_clock_that_was_ahead_says_nothing(context: Context) -> None:
    with context.db.begin() as tx:
        workers.beat(tx, "dead", NOW + timedelta(days=1))
        assert workers.last_seen(tx, NOW) is None
        workers.beat(tx, "living", NOW)
        assert workers.last_seen(tx, NOW) == NOW


def test_a_reader_is_not_kept_waiting_by_a_writer(context: Context) -> None:
    with context.db.begin() as writing:
        workers.beat(writing, "w", NOW)
        with context.db.read() as reading:
            assert workers.last_seen(reading, NOW) is None


def test_what_is_new_about_a_client_is_taken_over_and_what_is_missing_stays(context: Context) -> None:
    with context.db.begin() as tx:
        zoe = clients.make(tx, Person("Zoë Łuć", "Zoe@Example.org"), "US", NOW)
        clients.describe(tx, zoe, Person("", "", phone="+15550100123"), "US")
        row = clients.get(tx, zoe)
    assert (row.name, row.email, row.phone) == ("Zoë Łuć", "Zoe@Example.org", "+15550100123")


def test_a_no_is_kept_at_the_address_at_its_first_time(context: Context) -> None:
    with context.db.begin() as tx:
        place = contacts.ensure(tx, ContactKind.email, "zoe@example.org", NOW)
        said = [contacts.stop(tx, place, tuple(MessageKind), "link", NOW) for _ in range(2)]
        found = contacts.get(tx, contacts.ensure(tx, ContactKind.email, "zoe@example.org", NOW))
        assert said == [True, False]
        assert found is not None
        assert found.stopped == set(MessageKind)
        assert contacts.start(tx, place, [MessageKind.care])
        again = contacts.get(tx, place)
    assert again is not None
    assert again.stopped == {MessageKind.checkins}


# ---- the schema


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a.db'}"
    return fresh_postgres(request.getfixturevalue("postgres_server"), template="template0")


def test_migrations_make_exactly_the_tables_that_the_code_knows(empty: str) -> None:
    db = Database(empty, Vault(keys()))
    assert not migrate.is_current(db)
    migrate.upgrade(db)
    assert migrate.is_current(db)
    with db.read() as tx:
        found = sa.inspect(tx.conn)
        for table in tables.metadata.sorted_tables:
            columns = {column["name"] for column in found.get_columns(table.name)}
            assert columns == {column.name for column in table.columns}, table.name
            indexes = {index["name"] for index in found.get_indexes(table.name)}
            plain = [index for index in table.indexes if set(index.expressions) <= set(table.columns)]
            assert {index.name for index in plain} <= indexes, (
                table.name
            )  # others are not reflected everywhere
    db.close()


def test_a_connection_that_was_read_before_is_not_at_its_first_reading(empty: str) -> None:
    db = Database(empty, Vault(keys()))
    with db.begin() as tx:
        command.upgrade(migrate.config(tx.conn), "0001")
        for name, read_at in (("old", NOW), ("new", None)):
            known = {"name": name, "scheduler": "calcom", "first_seen_at": NOW}
            table = tables.connections
            tx.run(sa.insert(table).values(**known, last_reconcile_at=read_at))
    migrate.upgrade(db)
    with db.read() as tx:
        assert [row.last_read_at for row in connections.every(tx)] == [None, NOW]
    db.close()


def test_what_was_wrong_with_a_connection_is_a_trouble_and_is_not_mailed_again(empty: str) -> None:
    db = Database(empty, Vault(keys()))
    clock = "A genuine webhook was refused: its time is over 5 minutes from ours."
    old = sa.table(
        "connections",
        *(sa.column(name) for name in ("name", "scheduler", "trouble")),
        *(sa.column(name, UtcDateTime()) for name in ("first_seen_at", "trouble_at", "told_at")),
    )
    with db.begin() as tx:
        command.upgrade(migrate.config(tx.conn), "0009")
        for name, words, told in (
            ("a", "It is down.", NOW),
            ("b", clock, None),
            ("c", "", NOW),
            ("d", "", None),
        ):
            known = {"name": name, "scheduler": "calcom", "first_seen_at": NOW, "trouble": words}
            tx.run(sa.insert(old).values(**known, trouble_at=NOW if words else None, told_at=told))
    migrate.upgrade(db)
    with db.read() as tx:
        found = {(each.name, str(each.kind), each.mailed_at) for each in troubles.current(tx)}
    assert found == {("a", "unreadable", NOW), ("b", "clock", None), ("c", "quiet", NOW)}
    db.close()


def test_only_whom_a_question_reached_counts_as_asked(empty: str) -> None:
    db = Database(empty, Vault(keys()))
    with db.begin() as tx:
        command.upgrade(migrate.config(tx.conn), "0001")
        made = {"identity": "i", "name": "Noor", "phone": "٢١٢ ٥٥٥ ٠١٢٣", "created_at": NOW}
        old = sa.table(
            "clients",
            *(sa.column(name, sa.DateTime(timezone=True) if name == "created_at" else None) for name in made),
        )
        tx.run(sa.insert(old).values(made))
        client_id = tx.value(sa.select(tables.clients.c.id))
        booking_id = _old_row(
            tx, tables.bookings, client_id=client_id, connection="main", remote=False, earlier=False
        )
        plan_id = _old_row(tx, tables.plans, booking_id=booking_id, client_id=client_id, version=1)
        for kind, status, answered_at in (
            ("h24", "dead", None),
            ("d3", "sent", None),
            ("w1", "dead", NOW),
            ("w2", "skipped", None),
            ("tick:2026-11-27", None, None),
        ):
            asked = {"plan_id": plan_id, "kind": kind, "asked_at": NOW, "answered_at": answered_at}
            _old_row(tx, tables.checkins, booking_id=booking_id, **asked)
            if status:
                key = {"key": f"{booking_id}:checkin:{kind}:sms", "purpose": "checkin", "status": status}
                _old_row(tx, tables.deliveries, booking_id=booking_id, channel="sms", **key)
    migrate.upgrade(db)
    with db.read() as tx:
        asked_at = {row.kind: row.asked_at for row in tx.all(sa.select(tables.checkins))}
        assert asked_at == {"h24": None, "d3": NOW, "w1": NOW, "w2": None, "tick:2026-11-27": NOW}
        assert [row.id for row in client_words.find(tx, "(212) 555-0123", "US")] == [client_id]
    db.close()


def _old_row(tx: Tx, table: sa.Table, **values: object) -> int:
    """A row as an older schema took it: times are now, and what was sealed is empty."""
    there = {column["name"] for column in sa.inspect(tx.conn).get_columns(table.name)}
    columns = {column.name: column for column in table.columns if column.name in there}
    times = {name for name, column in columns.items() if name.endswith("_at") and not column.nullable}
    sealed = {name for name in columns if name.startswith("sealed_")}
    whole = dict.fromkeys(times, NOW) | dict.fromkeys(sealed, b"") | values
    return int(tx.value(sa.insert(table).values(whole).returning(table.c.id)))


def test_several_processes_may_migrate_at_once(empty: str) -> None:
    several = [Database(empty, Vault(keys())) for _ in range(3)]
    errors: list[Exception] = []

    def run(db: Database) -> None:
        try:
            migrate.upgrade(db)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(db,)) for db in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for db in several:
        assert migrate.is_current(db)
        db.close()


def test_a_connection_is_known_since_its_first_day(context: Context) -> None:
    with context.db.begin() as tx:
        connections.ensure(tx, "main", "calcom", NOW + timedelta(days=30))
        (main, _site) = connections.every(tx)
    assert main.first_seen_at == NOW


# ---- sealing


def test_a_sealed_value_opens_with_the_new_and_the_old_key_only() -> None:
    old, new, other = keys(3)
    sealed = Vault([old]).seal(b"pain: 7", "here")
    assert b"pain" not in sealed
    assert Vault([new, old]).open(sealed, "here") == b"pain: 7"
    assert Vault([new]).open(Vault([new, old]).seal(b"1", "here"), "here") == b"1"
    for vault in (Vault([other]), Vault([new])):
        with pytest.raises(SealBroken, match="FIELD_KEYS"):
            vault.open(sealed, "here")


@given(
    value=st.binary(max_size=200), at=st.integers(0, 10_000), bit=st.integers(0, 7), cut=st.integers(1, 300)
)
def test_a_value_with_another_bit_or_fewer_bytes_does_not_open(
    value: bytes, at: int, bit: int, cut: int
) -> None:
    vault = Vault(keys())
    sealed = bytearray(vault.seal(value, "here"))
    shorter = bytes(sealed[:-cut])
    sealed[at % len(sealed)] ^= 1 << bit
    for changed in (bytes(sealed), shorter):
        with pytest.raises(SealBroken):
            vault.open(changed, "here")


def test_a_value_opens_in_no_other_place() -> None:
    vault = Vault(keys())
    sealed = vault.seal(b"1", "plans.sealed_plan:[1, 2, 3]")
    for place in (
        "plans.sealed_plan:[1, 23]",
        "plans.sealed_plan:[1, 2, 4]",
        "intakes.sealed_plan:[1, 2, 3]",
    ):
        with pytest.raises(SealBroken, match="another place"):
            vault.open(sealed, place)


def test_a_file_that_is_no_database_is_an_error_that_callers_know(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database" * 100)
    db = Database(f"sqlite:///{path}", Vault(keys()))
    with pytest.raises(DatabaseError), db.begin():
        pass
    with pytest.raises(sqlite3.DatabaseError), sqlite3.connect(path) as plain:
        plain.execute("SELECT * FROM bookings")


def test_web_and_worker_start_without_what_they_may_never_need() -> None:
    rare = {"alembic", "dns", "psycopg", "typst", "webauthn", "zxcvbn"}
    look = f"import sys, app; print(*{rare} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_a_folder_may_have_any_sign_in_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "FOLDER", Path("/srv/100%20prä %(x)s"))
    assert migrate.config().get_main_option("script_location") == "/srv/100%20prä %(x)s"
