"""Commands for the day on which a backup is needed."""

from pathlib import Path

import click

from handlers.worker import restore
from store import migrate
from web.commands.base import BY, note_command, prepare
from web.context import context as the_context
from web.context import utc_now


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path) -> None:
    """Copy the SQLite database into a new file, while everything runs."""
    db = the_context().db
    if not db.sqlite:
        raise click.ClickException("PostgreSQL is backed up by its own command: pg_dump.")
    if migrate.is_current(
        db
    ):  # a copy of an older one is made before it is migrated, and has no such log yet
        with db.begin() as tx:
            note_command(tx, "backup", utc_now())
    db.backup(file)
    click.echo(
        f"{file}: keep FIELD_KEYS, SECRET_KEY and what `flask --app app journal` prints somewhere else."
    )


@click.command("journal")
def journal_command() -> None:
    """Who was erased, as hashes that name nobody, and the head of the audit log: keep it elsewhere."""
    for line in restore.journal(the_context()):
        click.echo(line)


@click.command("restored")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False), help="What `flask journal` printed.")
def restored_command(journal: str | None) -> None:
    """Run this once after a restore, before the worker: hold what was due, end sessions, erase again."""
    context, now = the_context(), utc_now()
    prepare(context, now)
    if journal:
        known = restore.read_journal(Path(journal).read_text(encoding="ascii"))
        click.echo(f"{restore.erase_again(context, known.erased, BY, now)} clients erased again.")
    click.echo(f"{restore.end_sessions(context, BY, now)} sessions ended: everybody signs in again.")
    click.echo(
        f"{restore.hold_overdue(context, BY, now)} messages held: look at the outbox, then start the worker."
    )
