"""The command line: what whoever runs it, and tests from outside, can ask and do."""

import sys
from copy import copy

import click
from flask import Flask
from flask.cli import FlaskGroup

from web.commands import (
    audit,
    breach,
    check,
    client,
    doctor,
    incident,
    look,
    out,
    privacy,
    restore,
    review,
    run,
    schedulers,
    setup,
    staff,
)
from web.commands.base import prepare, with_plain_errors

__all__ = ["install", "install_to_list", "is_listing", "prepare", "waits"]

COMMANDS: tuple[click.Command, ...] = (
    *(run.migrate_command, run.work_command, run.tidy_command, run.reseal_command),
    *(look.status_command, look.bookings_command, check.check_command),
    doctor.doctor_command,
    *(schedulers.simulate_command, schedulers.replay_command),
    *(schedulers.connect_command, schedulers.reconcile_command, schedulers.register_command),
    *(out.qr_command, out.export_command),
    *(restore.backup_command, restore.journal_command, restore.restored_command),
    privacy.retention_command,
    setup.setup_command,
    *(
        setup.settings_group,
        staff.staff_group,
        client.client_group,
        audit.audit_group,
        incident.incident_group,
        breach.breach_group,
        privacy.privacy_group,
        review.review_group,
    ),
)
for each in COMMANDS:
    with_plain_errors(each)


def install(app: Flask) -> None:
    """Put every command onto `flask`."""
    for command in COMMANDS:
        app.cli.add_command(command)


def is_listing() -> bool:
    """True while `flask` looks for commands; `flask run` and its like ask for the application later."""
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)


def waits() -> bool:
    """True for web and worker, which wait for a database that is not there yet; other commands say so."""
    return not is_listing() or run.work_command.name in sys.argv[1:]


def install_to_list(app: Flask, why_not: str) -> None:
    """Put every command onto `flask` with its help; each ends with `why_not` when it is run."""
    for command in COMMANDS:
        app.cli.add_command(_refusing(command, why_not))


def _refusing(command: click.Command, why_not: str) -> click.Command:
    twin = copy(command)
    twin.callback = lambda **_: sys.exit(why_not)
    if isinstance(twin, click.Group):
        twin.callback = None
        twin.commands = {name: _refusing(each, why_not) for name, each in twin.commands.items()}
    return twin
