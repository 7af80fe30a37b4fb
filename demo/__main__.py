"""Runs the whole job on this machine: `make demo`, or with ONCE=1 from end to end and out."""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import requests

from demo.client import Refused, fill_in
from demo.mailbox import Mailbox, clock, link_in
from deploy.start import Stopped, alone
from integrations.simulate import new_secret, sample
from settings import new_keys

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "var" / "demo"
BIN = Path(sys.executable).parent
CLIENT = "zoe@example.org"
PASSWORD = "try-it-out-2026"  # noqa: S105 - of an account that lives as long as the demonstration
VISIT_ENDS_IN = {False: timedelta(seconds=60), True: timedelta(seconds=10)}  # with --once
WAIT = 120  # seconds


class Failed(Exception):
    """The demonstration did not get where it should, and says where it stopped."""


def say(text: str) -> None:
    """One line on the screen, with the time."""
    print(f"{clock()}  {text}", flush=True)


def free_port(wanted: int) -> int:
    """The wanted port of the loopback address, or any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failed("There is no free port on this machine.")


class Demo:
    """The processes of the demonstration and what they have done so far."""

    def __init__(self) -> None:
        shutil.rmtree(FOLDER, ignore_errors=True)
        self.web_port, self.page_port, mail_port = free_port(8000), free_port(8025), free_port(2525)
        self.url = f"http://localhost:{self.web_port}"
        self.secret = new_secret("calcom", os.urandom(24))
        self.env = self._environment(mail_port)
        self.mails = Mailbox(FOLDER / "mails", self._mail_came)
        self.arrived = threading.Condition()
        self.smtp = self.mails.serve_smtp(mail_port)
        self.pages = self.mails.serve_pages(self.page_port)
        self.processes: list[subprocess.Popen[bytes]] = []

    def _environment(self, mail_port: int) -> dict[str, str]:
        return (
            dict(os.environ)
            | new_keys()
            | {
                "AFTERCARE_ENV": "development",
                "PUBLIC_URL": self.url,
                "DATABASE_URL": f"sqlite:///{FOLDER / 'aftercare.db'}",
                "CONNECTIONS": "main=calcom",
                "MAIN_SECRET": self.secret,
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(mail_port),
                "SMTP_SECURITY": "none",
                "SETTLE_SECONDS": "2",
                "PLAN_DELAY_SECONDS": "3",
                "LOG_LEVEL": "info",
                "PYTHONUNBUFFERED": "1",
            }
        )

    def start(self) -> None:
        """Database, web, worker; returns when they are ready."""
        self._flask("migrate")
        both = ("--role", "practitioner", "--role", "manager")
        account = ("mara@clinic.example", "--name", "Mara Field", "--credential", "LMT", *both)
        self._flask("staff", "add", *account, "--password-stdin", given=PASSWORD)
        address = f"127.0.0.1:{self.web_port}"
        gunicorn = [str(BIN / "gunicorn"), "--bind", address, "--threads", "8", "--log-level", "warning"]
        self._run("web", [*gunicorn, "app:create_app()"])
        self._run("worker", [str(BIN / "flask"), "--app", "app", "work"])
        self._until(lambda: self._ready(), "web and worker to be ready")

    def _flask(self, *words: str, given: str = "") -> None:
        command = [str(BIN / "flask"), "--app", "app", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, input=given, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"flask {words[0]} failed:\n{done.stderr or done.stdout}")

    def _run(self, name: str, command: list[str]) -> None:
        log = (FOLDER / f"{name}.log").open("wb")
        process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        self.processes.append(process)

    def _ready(self) -> bool:
        for process, name in zip(self.processes, ("web", "worker"), strict=True):
            if process.poll() is not None:
                raise Failed(f"{name} stopped; see {FOLDER / name}.log")
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).ok
        except requests.RequestException:
            return False

    def book(self, ends_in: timedelta) -> None:
        """Post a signed Cal.com booking whose session ends in moments."""
        now = datetime.now(UTC)
        end = now + ends_in
        headers, body = sample(
            "calcom",
            "created",
            uid=f"demo{int(now.timestamp())}",
            start=end - timedelta(hours=1),
            end=end,
            now=now,
            secret=self.secret,
            name="Zoë Łuć",
            email=CLIENT,
        )
        answer = requests.post(f"{self.url}/webhooks/main", data=body, headers=headers, timeout=10)
        if answer.status_code != 202:
            raise Failed(f"The webhook was answered {answer.status_code}: {answer.text}")
        ends = end.astimezone().strftime("%H:%M:%S")
        say(f"Cal.com says: booked. Answered 202 ({answer.json()['receipt']}). The session ends at {ends}.")

    def _mail_came(self, mail: EmailMessage, path: Path) -> None:
        kind = mail["X-Aftercare-Kind"]
        say(f"Mail to {mail['To']}: “{mail['Subject']}” [{kind}]  {path.relative_to(ROOT)}")
        for word, name in (
            ("i", "The client's intake"),
            ("p", "The client's plan"),
            ("n", "For the practitioner"),
        ):
            link = link_in(mail, word)
            if link:
                say(f"   {name}: {link}")
        with self.arrived:
            self.arrived.notify_all()

    def wait_for(self, kind: str) -> EmailMessage:
        """The first mail of a kind, once it is here."""

        def found() -> EmailMessage | None:
            return next((mail for mail in self.mails.mails if mail["X-Aftercare-Kind"] == kind), None)

        with self.arrived:
            self.arrived.wait_for(lambda: found() is not None, timeout=WAIT)
        mail = found()
        if mail is None:
            raise Failed(f"No {kind} mail came within {WAIT} seconds; see {FOLDER}/worker.log")
        return mail

    def _until(self, good: Callable[[], bool], what: str) -> None:
        limit = time.monotonic() + WAIT
        while not good():
            if time.monotonic() > limit:
                raise Failed(f"Waited {WAIT} seconds for {what}; see {FOLDER}/*.log")
            time.sleep(0.2)

    def once(self) -> None:
        """Fill in the intake, wait for the plan, look at it."""
        link = link_in(self.wait_for("intake"), "i")
        screens = fill_in(link)
        say(f"The client answered {screens} screens and sent the form.")
        plan = link_in(self.wait_for("plan"), "p")
        page = requests.get(plan, timeout=10)
        if not page.ok or "<svg" not in page.text:
            raise Failed(f"The plan page answered {page.status_code} or has no pictures: {plan}")
        pdf = requests.get(f"{plan}/plan.pdf", timeout=20)
        if not pdf.ok or not pdf.content.startswith(b"%PDF"):
            raise Failed(f"The plan's PDF answered {pdf.status_code}.")
        (FOLDER / "plan.pdf").write_bytes(pdf.content)
        say(f"The plan page has its pictures; the PDF is in {(FOLDER / 'plan.pdf').relative_to(ROOT)}.")

    def stop(self) -> None:
        """End every process."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.smtp.stop()
        self.pages.shutdown()


