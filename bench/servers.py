"""Processes under measurement."""

import http.client
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from store.base import Database
from tests.helpers.ports import free_port

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Server:
    """gunicorn with 8 threads, as it comes or as the Procfile ships it (`shipped`)."""

    app: str
    environ: dict[str, str]
    folder: Path
    shipped: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        where = ["--pythonpath", str(ROOT)] if not self.shipped else []
        command = [sys.executable, "-m", "gunicorn", self.app, "--threads", "8", *where]
        self.process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{self.port}", "--log-level", "error"],
            cwd=ROOT if self.shipped else self.folder,  # gunicorn.conf.py is read from the folder
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environ},
        )
        self._wait()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self.process
        self.process.terminate()
        self.process.wait(30)

    @property
    def pid(self) -> int:
        """The process that answers: the child of gunicorn's own."""
        assert self.process
        return children(self.process.pid)[0]

    def _wait(self) -> None:
        for _ in range(600):
            try:
                wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                wire.request("GET", "/healthz")
                wire.getresponse()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"{self.app} did not start.")


def children(pid: int) -> list[int]:
    """The processes that one has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory(pid: int) -> float:
    """What a process holds, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def processor(pid: int) -> float:
    """The seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_postgres(db: Database) -> float:
    """Seconds of processor time of all processes of a PostgreSQL server; 0 for SQLite."""
    if db.sqlite:
        return 0.0
    with db.read() as tx:
        folder = Path(tx.value(sa.text("SHOW data_directory")))
    main = int((folder / "postmaster.pid").read_text().split()[0])
    return sum(processor(each) for each in children(main))
