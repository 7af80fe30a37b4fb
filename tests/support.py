"""What several tests share: a mail server that keeps its mails, a test clinic, fresh databases."""

import os
import random
import socket
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from alembic.runtime.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url

import app as application
import settings as configuration
from handlers.context import Context
from handlers.plans import drafting
from handlers.worker import work
from integrations.simulate import sample
from schemas.booking import Booking
from schemas.condition import Answer
from schemas.delivery import Delivery
from schemas.webhook import Inbound
from store import bookings, connections, deliveries, intakes, migrate, receipts
from store.base import Database
from store.vault import Vault
from tests.healthy import settled

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CALCOM_SECRET = "test-secret-of-the-calcom-connection"
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Mailbox:
    """A mail server that keeps what it is given, and can be told to misbehave."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuse: str = ""
    hang_up_after_data: bool = False
    port: int = 0

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        """Keep the mail; then answer as told."""
        if self.refuse:
            return self.refuse
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(list(envelope.rcpt_tos))
        if self.hang_up_after_data:
            server.transport.abort()
        return "250 kept"

    def kinds(self) -> list[str]:
        """The kind of every mail, in order of arrival."""
        return [mail["X-Aftercare-Kind"] for mail in self.mails]

    def of(self, kind: str) -> list[EmailMessage]:
        """The mails of one kind."""
        return [mail for mail in self.mails if mail["X-Aftercare-Kind"] == kind]


PORTS = count(random.randrange(10_000, 30_000))  # below those that the system gives to whoever asks


def free_port() -> int:
    """A port of the loopback address that nobody listens on, and nobody is given before it is used."""
    for port in PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")


TEMPLATE = "aftercare_template"


def migrate_fresh(url: str) -> None:
    """Make the schema in an empty database."""
    db = Database(url, Vault([Fernet.generate_key().decode()]))
    migrate.upgrade(db)
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


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text that stands in a file, once."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


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
    with context.db.read() as tx:
        migrated = MigrationContext.configure(tx.conn).get_current_revision()
    if not migrated:  # a copy of the template is
        migrate.upgrade(context.db)
    with context.db.begin() as tx:
        for name, scheduler in context.schedulers.items():
            connections.ensure(tx, name, scheduler.connection.scheduler, now)
    return context


def webhook(event: str, now: datetime, *, connection: str = "main", **visit: Any) -> Inbound:
    """A signed webhook as it arrives at `now`, for a visit a week after NOW unless told otherwise."""
    scheduler, secret = {"main": ("calcom", CALCOM_SECRET), "site": ("standard", STANDARD_SECRET)}[connection]
    start = visit.pop("start", NOW + timedelta(days=7))
    told = {"uid": "u1", "end": start + timedelta(hours=1), "name": "Zoë Łuć", "email": "zoe@example.org"}
    headers, body = sample(
        scheduler, event, **(told | {"now": now, "secret": secret, "start": start} | visit)
    )
    url = f"https://care.test/webhooks/{connection}"
    return Inbound({name.lower(): value for name, value in headers.items()}, body, url, now)


def receive(context: Context, *inbounds: Inbound, now: datetime | None = None) -> None:
    """Keep webhooks as receipts, as the web process does; the connection is the last word of the URL."""
    with context.db.begin() as tx:
        for each in inbounds:
            kept = replace(each, received_at=now or each.received_at)
            receipts.add(tx, [(f"r_{os.urandom(6).hex()}", each.url.rpartition("/")[2], kept)])


def book(context: Context, now: datetime = NOW, **visit: Any) -> Booking:
    """A booking of Zoë's, taken in by the worker; what is due later is not yet sent."""
    receive(context, webhook("created", now, **visit))
    work.work_once(context, now)
    return only(context, visit.get("email", "zoe@example.org"))


def only(context: Context, email: str = "zoe@example.org") -> Booking:
    """The one booking of this address."""
    with context.db.read() as tx:
        (found,) = bookings.listing(tx, email=email)
    return found


def schedule_of(context: Context, booking: Booking) -> dict[str, Delivery]:
    """Every delivery of a booking, by what it is: "intake:0", "intake_reminder:1", "plan:0" ..."""
    with context.db.read() as tx:
        rows = deliveries.of_booking(tx, booking.id)
    return {each.key.partition(":")[2].rpartition(":")[0]: each for each in rows}


def fill_in(context: Context, booking: Booking, now: datetime = NOW, **changes: Answer) -> None:
    """Zoë's answers to the whole questionnaire, sent to the clinic; the rules are looked at as always."""
    with context.db.begin() as tx:
        intake = intakes.of_booking(tx, booking.id)
        assert intake is not None
        answers = settled(**changes)
        intakes.save(tx, intake, "all", answers, answers, now)
        intakes.finish(tx, intake.id, {}, now)
        drafting.draft(tx, context, booking.id, now)
