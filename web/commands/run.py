"""Commands that run: bring the database up to date, work, tidy up."""

import secrets
import signal
import socket
import threading
from datetime import datetime

import click

from handlers import duties, work
from web.commands.base import Moment, prepare
from web.house import house as the_house
from web.house import utc_now


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    prepare(the_house(), utc_now())
    click.echo("The database is up to date.")


@click.command("work")
@click.option("--once", is_flag=True, help="Do what is due, then stop.")
@click.option("--now", type=Moment(), help="Take this as the time (with --once).")
def work_command(once: bool, now: datetime | None) -> None:
    """Run the worker."""
    house = the_house()
    prepare(house, utc_now())
    name = f"{socket.gethostname()}-{secrets.token_hex(4)}"[:64]
    if once or now:
        at = now or utc_now()
        done = work.work_once(house, at, "once")
        click.echo(f"{done} done.")
        return
    work.work(house, utc_now, _stop_on_signals(), name)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    return stop


@click.command("tidy")
def tidy_command() -> None:
    """Delete raw webhook bodies that are older than the clinic keeps them."""
    click.echo(f"{duties.forget(the_house(), utc_now())} bodies deleted.")
