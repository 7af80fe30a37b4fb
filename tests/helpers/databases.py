"""Fresh databases of both kinds."""

import os

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
    """Make a template to copy; without fsync, since a test never pulls the plug of the database itself."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
    migrate_fresh(fresh_postgres(server, template="template0", name=TEMPLATE))


def drop_postgres(url: str) -> None:
    """Remove a database, whoever is still connected to it."""
    with psycopg.connect(beside(url, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)".encode())


def fresh_postgres(server: str, template: str = TEMPLATE, name: str = "") -> str:
    """A new database on the server, a copy of the template; returns its URL."""
    name = name or f"t{os.urandom(6).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
    return beside(server, name)


def beside(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)
