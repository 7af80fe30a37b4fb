"""Commands about accounts for the console."""

import secrets
import sys

import click
from flask.cli import AppGroup

from handlers.staff import accounts
from handlers.staff.passwords import Unfit
from schemas.staff import Role, Staff
from store import staff as stored_staff
from store.base import Tx
from web.commands.base import BY
from web.context import context, utc_now

NOBODY = "There is no account yet. Make one: flask --app app staff add ADDRESS --name NAME --role manager"
staff_group = AppGroup("staff", help="Accounts for the console.")


def _password(from_input: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_input else secrets.token_urlsafe(15)


def _one(tx: Tx, email: str) -> Staff:
    found = stored_staff.by_email(tx, email)
    if found is None:
        raise click.ClickException("There is no account with this address.")
    return found


@staff_group.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As it shall stand on released plans.")
@click.option("--credential", default="", help="LMT, PT, ATC, CPT ...")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([str(role) for role in Role]),
    help="May be given twice; practitioner when left out.",
)
@click.option("--language", default="en", type=click.Choice(["en", "es"]))
@click.option("--password-stdin", is_flag=True, help="Read the password from the input; else one is made.")
def add_command(email: str, roles: tuple[str, ...], password_stdin: bool, **about: str) -> None:
    """Make an account."""
    password = _password(password_stdin)
    chosen = [Role(role) for role in roles or (Role.practitioner,)]
    try:
        with context().db.begin() as tx:
            name = about.pop("name")
            made = not password_stdin
            accounts.add(tx, context(), email, name, chosen, password, utc_now(), made_for_them=made, **about)
    except Unfit as error:
        raise click.ClickException(str(error)) from None
    _tell(email, "" if password_stdin else password)


def _tell(email: str, password: str) -> None:
    click.echo(f"{email} can sign in at {context().clinic.public_url}/console/login")
    if password:
        click.echo(f"Password (shown only now; for three days it opens its own change alone): {password}")


@staff_group.command("list")
def list_command() -> None:
    """Every account."""
    with context().db.read() as tx:
        found = stored_staff.every(tx)
    if not found:
        click.echo(NOBODY)
    for one in found:
        state = "" if one.active else "  deactivated" if one.sound else "  changed in the database"
        factor = "second factor on" if one.totp else "second factor off"
        click.echo(f"{one.email}  {one.name}  {' '.join(sorted(one.roles))}  {factor}{state}")


@staff_group.command("deactivate")
@click.argument("email")
def deactivate_command(email: str) -> None:
    """Let somebody in no more; every session of theirs ends at once."""
    _switch(email, active=False)
    click.echo("Deactivated. Every session has ended.")


@staff_group.command("activate")
@click.argument("email")
def activate_command(email: str) -> None:
    """Let somebody in again."""
    _switch(email, active=True)
    click.echo("Active.")


def _switch(email: str, *, active: bool) -> None:
    try:
        with context().db.begin() as tx:
            accounts.set_active(tx, _one(tx, email).id, BY, utc_now(), active=active)
    except Unfit as error:
        raise click.ClickException(str(error)) from None


@staff_group.command("reset")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from the input; else one is made.")
@click.option("--keep-second-factor", is_flag=True, help="They forgot the password alone.")
@click.option("--recognised", default="", help="How you know that it is they, for the log: in person ...")
def reset_command(email: str, password_stdin: bool, keep_second_factor: bool, recognised: str) -> None:
    """A new password and no second factor, for who lost both."""
    password = _password(password_stdin)
    about = {"made_for_them": not password_stdin, "keep_factor": keep_second_factor}
    try:
        with context().db.begin() as tx:
            who = _one(tx, email).id
            accounts.reset(tx, context(), who, password, BY, utc_now(), recognised=recognised, **about)
    except Unfit as error:
        raise click.ClickException(str(error)) from None
    _tell(email, "" if password_stdin else password)
