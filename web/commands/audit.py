"""Commands about the audit log."""

from pathlib import Path

import click
from flask.cli import AppGroup

from handlers.worker import journal as journals
from store import audit
from store.audit import Verdict
from web.context import context

NEXT = (
    "Was a backup put in the place of the database? Give flask --app app restored (with --journal FILE, "
    "where you have one). If not, somebody has changed the log: keep a copy of the database as it is, "
    "find out who can write into it, then change FIELD_KEYS and its password."
)
audit_group = AppGroup("audit", help="The log of who did what.")


@audit_group.command("verify")
@click.option(
    "--journal",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `flask journal` printed before: the log must hold those entries, too.",
)
def verify_command(journal: Path | None) -> None:
    """Say whether the log is as it was written, or the first entry that is not."""
    given = journals.read(journal.read_text(encoding="ascii")).heads if journal else {}
    known = journals.heads(context(), given)
    with context().db.read() as tx:
        found = audit.verify(tx, known)
    if found.wrong:
        raise click.ClickException(_broken(found))
    click.echo(f"{found.entries} entries, as they were written. Head: {found.entries} {found.head}")
    for entries in sorted(given.keys() - known.keys()):
        click.echo(
            f"Entries up to {entries} that this journal knows were lost by a restore, as somebody has said."
        )


def _broken(found: Verdict) -> str:
    one = found.first_broken
    if one is None:
        return f"{found.entries} entries follow on each other, but {found.wrong}. {NEXT}"
    what = f"entry {one.id} ({one.at.isoformat()}, {one.actor}, {one.action}, {one.subject})"
    return f"The log is broken at {what}: {found.wrong}. {found.entries} entries before it are whole. {NEXT}"
