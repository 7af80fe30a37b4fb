"""Setting a clinic up: the address for the browser, and the same settings on the command line."""

import sys

import click
from flask.cli import AppGroup

from handlers.staff import setup_link
from store import audit, kept, migrate
from web.commands.base import BY, prepare
from web.context import context, utc_now
from web.setup import desk

OUTSIDE = ("DATABASE_URL", "FIELD_KEYS", "SECRET_KEY")


@click.command("setup")
@click.option("--address", default="", help="Where this service is reached, until it is said in the browser.")
def setup_command(address: str) -> None:
    """Print the address at which a new clinic is set up in the browser; it is good once, for a day."""
    ours, now = context(), utc_now()
    migrate.upgrade(ours.db)
    with ours.db.begin() as tx:
        token = setup_link.open_up(tx, ours, now)
        if address:
            kept.put(tx, {"PUBLIC_URL": address, **setup_link.of_address(address)}, now)
    prepare(ours, now)
    url = address or ours.clinic.public_url
    click.echo(f"{url}/setup/{token}" if token else f"{url}/console/")


settings_group = AppGroup("settings", help="What was set in the browser; the environment wins over it.")


@settings_group.command("list")
def list_command() -> None:
    """The name of everything that is kept; values are sealed and not shown."""
    with context().db.read() as tx:
        for name in sorted(kept.variables(tx)):
            click.echo(name)


@settings_group.command("set")
@click.argument("name")
@click.argument("value", required=False)
def set_command(name: str, value: str | None) -> None:
    """Keep a variable as the browser does; web and worker begin again with it by themselves.

    Without VALUE it is read from standard input, where nobody on this machine sees it.
    """
    if not name.isupper():
        raise click.ClickException("A setting is written in capitals, as in docs/settings.md.")
    if name in OUTSIDE:
        raise click.ClickException(f"{name} opens the database, so it stands outside of it: in .env.")
    value = _read(name) if value is None else value
    problems = desk.desk().problems({name: value})
    if problems:
        raise click.ClickException("\n".join(["Not kept, since nothing would start with it:", *problems]))
    now = utc_now()
    with context().db.begin() as tx:
        kept.put(tx, {name: value}, now)
        audit.add(tx, BY, "setting_changed", f"setting:{name}", now)
    click.echo(f"{name} is kept." if value else f"{name} is not kept any more.")


def _read(name: str) -> str:
    given = sys.stdin
    typed: str = click.prompt(name, default="", hide_input=True) if given.isatty() else given.readline()
    return typed.strip()
