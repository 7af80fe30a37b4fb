"""The database: one engine, one way to begin a transaction, one vault for what is sealed."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.sql.dml import UpdateBase

from store.vault import Vault

DatabaseError = sa.exc.SQLAlchemyError  # what callers outside of store may catch: the database did not answer
BUSY_SECONDS = 4  # a sender waits so long at most, then gets a 503
LOOK_AGAIN = 0.002  # seconds
UNUSED = 1.0  # seconds after which a connection may have been closed by a database that restarted
LOOK_FOR_IT = 2.0  # seconds between looks for a database that is not there yet
GONE_AFTER = {
    "connect_timeout": 5,
    "tcp_user_timeout": 20_000,  # milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
"""When a PostgreSQL server behind a dead network counts as gone, so that nobody waits for it for ever.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES
"""
NOT_OURS = ("unable to open database file", "attempt to write a readonly database")
NO_ROOM = ("disk I/O error", "disk is full", "No space left")
NO_TABLE = ("no such table", "no such column", "does not exist")


def kind(error: Exception) -> str:
    """For a log: what the database said of the machine; of other errors, which may hold a value, the name."""
    return why(error) if isinstance(error, sa.exc.OperationalError) else type(error).__name__


def why(error: Exception) -> str:
    """What the database said, in its own first words, which name no row; or what is to be done."""
    said = str(getattr(error, "orig", None) or type(error).__name__).strip().partition("\n")[0]
    if any(each in said for each in NO_TABLE):
        return f"{said} (run: flask --app app migrate)"
    if any(each in said for each in NO_ROOM):
        return f"{said} (is there room on its disk? flask --app app doctor says)"
    return f"{said} (the file and its folder must belong to this account)" if said in NOT_OURS else said


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite has no zone of its own, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive times: they are the beginning of every wrong hour."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """Return the time as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction, and the vault for sealed columns.

    `seen` is what `once` remembers: a table's answers go when the transaction writes to it. What is read all
    the time is a statement made once, with `bindparam`s that are filled in here: making one costs five times
    as much as carrying it out. `later` is done last, right before the commit. `held` are the locks.
    """

    conn: Connection
    vault: Vault
    later: "list[Callable[[Tx], None]]" = field(default_factory=list, repr=False, compare=False)
    seen: dict[str, dict[Any, Any]] = field(default_factory=dict, repr=False, compare=False)
    held: set[str] = field(default_factory=set, repr=False, compare=False)

    def all(self, statement: sa.Executable, **values: Any) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """Every row of a statement."""
        return self._execute(statement, values or None).all()

    def first(self, statement: sa.Executable, **values: Any) -> sa.Row[Any] | None:
        """The first row, or None."""
        return self._execute(statement, values or None).first()

    def value(self, statement: sa.Executable, **values: Any) -> Any:
        """The first column of the first row, or None."""
        return self._execute(statement, values or None).scalar()

    def run(self, statement: sa.Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Execute for its effect; with `rows`, once for each."""
        self._execute(statement, rows)

    def insert(self, table: sa.Table, **row: Any) -> int:
        """A new row of a table that numbers its rows; returns its id."""
        return int(self._execute(_inserting(table), row).scalar_one())

    def insert_row(self, table: sa.Table, **row: Any) -> sa.Row[Any]:
        """The same; returns the whole row."""
        return self._execute(_inserting_row(table), row).one()

    def insert_new(self, table: sa.Table, **row: Any) -> int | None:
        """The same; None, and nothing done, where there is such a row: somebody else may have been first."""
        new = _inserting_new(table, self.conn.dialect.name).returning(table.c.id)
        return cast(int | None, self._execute(new, row).scalar())

    def insert_missing(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """New rows; those that are there already stay as they are."""
        if rows:
            self._execute(_inserting_new(table, self.conn.dialect.name), rows)

    def change(self, table: sa.Table, row_id: int, **values: Any) -> None:
        """Give a row of a table that numbers its rows these values."""
        self._execute(_changing(table), values | {"row_id": row_id})

    def _execute(
        self,
        statement: sa.Executable,
        values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> sa.CursorResult[Any]:
        if isinstance(statement, UpdateBase):
            self.seen.pop(statement.table.name, None)  # type: ignore[union-attr]
        elif not isinstance(statement, sa.SelectBase):
            self.seen.clear()
        return self.conn.execute(statement, values)

    def finish(self) -> None:
        """Do now what was left for the end."""
        while self.later:
            self.later.pop(0)(self)

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that is undone alone when it raises, with the locks that it took."""
        before, held = list(self.later), set(self.held)
        try:
            with self.conn.begin_nested():
                yield
        except BaseException:
            self.seen.clear()
            self.later[:] = before
            self.held.intersection_update(held)
            raise

    def lock(self, name: str) -> None:
        """Let one transaction at a time through for this name. On SQLite every writer is alone anyway."""
        if self.conn.dialect.name != "postgresql":
            return
        self.seen.clear()  # who held it before may have written
        if name not in self.held:
            self.conn.execute(_LOCK, {"name": name})
            self.held.add(name)


_LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(sa.bindparam("name", type_=sa.Text))))


@cache
def _inserting(table: sa.Table) -> sa.Executable:
    return sa.insert(table).returning(table.c.id)


@cache
def _inserting_row(table: sa.Table) -> sa.Executable:
    return sa.insert(table).returning(table)


@cache
def _inserting_new(table: sa.Table, dialect: str) -> sa.Insert:
    dialects = import_module(f"sqlalchemy.dialects.{dialect}")  # that of another database stays unread
    return cast(sa.Insert, dialects.insert(table).on_conflict_do_nothing())


@cache
def _changing(table: sa.Table) -> sa.Executable:
    return sa.update(table).where(table.c.id == sa.bindparam("row_id"))


P = ParamSpec("P")
T = TypeVar("T")


def once(*tables: sa.Table) -> Callable[[Callable[Concatenate[Tx, P], T]], Callable[Concatenate[Tx, P], T]]:
    """For a reader of one table that is asked the same again and again while a transaction decides.

    It is read once, until the transaction writes to one of `tables` or takes a lock. What stands in
    its answer is shared: nobody may change it.
    """

    def wrap(read: Callable[Concatenate[Tx, P], T]) -> Callable[Concatenate[Tx, P], T]:
        @wraps(read)
        def reader(tx: Tx, *args: P.args, **options: P.kwargs) -> T:
            key = (*_key(read, args), *options.items())
            known = [tx.seen.setdefault(table.name, {}) for table in tables]
            if not all(key in each for each in known):
                answer = read(tx, *args, **options)
                for each in known:
                    each[key] = answer
            found: Any = known[0][key]
            return list(found) if isinstance(found, list) else found  # type: ignore[return-value]

        reader.tables = tables  # type: ignore[attr-defined]
        return cast(Callable[Concatenate[Tx, P], T], reader)

    return wrap


def recall(tx: Tx, reader: Callable[Concatenate[Tx, P], T], *args: Any) -> T | None:
    """What a reader with `once` would answer to these arguments without a look; None where it would look."""
    known: Any = reader
    key = _key(known.__wrapped__, args)
    return cast(T | None, tx.seen.get(known.tables[0].name, {}).get(key))


def no_index(column: sa.ColumnElement[T]) -> sa.ColumnElement[T]:
    """A column whose index is not walked along: nearly all rows have the value that is asked for.

    SQLite has no figures about its tables, and takes an index that it knows nothing of for a good one.
    """
    return sa.func.coalesce(column, column)


def _key(read: object, args: Sequence[Any]) -> tuple[Any, ...]:
    return (read, *(tuple(each) if isinstance(each, list) else each for each in args))


def remember(tx: Tx, reader: Callable[Concatenate[Tx, P], T], answer: T, *args: Any) -> None:
    """What a reader with `once` would answer to these arguments, found with one statement for many."""
    known: Any = reader
    for table in known.tables:
        tx.seen.setdefault(table.name, {})[_key(known.__wrapped__, args)] = answer


class Database:
    """The engine and the vault. Transactions are short: no vendor is called while one is open."""

    def __init__(self, url: str, vault: Vault) -> None:
        self.engine = _engine(make_url(url))
        self.vault = vault
        self._writer = threading.Lock() if self.sqlite else None

    @property
    def sqlite(self) -> bool:
        """True for a database in a file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A writing transaction: committed with fsync at the end, rolled back on an exception."""
        with self._writer or nullcontext(), self.engine.connect() as conn, conn.begin():
            tx = Tx(conn, self.vault)
            yield tx
            tx.finish()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A reading transaction; SQLite lets any number of them run beside the writer."""
        with self.engine.connect().execution_options(readonly=True) as conn, conn.begin():
            yield Tx(conn, self.vault)

    @contextmanager
    def migrating(self) -> Iterator[Tx]:
        """A transaction that may make tables again: SQLite looks at references only at its end."""
        with self._writer or nullcontext(), self.engine.connect() as conn:
            if self.sqlite:
                self._references(conn, on=False)
            try:
                with conn.begin():
                    yield Tx(conn, self.vault)
                    broken = conn.exec_driver_sql("PRAGMA foreign_key_check").all() if self.sqlite else []
                    if broken:
                        raise ValueError(
                            f"A migration left rows of {broken[0][0]} without what they refer to."
                        )
            finally:
                if self.sqlite:
                    self._references(conn, on=True)

    def _references(self, conn: Connection, *, on: bool) -> None:
        dbapi: Any = conn.connection.dbapi_connection
        dbapi.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")

    def why_not_there(self) -> str | None:
        """Why the database does not answer; None when it does."""
        try:
            with self.read() as tx:
                tx.run(sa.select(1))
        except (sa.exc.OperationalError, sa.exc.InterfaceError, OSError) as error:
            return why(error)
        return None

    def wait_until_there(self, stop: threading.Event, say: Callable[[str], object]) -> bool:
        """Wait until the database answers, and say what is waited for; False when it was stopped before."""
        said = ""
        while not stop.is_set():
            reason = self.why_not_there()
            if reason is None:
                return True
            if said != (said := reason):
                say(f"Waiting for the database: {said}.")
            stop.wait(LOOK_FOR_IT)
        return False

    def backup(self, path: Path) -> None:
        """Copy a SQLite file as it is now, beside all other work, into a new file that only we may read."""
        with self.read() as tx:
            tx.conn.execute(
                sa.text("SELECT 1 FROM alembic_version")
            )  # a database that is there, not an empty file
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        dbapi = self.engine.raw_connection()
        try:
            dbapi.cursor().execute("VACUUM INTO ?", (str(path),))
        except sqlite3.Error as error:
            path.unlink()
            raise OSError(f"{path}: {error}") from error
        finally:
            dbapi.close()

    @property
    def folder(self) -> Path | None:
        """Where the file of SQLite lies."""
        return Path(str(self.engine.url.database)).parent if self.sqlite else None

    def commit_seconds(self) -> float:
        """How long a small commit takes, with its fsync."""
        began = time.perf_counter()
        with self.begin() as tx:
            tx.run(sa.text("UPDATE alembic_version SET version_num = version_num"))
        return time.perf_counter() - began

    def clock(self, tx: Tx) -> datetime | None:
        """The time at PostgreSQL, which may be another machine."""
        found: datetime | None = None if self.sqlite else tx.value(sa.select(sa.func.clock_timestamp()))
        return found

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, pool_size=5, max_overflow=15, connect_args=GONE_AFTER)
        event.listen(engine, "checkin", _unused_since)
        event.listen(engine, "checkout", _is_there)
        return engine
    if url.database and url.database != ":memory:":
        _private_file(Path(url.database))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _unused_since(_dbapi: Any, record: Any) -> None:
    record.info["unused_since"] = time.monotonic()


def _is_there(dbapi: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that was unused for a while whether it still is one; else the pool opens another."""
    if time.monotonic() - record.info.get("unused_since", time.monotonic()) < UNUSED:
        return
    import psycopg  # which SQLite does without

    try:
        dbapi.execute("SELECT 1")
        dbapi.rollback()
    except psycopg.Error as error:
        raise sa.exc.DisconnectionError from error


def _private_file(path: Path) -> None:
    """Make an empty file that only we may read; what SQLite puts beside it gets the same mode."""
    with suppress(OSError):  # there already, or not ours to make: connecting will tell
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _sqlite_connect(dbapi: Any, _record: Any) -> None:
    dbapi.isolation_level = None  # we begin transactions ourselves
    # SQLite does not wait here: of several that open a new file at once, all but one are told "locked".
    if not _soon(dbapi, "PRAGMA journal_mode=WAL"):
        dbapi.execute("PRAGMA journal_mode=WAL")
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        dbapi.execute(f"PRAGMA {pragma}")


def _sqlite_begin(conn: Connection) -> None:
    # A transaction that will write takes the lock at once: upgrading later can fail with "locked".
    if conn.get_execution_options().get("readonly"):
        conn.exec_driver_sql("BEGIN")
    elif not _soon(conn.connection.dbapi_connection, "BEGIN IMMEDIATE"):
        conn.exec_driver_sql("BEGIN IMMEDIATE")


def _soon(dbapi: Any, statement: str) -> bool:
    """Carry out what needs the file for itself as soon as it is free; False when it stays taken for too long.

    SQLite's own wait sleeps up to a tenth of a second between looks, so that beside a busy worker a webhook
    could wait for seconds; looking every two milliseconds finds the gap.
    """
    dbapi.execute("PRAGMA busy_timeout=0")
    try:
        for _ in range(int((BUSY_SECONDS - 1) / LOOK_AGAIN)):
            try:
                dbapi.execute(statement)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    return False  # a full or read-only disk: waiting does not help
                time.sleep(LOOK_AGAIN)
            else:
                return True
    finally:
        dbapi.execute("PRAGMA busy_timeout=1000")
    return False
