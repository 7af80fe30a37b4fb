"""Commands for the day on which a link, a session or the secret has leaked."""

import secrets

import click
from flask import current_app
from flask.cli import AppGroup

from handlers import links
from handlers.worker import restore
from store import audit
from store import links as stored_links
from web.commands.base import BY, note_command
from web.context import context, utc_now

incident_group = AppGroup("incident", help="When a link, a session or the secret has leaked.")


@incident_group.command("end-sessions")
def end_sessions_command() -> None:
    """End every session of staff at once: everybody signs in again."""
    click.echo(f"{restore.end_sessions(context(), BY, utc_now())} sessions ended.")
    click.echo(
        "Everybody signs in again. Who must not: flask --app app staff deactivate ADDRESS. A password that "
        "may be known: flask --app app staff reset ADDRESS.",
        err=True,
    )


@incident_group.command("end-links")
def end_links_command() -> None:
    """End every personal link at once, but for those that end mails: messages bring new ones."""
    now = utc_now()
    with context().db.begin() as tx:
        count = stored_links.end_every(tx, links.LinkPurpose.stop, now)
        audit.add(tx, BY, "end_every_link", "links", now, str(count))
    click.echo(
        f"{count} links ended. New ones go out with the next messages, or by Send again in the outbox."
    )


@incident_group.command("rotate-secret")
def rotate_secret_command() -> None:
    """Print a new SECRET_KEY; put in its place, it ends every link and session made before."""
    with context().db.begin() as tx:
        note_command(tx, "rotate-secret", utc_now())
    click.echo(" ".join([f"SECRET_KEY={secrets.token_urlsafe(48)}", *current_app.config["SECRET_KEYS"]]))
    click.echo(
        "Put this line in place of the old one, then start web and worker again. The keys after the first "
        "open nothing: they only tell who was erased before. Recovery codes have to be made again.",
        err=True,
    )
