"""Fresh databases of both kinds."""

import os
from functools import cache

import psycopg
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url

from store import migrate
from store.base import Database
from store.vault import Vault
from tests.helpers.once import statements_of

TEMPLATE = "aftercare_template"


def migrate_fresh(url: str) -> None:
    """Make the schema in an empty database."""
    db = Database(url, Vault([Fernet.generate_key().decode()]))
    migrate.upgrade(db)
    statements_of(db.engine)
    db.close()


def prepare_postgres(server: str) -> None:
    """Make a template to copy; without fsync, since a test never pulls the plug of the machine itself."""
    for setting in ("fsync", "full_page_writes", "autovacuum", "jit"):
        _server(server).execute(f"ALTER SYSTEM SET {setting} = off".encode())
    _server(server).execute("SELECT pg_reload_conf()")
    migrate_fresh(fresh_postgres(server, template="template0", name=TEMPLATE))


def drop_postgres(url: str) -> None:
    """Remove a database, whoever is still connected to it."""
    _server(url).execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)".encode())


def fresh_postgres(server: str, template: str = TEMPLATE, name: str = "") -> str:
    """A new database on the server, a copy of the template; returns its URL."""
    name = name or f"t{os.urandom(6).hex()}"
    _server(server).execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
    return beside(server, name)


def _server(url: str) -> psycopg.Connection:
    """A connection to the server of a database, kept open for all databases that are made and dropped."""
    return _connected(beside(url, "postgres"))


@cache
def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def beside(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)
