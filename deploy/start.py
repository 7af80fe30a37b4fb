"""Start Aftercare from nothing: keys, database, web and worker; then one address. `make start`.

What the environment or `.env` gives stays as it is. ADDRESS is where clients will reach it, where that is
known already, such as https://care.example.com; PORT is the one that it listens on.
"""

import argparse
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from settings import ROOT, SettingsError, database_url, new_keys, process_variables
from settings.kept import with_kept
from store.base import Database, DatabaseError
from store.migrate import revision
from store.vault import Vault

BIN = Path(sys.executable).parent
WAIT = 60.0  # seconds for web to answer
QUICK = 10.0  # seconds: what ends sooner than this after its start has not started
TRIES = 3
HERE = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::\d+)?")


class Stopped(Exception):
    """It cannot start, and says why."""


@contextmanager
def alone(path: Path, *, wait: bool) -> Iterator[None]:
    """Let one of us in at a time; raises Stopped for the next one, unless it may wait."""
    handle = os.open(path, os.O_RDONLY)
    try:
        _lock(handle, wait=wait)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, *, wait: bool) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise Stopped("It is started here already. End that one first, with Ctrl-C.") from None
    except OSError:  # a network's file system that knows no locks
        return


def keys(folder: Path) -> None:
    """Make the two keys where there are none; never new ones beside a database that others have sealed."""
    with alone(folder, wait=True):
        environ = process_variables(folder)
        missing = [name for name in ("FIELD_KEYS", "SECRET_KEY") if not environ.get(name, "").strip()]
        if not missing:
            return
        if where := _sealed_before(folder, environ):
            raise Stopped(f"{where} is there, but {' and '.join(missing)} is not: put .env back.")
        made = new_keys()
        _add(folder / ".env", [f"{name}={made[name]}" for name in missing])


def _sealed_before(folder: Path, environ: dict[str, str]) -> str:
    """The database that is there already, as it may be shown; "" for none. Raises OSError."""
    given = {"DATABASE_URL": f"sqlite:///{folder / 'var' / 'aftercare.db'}"} | environ
    url = make_url(database_url(given))
    if url.get_backend_name() == "sqlite":
        return str(url.database) if Path(str(url.database)).exists() else ""
    key = new_keys()["FIELD_KEYS"]
    db = Database(url.render_as_string(hide_password=False), Vault((key,)))  # nothing is opened with it
    try:
        with db.read() as tx:
            return f"The database {url.database}" if revision(tx) else ""
    except DatabaseError as error:
        raise Stopped(f"The database does not answer ({type(error).__name__}).") from None
    finally:
        db.close()


def _add(path: Path, lines: list[str]) -> None:
    """Put the keys below what somebody may have written there, whose last line need not be ended."""
    before = path.read_bytes() if path.exists() else b""
    begun = "\n" if before and not before.endswith(b"\n") else ""
    about = "# Keep a copy of these two lines somewhere else: without them no answer can be read."
    with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as file:
        path.chmod(0o600)  # before a key is in it
        file.write(begun + "\n".join([about, *lines, ""]))


def free_port(wanted: int) -> int:
    """The wanted port of the loopback address; raises Stopped when it cannot be had."""
    if 0 < wanted < 65536 and any(_listens(host, wanted) for host in ("127.0.0.1", "::1")):
        raise Stopped(f"Something listens on port {wanted} already: make start PORT=8001")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OverflowError:
            raise Stopped("A port is a number from 1024 to 65535: make start PORT=8001") from None
        except PermissionError:
            raise Stopped(f"Port {wanted} is for root only: make start PORT=8001") from None
        except OSError:
            raise Stopped(f"Something listens on port {wanted} already: make start PORT=8001") from None
    return wanted


def _listens(host: str, port: int) -> bool:
    """Whether a browser that is sent to `localhost` would find somebody there, who is not us."""
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


