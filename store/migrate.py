"""Bring the database to the newest schema, and tell whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from store.base import Database
from store.vault import Vault


def config(connection: Connection | None = None, vault: Vault | None = None) -> Config:
    """Alembic's settings, without a file; the vault for migrations that seal."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes |= {"connection": connection, "vault": vault}
    return settings


def upgrade(db: Database) -> None:
    """Apply every missing migration in one transaction; safe to call from several processes at once."""
    with db.migrating() as tx:
        tx.lock("aftercare-migrations")
        command.upgrade(config(tx.conn, tx.vault), "head")


def is_current(db: Database) -> bool:
    """True when no migration is missing."""
    with db.read() as tx:
        now = MigrationContext.configure(tx.conn).get_current_revision()
    return now == ScriptDirectory.from_config(config()).get_current_head()
