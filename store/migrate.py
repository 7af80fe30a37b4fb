"""Bring the database to the newest schema, and tell whether it is there.

Alembic is loaded where it is used: it takes eight megabytes, which web and worker do without.
"""

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SAWarning

from store.base import Database, Tx
from store.vault import Vault

if TYPE_CHECKING:
    from alembic.config import Config

NO_INDEX = "Skipped unsupported reflection of expression-based index"  # it stays as it is
FOLDER = Path(__file__).parent / "migrations"
TABLE = "alembic_version"
_VERSION = sa.select(sa.column("version_num", sa.String)).select_from(sa.table(TABLE))


def config(connection: Connection | None = None, vault: Vault | None = None) -> "Config":
    """Alembic's settings, without a file; the vault for migrations that seal."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))  # else it names an option
    settings.attributes |= {"connection": connection, "vault": vault}
    return settings


class Newer(Exception):
    """The database has been migrated by a newer version of the program; the text says what to do."""


def upgrade(db: Database) -> str:
    """Apply every missing migration in one transaction; returns the revision of before, "" for none.

    Safe to call from several processes at once. Raises `Newer`.
    """
    from alembic import command

    with db.migrating() as tx:
        tx.lock("aftercare-migrations")
        before = revision(tx)
        if why := why_newer(tx):
            raise Newer(why)
        warnings.filterwarnings("ignore", NO_INDEX, SAWarning)
        command.upgrade(config(tx.conn, tx.vault), "head")
    return before


def is_current(db: Database) -> bool:
    """True when no migration is missing."""
    with db.read() as tx:
        return revision(tx) == newest()


def revision(tx: Tx) -> str:
    """The revision of the schema; "" where there is none yet."""
    return str(tx.value(_VERSION) or "") if sa.inspect(tx.conn).has_table(TABLE) else ""


def why_newer(tx: Tx) -> str:
    """What to do about a database that a newer version has migrated; "" of every other one."""
    found = revision(tx)
    if found <= newest():
        return ""
    return (
        f"The database was made by a newer version of the program: its schema is {found}, this version knows "
        f"{newest()}. Install the newer version again, or put back a backup from before the upgrade."
    )


@cache
def newest() -> str:
    """The revision of the newest schema: migrations are numbered, and their files begin with the number."""
    return max(path.name for path in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]
