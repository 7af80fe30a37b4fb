"""Commands for what the law asks of whoever keeps health data."""

import json
from datetime import datetime

import click
from flask.cli import AppGroup

from handlers.worker import papers, retention
from web.commands.base import BY, Moment
from web.context import context, utc_now

privacy_group = AppGroup("privacy", help="Papers that the law asks for, drafted from what is configured.")


@privacy_group.command("records")
def records_command() -> None:
    """Print records of processing (GDPR, article 30) as Markdown."""
    click.echo("\n".join(papers.records(context(), utc_now())))


@privacy_group.command("dpia")
def dpia_command() -> None:
    """Print the draft of a data protection impact assessment as Markdown."""
    click.echo("\n".join(papers.dpia(context(), utc_now())))


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@click.option("--now", type=Moment(), help="Take this as the time (with --dry-run).")
def retention_command(dry_run: bool, now: datetime | None) -> None:
    """Delete what is older than [retention] of clinic.toml keeps it; print as JSON what went."""
    if now and not dry_run:
        raise click.UsageError("--now goes with --dry-run: what is deleted is deleted by the clock.")
    at = now or utc_now()
    found = retention.report(context(), at)
    if not dry_run:
        gone = retention.delete(context(), at, BY)
        found = {kind: values | {"deleted": gone[kind]} for kind, values in found.items()}
    body_days = context().clinic.policy.body_days
    click.echo(
        json.dumps({"at": at.isoformat(), "dry_run": dry_run, **found, "receipts": {"days": body_days}})
    )
