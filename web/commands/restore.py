"""Commands for the day on which a backup is needed."""

from datetime import datetime
from pathlib import Path

import click

from handlers.context import Context
from handlers.worker import backups, restore
from handlers.worker import journal as journals
from handlers.worker.journal import Journal
from store import migrate
from web.commands.base import BY, note_command, prepare
from web.context import context as the_context
from web.context import utc_now

RESET = "flask --app app staff reset"
NO_JOURNAL = (
    "No journal is here and none was given: who was erased, which links ended and what nobody wanted any "
    "more since the backup is not known. If you have what `flask --app app journal` printed, or a file "
    "`aftercare.journal`, give this command again with --journal FILE before you start the worker."
)
NOTES = {"made": backups.note_made, "elsewhere": backups.note_elsewhere}
NOT_WHOLE = (
    "This journal is cut or changed, or of an earlier version: what it does not hold is not ended again."
)


@click.command("backup")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--made", "note", flag_value="made", help="The regular backup was made: note its time.")
@click.option(
    "--elsewhere", "note", flag_value="elsewhere", help="Await none here: it is made in another way."
)
def backup_command(file: Path | None, note: str | None) -> None:
    """Copy the SQLite database into a new FILE, while everything runs; or note a regular backup."""
    if (file is None) == (note is None):
        raise click.UsageError("Name the new file, or give --made or --elsewhere.")
    if file is not None:
        _copy(file)
        return
    with the_context().db.begin() as tx:
        NOTES[str(note)](tx, BY, utc_now())


def _copy(file: Path) -> None:
    db = the_context().db
    if not db.sqlite:
        raise click.ClickException("PostgreSQL is backed up by its own command: pg_dump.")
    if migrate.is_current(
        db
    ):  # a copy of an older one is made before it is migrated, and has no such log yet
        with db.begin() as tx:
            note_command(tx, "backup", utc_now())
    if file.exists():
        raise click.ClickException(
            f"{file}: File exists. A backup is a new file each time: give another name."
        )
    db.backup(file)
    click.echo(
        f"{file}: keep FIELD_KEYS, SECRET_KEY and what `flask --app app journal` prints somewhere else."
    )


@click.command("journal")
@click.option("--accept", is_flag=True, help="You know why its file was gone or changed: end the alarm.")
def journal_command(accept: bool) -> None:
    """What must outlive a restore, in hashes that name nobody: keep it elsewhere."""
    if accept:
        journals.accept(the_context(), BY, utc_now())
        click.echo(
            "The alarms about the journal have ended, and the log says that you know why they were there."
        )
        return
    for line in journals.lines(the_context()):
        click.echo(line)


@click.command("restored")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False), help="What `flask journal` printed.")
def restored_command(journal: str | None) -> None:
    """Run this once after a restore, before the worker: end what had ended, hold what was due."""
    context, now = the_context(), utc_now()
    prepare(context, now)
    given = Path(journal).read_text("ascii", "replace") if journal else ""
    kept = journals.kept(context)
    if not (given or kept):
        click.echo(NO_JOURNAL, err=True)
    for each in filter(None, (given, kept)):
        if not journals.is_whole(context, each):
            click.echo(NOT_WHOLE, err=True)
    _replay(context, journals.read(f"{given}\n{kept}"), now)
    click.echo(f"{restore.end_sessions(context, BY, now)} sessions ended: everybody signs in again.")
    click.echo(
        f"{restore.hold_overdue(context, BY, now)} messages held: look at the outbox, then start the worker."
    )


def _replay(context: Context, known: Journal, now: datetime) -> None:
    click.echo(f"{restore.erase_again(context, known.erased, BY, now)} clients erased again.")
    click.echo(f"{restore.end_links(context, known.ended, BY, now)} links ended again.")
    click.echo(f"{restore.stop_again(context, known.stopped, BY, now)} addresses left alone again.")
    click.echo(f"{restore.withdraw_again(context, known.withdrawn, BY, now)} consents withdrawn again.")
    shut, changed = restore.shut_out(context, known.accounts, BY, now)
    click.echo(f"{shut} accounts deactivated again.")
    for who in changed:
        click.echo(f"{who.email} had another password, second factor or role: {RESET} {who.email}")
    with context.db.begin() as tx:
        journals.note_restored(tx, known.heads.values(), BY, now)
        journals.settle(tx)
