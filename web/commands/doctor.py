"""The command that looks at the machine and at everything around it, and says what to do."""

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app

from handlers.context import Context
from integrations import outside
from integrations.base import IntegrationError
from integrations.channels.email import Smtp
from integrations.http import Http
from schemas.delivery import Channel
from store import deliveries, migrate, receipts
from store.base import DatabaseError, why
from store.running import workers
from store.views.newest import newest
from web.commands.base import see, see_mail
from web.context import context as the_context
from web.context import utc_now

MINUTE = timedelta(minutes=1)
WRONG_CLOCK = 2 * MINUTE
LATE = 5 * MINUTE
FREE_BYTES = 500 * 1024 * 1024
SLOW_COMMIT = 0.05  # seconds
COMMITS = 9


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do; "" where all is well."""

    about: str
    text: str
    do: str = ""

    def __str__(self) -> str:
        return f"{'FIX ' if self.do else 'ok  '} {self.about}: {self.text}" + (
            f" {self.do}" if self.do else ""
        )


@click.command("doctor")
def doctor_command() -> None:
    """Look at clock, disk, database, names, mail server, schedulers, address and worker."""
    context, now, good = the_context(), utc_now(), True
    for look in LOOKS:
        for found in _careful(look, context, now):
            click.echo(str(found))
            good = good and not found.do
    if not good:
        raise SystemExit(1)


Look = Callable[[Context, datetime], Iterator[Finding]]


def _careful(look: Look, context: Context, now: datetime) -> Iterator[Finding]:
    try:
        yield from look(context, now)
    except (DatabaseError, OSError) as error:
        about = look.__name__.strip("_").replace("_", " ")
        yield Finding(
            about,
            f"{why(error)}.",
            "See that the database is there and its disk has room, then run doctor again.",
        )


def _database(context: Context, _now: datetime) -> Iterator[Finding]:
    if not migrate.is_current(context.db):
        yield Finding("database", "migrations are missing.", "Run: flask --app app migrate")
        return
    with context.db.read() as tx:
        opens = receipts.opens(tx)
    if not opens:
        yield Finding("keys", "FIELD_KEYS does not open what is kept.", "Put the key that sealed it back.")
    taken = statistics.median(context.db.commit_seconds() for _ in range(COMMITS))
    text = f"a commit with fsync takes {1000 * taken:.1f} ms."
    do = "Use a local disk (no network share) and see what else writes to it." if taken > SLOW_COMMIT else ""
    yield Finding("fsync", text, do)


def _clock(context: Context, now: datetime) -> Iterator[Finding]:
    with context.db.read() as tx:
        last = newest(tx) if migrate.is_current(context.db) else None
        there = context.db.clock(tx)
    do = "Set the clock of this machine (timedatectl set-ntp true)."
    if last is not None and last - now > WRONG_CLOCK:
        yield Finding(
            "clock", f"it is {now:%Y-%m-%d %H:%M} UTC here, and {last:%Y-%m-%d %H:%M} was seen before.", do
        )
    elif there is not None and abs(there - now) > WRONG_CLOCK:
        yield Finding("clock", f"the database's clock is {abs(there - now) // MINUTE} minutes away.", do)
    else:
        yield Finding("clock", f"{now:%Y-%m-%d %H:%M} UTC, after everything that is kept.")


def _disk(context: Context, _now: datetime) -> Iterator[Finding]:
    places = {Path(tempfile.gettempdir())} | ({context.db.folder} if context.db.folder else set())
    for place in sorted(places):
        free = shutil.disk_usage(place).free
        do = f"Make room below {place}." if free < FREE_BYTES else ""
        yield Finding("disk", f"{free // 1024**2} MB are free at {place}.", do)


def _names(context: Context, _now: datetime) -> Iterator[Finding]:
    sender = context.senders[Channel.email]
    assert isinstance(sender, Smtp)
    for host in {urlsplit(context.clinic.public_url).hostname or "", sender.host}:
        yield Finding("DNS", *_name(host))


def _name(host: str) -> tuple[str, str]:
    known = outside.resolves(host)
    if known is None:
        do = "Run doctor again; if it stays so, see the name server of this machine (/etc/resolv.conf)."
        return f"no name server answers, so nothing is known of {host}.", do
    return (
        (f"{host} has an address.", "")
        if known
        else (f"{host} has no address.", "Correct the setting, or add the name in your DNS.")
    )


def _mail_server(context: Context, _now: datetime) -> Iterator[Finding]:
    sender = context.senders[Channel.email]
    assert isinstance(sender, Smtp)
    try:
        sender.check()
    except IntegrationError as error:
        yield Finding("mail server", str(error), see_mail(error))
    else:
        yield Finding("mail server", f"{sender.host} lets us in.")


def _schedulers(context: Context, _now: datetime) -> Iterator[Finding]:
    for name, scheduler in context.schedulers.items():
        about = f"scheduler {name}"
        if not scheduler.readable:
            yield Finding(
                about,
                "it cannot be read: what no webhook tells is not found. See its page in docs/schedulers.",
            )
            continue
        try:
            scheduler.ping()
        except IntegrationError as error:
            yield Finding(about, str(error), see(error, name))
        else:
            yield Finding(about, "its API answers with our key.")


def _address(context: Context, now: datetime) -> Iterator[Finding]:
    template, url = current_app.config["PROBE_URL"], f"{context.clinic.public_url}/healthz"
    if not template:
        yield Finding("address", "not looked at from outside: PROBE_URL is not set.")
        return
    fault, there = outside.probe(Http(), template, url)
    do = "Open it from a telephone; see DNS, firewall and proxy." if fault else ""
    yield Finding("address", fault or f"{url} is reached from outside.", do)
    if there is not None and abs(there - now) > WRONG_CLOCK:
        yield Finding(
            "clock",
            f"the probe's clock is {abs(there - now) // MINUTE} minutes away.",
            "Set the clock of this machine.",
        )


def _worker(context: Context, now: datetime) -> Iterator[Finding]:
    if not migrate.is_current(context.db):
        return
    with context.db.read() as tx:
        seen = workers.last_seen(tx, now)
        waits = {"webhook": receipts.oldest(tx, now), "message": deliveries.oldest_due(tx)}
    alive = workers.alive(seen, now)
    text = f"seen {int((now - seen).total_seconds())} s ago." if seen else "never seen."
    yield Finding("worker", text, "" if alive else "Start it: flask --app app work")
    for what, since in waits.items():
        late = max(now - since, timedelta()) if since else timedelta()
        do = f"See the outbox and the log for the {what} that waits." if late > LATE else ""
        yield Finding("lag", f"the oldest {what} has been due for {int(late.total_seconds())} s.", do)


LOOKS: tuple[Look, ...] = (_database, _clock, _disk, _names, _mail_server, _schedulers, _address, _worker)
