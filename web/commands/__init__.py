"""The command line: what whoever runs it, and tests from outside, can ask and do."""

from flask import Flask

from web.commands import look, out, restore, run, schedulers
from web.commands.base import prepare

__all__ = ["install", "prepare"]

COMMANDS = (
    *(run.migrate_command, run.work_command, run.tidy_command),
    *(look.status_command, look.bookings_command, look.check_command),
    *(schedulers.simulate_command, schedulers.replay_command),
    *(schedulers.reconcile_command, schedulers.register_command),
    *(out.qr_command, out.export_command),
    *(restore.journal_command, restore.restored_command),
)


def install(app: Flask) -> None:
    """Put every command onto `flask`."""
    for command in COMMANDS:
        app.cli.add_command(command)