def main() -> int:
    """0 when everything went as it should."""
    options = argparse.ArgumentParser(prog="make demo")
    options.add_argument("--once", action="store_true", help="run through, then stop")
    once = options.parse_args().once
    for each in (signal.SIGTERM, signal.SIGHUP):  # a window that is closed; gunicorn would begin again at it
        signal.signal(each, lambda *_: sys.exit(143))
    try:
        with alone(Path(__file__), wait=False):
            return run(once=once)
    except Stopped as error:
        print(f"The demonstration did not start: {error}", file=sys.stderr)
        return 1


def run(*, once: bool) -> int:
    """The whole way, on a folder that nobody else uses meanwhile."""
    demo = Demo()
    try:
        say("Starting web and worker on a fresh SQLite file ...")
        demo.start()
        say(f"Console: {demo.url}/console   (mara@clinic.example, {PASSWORD})")
        say(f"Mails:   http://localhost:{demo.page_port}/")
        demo.book(VISIT_ENDS_IN[once])
        if once:
            demo.once()
            say("Done: booked, asked, answered, session over, plan sent.")
            return 0
        say("Open the intake link when it comes. The plan follows the session. Ctrl-C ends it.")
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    except (Failed, Refused, requests.RequestException) as error:
        print(f"The demonstration stopped: {error}", file=sys.stderr)
        return 1
    finally:
        demo.stop()


if __name__ == "__main__":
    sys.exit(main())
