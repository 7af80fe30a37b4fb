"""The real processes, as the Procfile starts them, and requests from outside."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
HOST = "care.test"
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Running:
    """Web and worker processes of one installation; `environ` are its settings."""

    environ: Mapping[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    host: str = HOST
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def flask(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """One command of the command line, to its end."""
        command = [sys.executable, "-m", "flask", "--app", "app", *words]
        env = self._environ()
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout)

    def start(self, name: str) -> None:
        """Start "web", or a worker with any other name; what it logs is added to `<name>.log`."""
        command = [sys.executable, "-m", "flask", "--app", "app", "work"]
        if name == "web":
            bind = f"127.0.0.1:{self.port}"
            command = [sys.executable, "-m", "gunicorn", "app:create_app()", "--threads", "8", "--bind", bind]
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self._environ(), stdout=log, stderr=log, start_new_session=True
            )

    def _environ(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environ}

    def log(self, name: str) -> Path:
        """Where a process logs to."""
        return self.folder / f"{name}.log"

    def logs(self) -> str:
        """All that was logged."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def kill(self, name: str) -> None:
        """kill -9, with every child."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End everything kindly, and hard after a while."""
        for process in self.processes.values():
            process.terminate()
        for name, process in list(self.processes.items()):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self.processes.clear()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request; raises OSError or HTTPException when there is no whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body, {"Host": self.host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def wait_ready(self, seconds: float = 60) -> float:
        """Wait until the web process answers; returns how many seconds it took."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return time.monotonic() - began
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        raise AssertionError(f"The web process did not answer:\n{self.logs()[-3000:]}")
