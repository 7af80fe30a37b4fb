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

from store.base import Database
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
    settings.set_main_option("script_location", str(FOLDER))
    settings.attributes |= {"connection": connection, "vault": vault}
    return settings


def upgrade(db: Database) -> None:
    """Apply every missing migration in one transaction; safe to call from several processes at once."""
    from alembic import command

    with db.migrating() as tx:
        tx.lock("aftercare-migrations")
        warnings.filterwarnings("ignore", NO_INDEX, SAWarning)
        command.upgrade(config(tx.conn, tx.vault), "head")


def is_current(db: Database) -> bool:
    """True when no migration is missing."""
    with db.read() as tx:
        there = sa.inspect(tx.conn).has_table(TABLE)
        return there and tx.value(_VERSION) == newest()


@cache
def newest() -> str:
    """The revision of the newest schema: migrations are numbered, and their files begin with the number."""
    return max(path.name for path in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]
