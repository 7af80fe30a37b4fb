"""Commands for the sign-off of content: who has read which file, and until when that counts."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from handlers.plans import reviews
from handlers.plans.reviews import CannotSign
from library import originals, signable
from schemas.review import FileReview, Why
from store import staff as stored_staff
from web.commands.base import Moment
from web.context import context, utc_now

review_group = AppGroup("review", help="Sign-off of the content: who has read what.")
WHY = {
    Why.new: "nobody has signed it",
    Why.changed: "changed since it was signed",
    Why.expired: "the signature has run out",
}


@review_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(as_json: bool) -> None:
    """Every file: language, state, who signed it, until when."""
    with context().db.read() as tx:
        found = reviews.standing(tx, signable.hashes(_folder()), utc_now())
    if as_json:
        click.echo(json.dumps([_values(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo("  ".join((one.file, one.language, one.state, *_more(one))))


def _more(one: FileReview) -> tuple[str, ...]:
    if one.why is not None or one.review is None:
        return (f"({WHY[one.why or Why.new]})",)
    return one.review.who, f"until {one.review.valid_until:%Y-%m-%d}"


def _values(one: FileReview) -> dict[str, Any]:
    counts = one.review if one.why is None else None
    return {
        "file": one.file,
        "language": one.language,
        "state": one.state,
        "why": one.why,
        "who": counts.who if counts else None,
        "until": counts.valid_until.isoformat() if counts else None,
        "sha256": one.sha256,
    }


def _folder() -> Path:
    return Path(current_app.config["CONTENT"])


@review_group.command("sign")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--as", "address", required=True, metavar="ADDRESS", help="The account of who has read them.")
@click.option("--until", type=Moment(), help="Until when it counts; a year when left out.")
@click.option("--note", default="", help="Conditions, in the reviewer's words.")
def sign_command(files: tuple[str, ...], address: str, until: datetime | None, note: str) -> None:
    """Sign files as they stand: FILE is a name such as exercises/act_clam.toml; several may be given."""
    known = signable.hashes(_folder())
    read = {name: known.get(name, "") for name in (_name(file, known) for file in files)}
    try:
        with context().db.begin() as tx:
            who = stored_staff.by_email(tx, address)
            if who is None:
                raise CannotSign("There is no account with this address.")
            made = reviews.sign(tx, _folder(), read, who, utc_now(), until=until, note=note)
    except CannotSign as error:
        raise click.ClickException(str(error)) from None
    for review in made:
        click.echo(f"{review.file}  signed by {review.who} until {review.valid_until:%Y-%m-%d}")


def _name(file: str, known: dict[str, str]) -> str:
    """The name below the content folder, also for a path to the file."""
    if file in known:
        return file
    path, folder = Path(file).resolve(), _folder().resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file


@review_group.command("translated")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def translated_command(files: tuple[str, ...]) -> None:
    """Say that translations fit their originals as these are now: FILE is a name such as es/privacy.toml."""
    try:
        originals.translated(_folder(), files)
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from None
    click.echo(f"Noted for {len(files)}.")
