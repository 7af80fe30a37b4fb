"""Commands that run: bring the database up to date, work, tidy up, seal again."""

import os
import secrets
import signal
import socket
import sys
import threading
from datetime import datetime

import click
from flask import current_app

from handlers.context import Context
from handlers.worker import duties, journal, reseal, work
from store import migrate
from web import renewal
from web.commands.base import BY, Moment, prepare, progress
from web.context import context as the_context
from web.context import utc_now


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    before, now = prepare(the_context(), utc_now()), migrate.newest()
    if before == now:
        click.echo(f"The database is up to date: its schema is {now} already. Nothing was changed.")
    elif before:
        click.echo(f"The database is up to date: its schema was {before} and is {now} now.")
        click.echo("Start web and worker again. What to do next, if anything: flask --app app check")
    else:
        click.echo(f"The database is up to date: it was empty and has the schema {now} now.")
        click.echo("Next: flask --app app check, then start web and worker.")


@click.command("work")
@click.option("--once", is_flag=True, help="Do what is due, then stop.")
@click.option("--now", type=Moment(), help="Take this as the time (with --once).")
def work_command(once: bool, now: datetime | None) -> None:
    """Run the worker."""
    context = the_context()
    if once or now:
        prepare(context, utc_now())
        at = now or utc_now()
        journal.check(context)
        done = work.work_once(context, at, "once")
        click.echo(f"{done} done.")
        return
    name = f"{socket.gethostname()}-{secrets.token_hex(4)}"[:64]
    stop, again = _stop_on_signals(), threading.Event()
    began_with = current_app.config["SETTINGS_REVISION"]
    threading.Thread(
        target=_watch, args=(context, began_with, stop, again), name="renewal", daemon=True
    ).start()
    work.work(context, stop, lambda: prepare(context, utc_now()), name)
    if again.is_set():
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - this very command


def _watch(context: Context, began_with: str, stop: threading.Event, again: threading.Event) -> None:
    """Stop, to begin again, when settings were changed in the browser."""
    if renewal.wait(context, began_with, stop):
        again.set()
        stop.set()


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    return stop


NOT_YET = "Leave the old keys in FIELD_KEYS until all of it opens (docs/deploy.md, Values that do not open)."
ONCE_MORE = "Give the command once more: when it finds nothing to seal, old keys can go from FIELD_KEYS."
ALL_NEW = (
    "Every value has the seal of the first of FIELD_KEYS. Keys behind it can go: take them out and start web "
    "and worker again. Keep them apart for as long as there is a backup from before."
)


@click.command("reseal")
def reseal_command() -> None:
    """Bind what is old to its place, under the first of FIELD_KEYS; may be stopped and run again."""
    context = the_context()
    rows = reseal.rows(context)
    click.echo(f"Looking through {rows} rows; you may stop it and give it again.", err=True)
    with progress("Rows", rows) as bar:
        found = reseal.reseal(context, BY, utc_now(), bar.update)
    click.echo(f"{found.values} values sealed again.")
    if found.broken:
        raise click.ClickException(f"{found.broken} values do not open: flask check names them. {NOT_YET}")
    click.echo(ONCE_MORE if found.values else ALL_NEW)


@click.command("tidy")
def tidy_command() -> None:
    """Delete raw webhook bodies that are older than the clinic keeps them."""
    click.echo(f"{duties.forget(the_context(), utc_now())} bodies deleted.")
