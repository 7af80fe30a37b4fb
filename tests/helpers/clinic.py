"""The test clinic: its settings, its context, its clock."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import sqlalchemy as sa
from cryptography.fernet import Fernet

import app as application
import settings as configuration
from handlers.context import Context
from library.content import Library
from store import connections, migrate
from store.base import DatabaseError

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


CALCOM_SECRET = "test-secret-of-the-calcom-connection"


STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def environ(database_url: str, mail_port: int, **more: str) -> dict[str, str]:
    """The settings of a test clinic."""
    return {
        "AFTERCARE_ENV": "development",
        "PUBLIC_URL": "https://care.test",
        "DATABASE_URL": database_url,
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "SECRET_KEY": "x" * 40,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail_port),
        "SMTP_SECURITY": "none",
        "CONNECTIONS": "main=calcom,site=standard",
        "MAIN_SECRET": CALCOM_SECRET,
        "SITE_SECRET": STANDARD_SECRET,
        "LOG_LEVEL": "warning",
    } | more


def make_context(given: configuration.Settings, now: datetime = NOW) -> Context:
    """A context on a migrated database, with its connections known since `now`."""
    context = application.build_context(given)
    if not _is_migrated(context):  # a copy of the template is
        migrate.upgrade(context.db)
    with context.db.begin() as tx:
        for name, scheduler in context.schedulers.items():
            connections.ensure(tx, name, scheduler.connection.scheduler, now)
    return context


def _is_migrated(context: Context) -> bool:
    with suppress(DatabaseError), context.db.read() as tx:
        return bool(tx.value(sa.text("SELECT version_num FROM alembic_version")))
    return False


def with_policy(context: Context, **changes: object) -> Context:
    """The same context with other rules of the clinic."""
    policy = replace(context.clinic.policy, **changes)  # type: ignore[arg-type]
    return replace(context, clinic=replace(context.clinic, policy=policy))


def with_content(context: Context, edit: Callable[[Library], Library]) -> Context:
    """The same context after the clinic has edited its content."""
    return replace(context, library=cache(lambda language: edit(context.library(language))))
