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
from web import renewal
from web.commands.base import BY, Moment, prepare, progress
from web.context import context as the_context
from web.context import utc_now


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    prepare(the_context(), utc_now())
    click.echo("The database is up to date.")


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


@click.command("reseal")
def reseal_command() -> None:
    """Bind what is old to its place, under the first of FIELD_KEYS; may be stopped and run again."""
    context = the_context()
    with progress("rows", reseal.rows(context)) as bar:
        found = reseal.reseal(context, BY, utc_now(), bar.update)
    click.echo(f"{found.values} values sealed again.")
    if found.broken:
        raise click.ClickException(f"{found.broken} values do not open: flask check names them.")


@click.command("tidy")
def tidy_command() -> None:
    """Delete raw webhook bodies that are older than the clinic keeps them."""
    click.echo(f"{duties.forget(the_context(), utc_now())} bodies deleted.")
