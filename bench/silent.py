"""How long alerts and other connections wait while a host takes every connection and never answers.

Run from the repository's folder: .venv/bin/python bench/silent.py [seconds] [host] [postgresql URL]
The scheduler of one of five connections hangs, then the mail server, then the text-message service.
Prints the longest waits and how often /readyz was 200; ends with 1 when a bar is missed.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count, cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aiosmtpd.controller import Controller

from tests.helpers.clinic import environ
from tests.helpers.installation import OTHERS, Installation, installation, wait_for
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from tests.helpers.processes import Running
from tests.helpers.silent import Silent, TextService, silent, text_service

ALERT, OTHER = 5.0, 10.0  # seconds
HOSTS = ("scheduler", "mail server", "text service")
EVERY = 5.0  # seconds between two alerts
NUMBERS = count()


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """One that takes every mail."""
    box = Mailbox(port=free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


def measure(hanging: str, url: str, folder: Path, seconds: float) -> bool:
    """One hanging host; True when every bar is kept."""
    running = Running(environ(url, 1), folder)
    assert running.flask("migrate").returncode == 0
    with ExitStack() as stack:
        hangs = stack.enter_context(silent())
        box = stack.enter_context(mail_server())
        texts = stack.enter_context(text_service())
        clinic = stack.enter_context(
            installation(
                folder,
                url,
                hangs.port if hanging == "mail server" else box.port,
                hangs.url if hanging == "scheduler" else "",
                hangs.url if hanging == "text service" else texts.url,
            )
        )
        alert, other = waits(clinic, hanging, hangs, box, texts, seconds)
    good = alert < ALERT and other < OTHER and set(clinic.ready) == {200}
    ready = f"{clinic.ready.count(200)}/{len(clinic.ready)}"
    print(f"{hanging:14} hangs: alert {alert:4.1f} s   other connections {other:4.1f} s   ready {ready}")
    return good


def waits(
    clinic: Installation, hanging: str, hangs: Silent, box: Mailbox, texts: TextService, seconds: float
) -> tuple[float, float]:
    """The longest wait for an alert and for another connection, in so many seconds of trouble."""
    sites, alerts, others = cycle(OTHERS), [0.0], [0.0]
    known = f"k{next(NUMBERS)}"
    clinic.book(known, "site")
    end = time.monotonic() + seconds
    taken = 1
    while time.monotonic() < end:
        uid, site = f"b{next(NUMBERS)}", next(sites)
        clinic.book(f"m{next(NUMBERS)}", "main")
        clinic.book(uid, site)
        taken += 2
        done = _mailed(box, uid) if hanging != "mail server" else _taken_in(clinic, taken)
        others.append(wait_for(done))
        if hangs.taken:  # from now on somebody waits for it
            heard = len(texts.sent) if hanging == "mail server" else len(box.of("alert"))
            clinic.alert(uid)
            alerts.append(wait_for(_heard(hanging, box, texts, heard)))
        time.sleep(EVERY)
    return max(alerts), max(others)


def _mailed(box: Mailbox, uid: str) -> Callable[[], bool]:
    return lambda: any(recipients == [f"{uid}@example.org"] for recipients in box.recipients)


def _taken_in(clinic: Installation, taken: int) -> Callable[[], bool]:
    return lambda: clinic.taken_in(taken)


def _heard(hanging: str, box: Mailbox, texts: TextService, before: int) -> Callable[[], bool]:
    if hanging == "mail server":
        return lambda: len(texts.sent) > before
    return lambda: len(box.of("alert")) > before


def main(seconds: float, host: str = "", url: str = "") -> None:
    """Each host in turn, or one."""
    good = True
    for hanging in [host] if host else HOSTS:
        with tempfile.TemporaryDirectory() as folder:
            good &= measure(hanging, url or f"sqlite:///{folder}/bench.db", Path(folder), seconds)
    sys.exit(not good)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 100.0, *sys.argv[2:4])
