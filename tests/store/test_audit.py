"""The log is a chain: whatever is done to it by hand is found, and where it begins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa
from alembic import command
from cryptography.fernet import Fernet

from handlers.context import Context
from schemas import origin
from store import audit, migrate
from store.audit import Verdict
from store.base import Database, DatabaseError, Tx, UtcDateTime
from store.tables import audit as log
from store.tables import audit_head
from store.vault import Vault
from tests.helpers.clinic import NOW
from tests.helpers.databases import fresh_postgres
from tests.helpers.log import unguard

NOTHING_KNOWN: dict[int, str] = {}


def write(db: Database, count: int) -> None:
    """Some entries, one a transaction."""
    for number in range(count):
        with db.begin() as tx:
            audit.add(
                tx, "Mara Field", "view", f"booking:{number}", NOW + timedelta(microseconds=number), "é"
            )


def verdict(db: Database, known: dict[int, str] = NOTHING_KNOWN) -> Verdict:
    with db.read() as tx:
        return audit.verify(tx, known)


def third(tx: Tx) -> int:
    return int(tx.value(sa.select(log.c.id).order_by(log.c.id).offset(2).limit(1)))


def change(column: str) -> Callable[[Tx], None]:
    """Another value in one column of the third entry."""
    other = NOW - timedelta(days=1) if column == "at" else "other"
    return lambda tx: tx.run(sa.update(log).where(log.c.id == third(tx)).values({column: other}))


def swap(tx: Tx) -> None:
    """Two neighbours say what the other said."""
    one = third(tx)
    rows = {row.id: row.subject for row in tx.all(sa.select(log).where(log.c.id.in_([one, one + 1])))}
    for number in (one, one + 1):
        said = rows[2 * one + 1 - number]
        tx.run(sa.update(log).where(log.c.id == number).values(subject=said))


def delete(tx: Tx) -> None:
    tx.run(sa.delete(log).where(log.c.id == third(tx)))


def add_between(tx: Tx) -> None:
    """An entry that copies the hash of another."""
    row = tx.all(sa.select(log).where(log.c.id == third(tx)))[0]._asdict() | {"id": 900}
    tx.run(sa.insert(log).values(**row))


FORGERIES = {
    **{
        name: change(name) for name in ("at", "actor", "action", "subject", "detail", "via", "source", "hash")
    },
    "swapped": swap,
    "deleted": delete,
}


@pytest.mark.parametrize("name", FORGERIES)
def test_an_entry_that_was_changed_by_hand_is_named(context: Context, name: str) -> None:
    write(context.db, 6)
    assert verdict(context.db).entries == 6
    assert verdict(context.db).wrong == ""
    with context.db.begin() as tx:
        number = third(tx)
        unguard(tx)
        FORGERIES[name](tx)
    found = verdict(context.db)
    assert found.entries == 2
    assert found.first_broken is not None
    assert found.first_broken.id == (number + 1 if name == "deleted" else number)


def test_a_forged_entry_at_the_end_is_named(context: Context) -> None:
    write(context.db, 6)
    with context.db.begin() as tx:
        add_between(tx)
    found = verdict(context.db)
    assert found.first_broken is not None
    assert found.first_broken.id == 900


def test_entries_that_are_missing_at_the_end_are_missed(context: Context) -> None:
    write(context.db, 6)
    with context.db.read() as tx:
        known = dict([audit.head(tx)])
    with context.db.begin() as tx:
        unguard(tx)
        last = tx.all(sa.select(log.c.id, log.c.hash).order_by(log.c.id.desc()).limit(3))
        tx.run(sa.delete(log).where(log.c.id.in_([row.id for row in last[:2]])))
    assert "missing" in verdict(context.db).wrong
    with context.db.begin() as tx:  # who also puts the head back is found by what was printed before
        tx.run(sa.update(audit_head).values(entries=4, hash=last[2].hash))
    assert "triggers" in verdict(context.db).wrong
    assert "at the end" in verdict(context.db, known).wrong
    write(context.db, 2)
    assert "journal" in verdict(context.db, known).wrong


@pytest.mark.parametrize("act", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_log(context: Context, act: str) -> None:
    write(context.db, 2)
    with pytest.raises(DatabaseError, match="only added to"), context.db.begin() as tx:
        tx.run(sa.text(act))
    assert verdict(context.db).wrong == ""


def test_many_who_write_at_once_make_one_chain(context: Context) -> None:
    threads = [Thread(target=write, args=(context.db, 8)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert verdict(context.db).entries == 32
    assert verdict(context.db).wrong == ""


def fail_after_writing(tx: Tx) -> None:
    audit.add(tx, "Mara Field", "view", "booking:1", NOW)
    raise KeyError


def test_what_was_rolled_back_leaves_no_entry(context: Context) -> None:
    write(context.db, 1)
    with pytest.raises(KeyError), context.db.begin() as tx:
        fail_after_writing(tx)
    with context.db.begin() as tx:
        with pytest.raises(KeyError), tx.part():
            fail_after_writing(tx)
        audit.add(tx, "Mara Field", "view", "booking:3", NOW)
        assert audit.was_done(tx, "booking:3", ["view"])
    assert verdict(context.db).entries == 2
    assert verdict(context.db).wrong == ""


def test_without_its_key_the_log_goes_on_and_says_so(context: Context) -> None:
    write(context.db, 2)
    other = Database(context.db.engine.url.render_as_string(hide_password=False), Vault([key()]))
    write(other, 2)
    assert "FIELD_KEYS" in verdict(other).wrong
    other.close()
    write(context.db, 1)
    assert verdict(context.db).entries == 2  # the key of those in between was another's


def key() -> str:
    return Fernet.generate_key().decode()


def test_an_entry_says_from_where_and_by_what(context: Context) -> None:
    origin.begin(via="session:7", source=origin.shortened("203.0.113.77"))
    write(context.db, 1)
    origin.begin()
    with context.db.read() as tx:
        (line,) = audit.log(tx)
    assert (line.via, line.source) == ("session:7", "203.0.113.0/24")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_is_shortened(address: str, network: str) -> None:
    assert origin.shortened(address) == network


def test_strangers_do_not_fill_the_log(context: Context) -> None:
    for number in range(300):
        origin.begin(source=f"198.51.{number}.0/24")
        for _ in range(2):
            with context.db.begin() as tx:
                audit.note_refusal(tx, "unknown", "login_failed", "staff:0", NOW)
    origin.begin()
    assert verdict(context.db).entries == audit.MOST_REFUSALS
    with context.db.begin() as tx:
        audit.note_refusal(tx, "unknown", "login_failed", "staff:0", NOW + 2 * audit.SOON)
    assert verdict(context.db).entries == audit.MOST_REFUSALS + 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_entries_of_before_are_chained(
    request: pytest.FixtureRequest, tmp_path: object, kind: str
) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    if kind == "postgresql":
        url = fresh_postgres(request.getfixturevalue("postgres_server"), template="template0")
    db = Database(url, Vault([key()]))
    old = sa.table(
        "audit", sa.column("at", UtcDateTime()), *map(sa.column, ("actor", "action", "subject", "detail"))
    )
    with db.begin() as tx:
        command.upgrade(migrate.config(tx.conn), "0001")
        line = {"actor": "Zoë", "action": "view", "subject": "booking:1", "detail": ""}
        tx.run(sa.insert(old), [{**line, "at": NOW + timedelta(seconds=n)} for n in range(1200)])
    migrate.upgrade(db)
    write(db, 2)
    assert verdict(db) == replace(verdict(db), entries=1202, wrong="")
    with pytest.raises(DatabaseError, match="only added to"), db.begin() as tx:
        tx.run(sa.delete(log))
    db.close()
