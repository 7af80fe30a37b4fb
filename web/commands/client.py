"""Commands for what a client may ask for: everything about them, or to be forgotten."""

import json
import os
from typing import Any

import click
from flask.cli import AppGroup

from handlers.clients.privacy import StillThere
from handlers.worker import data_requests
from web.commands.base import BY
from web.context import context, utc_now

client_group = AppGroup("client", help="What a client may ask for.")


@client_group.command("export")
@click.argument("client", type=int)
@click.option("--file", default="", help="Where to write it; else it is printed.")
def export_command(client: int, file: str) -> None:
    """Everything that is kept about a client, as JSON."""
    values: dict[str, Any] | None = data_requests.export(context(), client, BY, utc_now())
    if values is None:
        raise click.ClickException("There is no such client.")
    text = json.dumps(values, ensure_ascii=False, indent=2)
    if not file:
        click.echo(text)
        return
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    click.echo(json.dumps(values["receipt"], ensure_ascii=False))


@client_group.command("erase")
@click.argument("client", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_command(client: int, yes: bool) -> None:
    """Erase a client for good; prints a receipt."""
    if not yes:
        click.confirm("Answers, plans, notes, messages and links go for good. Go on?", abort=True)
    try:
        receipt = data_requests.erase(context(), client, BY, utc_now())
    except StillThere as error:
        raise click.ClickException(str(error)) from error
    if receipt is None:
        raise click.ClickException("There is no such client.")
    known = {"id": receipt.id, "at": receipt.at.isoformat(), "counts": receipt.counts, "left": 0}
    click.echo(json.dumps(known))