class Running:
    """Web and worker; one that ends is started again."""

    def __init__(self, bind: str) -> None:
        self.commands = {
            "web": [str(BIN / "gunicorn"), "app:create_app()", "--threads", "8", "--bind", bind],
            "worker": [str(BIN / "flask"), "--app", "app", "work"],
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.began: dict[str, float] = {}
        self.failed: dict[str, int] = {}

    def start(self, name: str) -> None:
        """Start one of them."""
        self.processes[name] = subprocess.Popen(self.commands[name], cwd=ROOT)
        self.began[name] = time.monotonic()

    def look(self) -> None:
        """Start again what has ended; raises Stopped for what does not even start."""
        for name, process in list(self.processes.items()):
            if process.poll() is None:
                continue
            quick = time.monotonic() - self.began[name] < QUICK
            self.failed[name] = self.failed.get(name, 0) + 1 if quick else 0
            if self.failed[name] >= TRIES:
                raise Stopped(f"{name} does not start; what it says stands above.")
            time.sleep(1)
            self.start(name)

    def stop(self) -> None:
        """End both, and wait for what is in hand."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def address(wanted: str, port: int) -> str:
    """Bring the database up to date and return the address to open; `wanted` is where clients reach it."""
    known = with_kept(process_variables()).variables.get("PUBLIC_URL", "")
    wanted = wanted or ("" if known else f"http://localhost:{port}")
    first = {"AFTERCARE_SETUP": "open"} if not known else {}
    if wanted:
        kind = "production" if wanted.startswith("https://") else "development"
        first |= {"PUBLIC_URL": wanted, "AFTERCARE_ENV": kind}
    command = [str(BIN / "flask"), "--app", "app", "setup", *(["--address", wanted] if wanted else [])]
    environ = os.environ | first
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stopped(done.stderr.strip() or done.stdout.strip())
    return done.stdout.strip().splitlines()[-1]


def _at_this_port(port: int) -> str:
    """The address of a clinic that is tried out, where it is another port than the last time; else ""."""
    own = process_variables()
    known = with_kept(own).variables.get("PUBLIC_URL", "")
    here = f"http://localhost:{port}"
    moved = HERE.fullmatch(known) and known != here and not own.get("PUBLIC_URL", "").strip()
    return here if moved else ""


def answers(port: int) -> bool:
    """True once web answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def run(port: int, host: str, wanted: str) -> None:
    """Start, say where, and keep both running until somebody ends it."""
    free_port(port)
    keys(ROOT)
    shown = address(wanted or _at_this_port(port), port)
    running = Running(f"{host}:{port}")
    for each in (signal.SIGTERM, signal.SIGHUP):  # a window that is closed; gunicorn would begin again at it
        signal.signal(each, lambda *_: sys.exit(0))
    try:
        for name in running.commands:
            running.start(name)
        limit = time.monotonic() + WAIT
        while not answers(port):
            running.look()
            if time.monotonic() > limit:
                raise Stopped("Web does not answer; what it says stands above.")
            time.sleep(0.2)
        print(f"\nOpen this address in your browser (Ctrl-C ends Aftercare):\n\n  {shown}\n", flush=True)
        while True:
            running.look()
            time.sleep(1)
    finally:
        running.stop()


def _not_started(why: str) -> int:
    print(f"Aftercare did not start: {why}", file=sys.stderr)
    return 1


def main() -> int:
    """0 when somebody ended it."""
    options = argparse.ArgumentParser(prog="make start")
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    options.add_argument("--address", default="", help="https://care.example.com")
    options.add_argument("--only-address", action="store_true", help="print it; others start web and worker")
    given = options.parse_args()
    try:
        if given.only_address:
            keys(ROOT)
            print(address(given.address.rstrip("/"), given.port))
            return 0
        with alone(Path(__file__), wait=False):
            run(given.port, given.host, given.address.rstrip("/"))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        return _not_started(f"{error.strerror}: {error.filename or ROOT}")
    except (Stopped, SettingsError) as error:
        return _not_started(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
