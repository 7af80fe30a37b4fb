"""What the commands share: times, whose deed it is, and what is said instead of a traceback."""

import os
import pwd
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import wraps
from itertools import count
from typing import Any

import click

from handlers import links
from handlers.clients import contacts
from handlers.context import Context
from handlers.worker.journal import Older
from integrations.base import IntegrationError, Scheduler
from integrations.channels.email import advice
from schemas import origin
from schemas.notions.words import Translatable
from store import audit, connections, migrate
from store.base import DatabaseError, Tx, why
from store.migrate import Newer
from store.vault import SealBroken
from web.context import context

BY = "command line"  # who did it, in the audit log


class Moment(click.ParamType[datetime]):
    """An ISO time; one without a zone is read as UTC."""

    name = "ISO time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware time."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-27T15:00:00+01:00", param, ctx)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


def scheduler_of(name: str) -> Scheduler:
    """The scheduler of a connection; a mistyped name is answered with the names that there are."""
    found = context().schedulers.get(name)
    if found is None:
        raise click.BadParameter(f"no connection named {name}; there are: {', '.join(context().schedulers)}")
    return found


def see(error: IntegrationError, name: str) -> Translatable:
    """What to do about a scheduler that could not be asked: it refused us, or nobody was heard."""
    if error.permanent:
        return Translatable("See the API key of connection {name}.", name=name)
    return Translatable("Try again later; if it stays so, see this machine's way to the internet.")


def see_mail(error: IntegrationError) -> str:
    """What to do about a mail server that does not let us in."""
    settings = "See SMTP_HOST, SMTP_PORT, SMTP_SECURITY, SMTP_USERNAME and SMTP_PASSWORD."
    known = advice(error)
    return settings if known == str(error) else f"{known} {settings}"


def progress(label: str, length: int | None = None) -> AbstractContextManager[Any]:
    """A bar in the terminal whose `update(n)` moves it on; without a `length` it only counts."""
    return click.progressbar(
        count(),
        length,
        label,
        show_pos=True,
        show_eta=length is not None,
        file=sys.stderr,
    )


def prepare(context: Context, now: datetime) -> str:
    """Bring the schema up to date and note connections that are new; returns the revision of before."""
    before = migrate.upgrade(context.db)
    with context.db.begin() as tx:
        for name, scheduler in context.schedulers.items():
            connections.ensure(tx, name, scheduler.connection.scheduler, now)
            connections.writes(tx, name, scheduler.chosen_way, now)
        links.follow(tx, context, contacts.normalise(tx, context, now))
        links.key_old(tx, context)
    return before


def with_plain_errors(command: click.Command) -> click.Command:
    """Have a command say in a sentence what whoever runs it can mend; of a group, each of its commands."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            with_plain_errors(each)
    elif command.callback is not None:
        command.callback = _in_a_sentence(command.callback)
    return command


def _account() -> str:
    """Whose account of the machine this is: what stands in the environment could be anybody's."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def note_command(tx: Tx, name: str, now: datetime) -> None:
    """Write into the log that somebody gave a command that shows or moves what is kept."""
    audit.add(tx, BY, "command", f"command:{name}", now)


def _in_a_sentence(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def called(*args: Any, **more: Any) -> Any:
        origin.begin(via=f"os:{_account()}")
        try:
            return callback(*args, **more)
        except DatabaseError as error:
            raise click.ClickException(f"The database: {why(error)}.") from error
        except BrokenPipeError:
            raise  # whoever reads has seen enough
        except (SealBroken, Older, Newer, OSError) as error:
            raise click.ClickException(str(error)) from error

    return called
