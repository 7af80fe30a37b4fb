"""Settings that were made in the browser: they stand below the environment, and above `clinic.toml`."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

import settings
from settings.environment import Variables
from settings.values import SettingsError
from store import kept
from store.base import Database, DatabaseError
from store.vault import SealBroken, Vault


class Given(NamedTuple):
    """Every variable that is given, and which revision of what is kept stands in it ("" for none)."""

    variables: dict[str, str]
    revision: str = ""


def with_kept(environ: Mapping[str, str], wait: Callable[[Database], object] | None = None) -> Given:
    """The variables of the environment over those that are kept in the database.

    `wait` is called with a database that is about to be read. Where none can be read, the environment
    stands alone: what is wrong with it is said elsewhere. Raises SettingsError for what does not open.
    """
    db = _database(environ)
    if db is None:
        return Given(dict(environ))
    try:
        with suppress(DatabaseError, OSError):
            if wait:
                wait(db)
            if kept.is_there(db):
                with db.read() as tx:
                    return Given(kept.variables(tx) | dict(environ), kept.revision(tx))
        return Given(dict(environ))
    except SealBroken as error:
        raise SettingsError([f"What was set in the browser cannot be read. {error}"]) from None
    finally:
        db.close()


def _database(environ: Mapping[str, str]) -> Database | None:
    """The database that the environment names; None for one that cannot hold anything yet."""
    read = Variables(environ)
    url, keys = settings._database(read), settings._field_keys(read)
    if read.problems:
        return None
    try:
        name = make_url(url)
        if name.get_backend_name() == "sqlite" and not Path(str(name.database)).is_file():
            return None
        return Database(url, Vault(keys))
    except (ArgumentError, ValueError):
        return None
