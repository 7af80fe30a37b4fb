"""A copy of a database as it is now, to be put in its place later."""

import os
from pathlib import Path

from sqlalchemy.engine import make_url

from store.base import Database
from tests.helpers.databases import fresh_postgres


def copied(db: Database, folder: Path) -> str:
    """The URL of the copy; on PostgreSQL another database of the same server."""
    url = db.engine.url
    if db.sqlite:
        file = folder / f"{os.urandom(6).hex()}.db"
        db.backup(file)
        return f"sqlite:///{file}"
    db.engine.dispose()  # a database is copied while nobody uses it
    plain = make_url(url.render_as_string(hide_password=False)).set(drivername="postgresql")
    server = plain.set(database="postgres").render_as_string(hide_password=False)
    return fresh_postgres(server, str(plain.database))
