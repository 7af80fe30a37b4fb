"""Start Aftercare from nothing: keys, database, web and worker; then one address. `make start`.

What the environment or `.env` gives stays as it is. ADDRESS is where clients will reach it, where that is
known already, such as https://care.example.com; PORT is the one that it listens on.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from sqlalchemy.engine import make_url

from settings import ROOT, fresh_keys, process_variables
from settings.kept import with_kept

BIN = Path(sys.executable).parent
WAIT = 60.0  # seconds for web to answer
QUICK = 10.0  # seconds: what ends sooner than this after its start has not started
TRIES = 3


class Stopped(Exception):
    """It cannot start, and says why."""


def keys(folder: Path, environ: dict[str, str]) -> None:
    """Make the two keys where there are none; never new ones beside a database that others have sealed."""
    missing = [name for name in ("FIELD_KEYS", "SECRET_KEY") if not environ.get(name, "").strip()]
    if not missing:
        return
    database = make_url(environ.get("DATABASE_URL") or f"sqlite:///{folder / 'var' / 'aftercare.db'}")
    if database.get_backend_name() == "sqlite" and Path(str(database.database)).exists():
        raise Stopped(f"{database.database} is there, but {' and '.join(missing)} is not: put .env back.")
    made = dict(line.split("=", 1) for line in fresh_keys().splitlines())
    path = folder / ".env"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as file:
        file.write("# Keep a copy of these two lines somewhere else: without them no answer can be read.\n")
        file.writelines(f"{name}={made[name]}\n" for name in missing)
    path.chmod(0o600)


def free_port(wanted: int) -> int:
    """The wanted port of the loopback address; raises Stopped when it cannot be had."""
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
    keys(ROOT, process_variables())
    shown = address(wanted, port)
    running = Running(f"{host}:{port}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
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
            keys(ROOT, process_variables())
            print(address(given.address.rstrip("/"), given.port))
            return 0
        run(given.port, given.host, given.address.rstrip("/"))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        return _not_started(f"{error.strerror}: {error.filename or ROOT}")
    except Stopped as error:
        return _not_started(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
