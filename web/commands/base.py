"""What the commands share: times on the command line."""

from datetime import UTC, datetime
from typing import Any

import click

from handlers.house import House
from integrations.base import Scheduler
from store import connections, migrate
from web.house import house


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
    found = house().schedulers.get(name)
    if found is None:
        raise click.BadParameter(f"no connection named {name}; there are: {', '.join(house().schedulers)}")
    return found


def prepare(house: House, now: datetime) -> None:
    """Bring the schema up to date and note connections that are new."""
    migrate.upgrade(house.db)
    with house.db.begin() as tx:
        for name, scheduler in house.schedulers.items():
            connections.ensure(tx, name, scheduler.connection.scheduler, now)
