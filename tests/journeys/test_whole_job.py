"""The main job from outside, by real processes: a booking in, the intake out, answers back, the plan out."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.client import ANSWERS, fill_in
from tests.helpers.clinic import environ
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from tests.helpers.processes import Running
from tests.helpers.visits import webhook

PATIENCE = 90  # seconds; a few on an idle machine


@pytest.fixture
def running(
    worker: str, database_url: str, mailbox: Mailbox, tmp_path: Path, its_settings: dict[str, str]
) -> Iterator[Running]:
    """An installation with a worker of its own, or with the worker inside the web process."""
    port = free_port()
    more = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "SETTLE_SECONDS": "0", "PLAN_DELAY_SECONDS": "0"}
    more |= its_settings | {"LOG_LEVEL": "debug", "WORKER": worker}
    host = f"127.0.0.1:{port}"
    found = Running(environ(database_url, mailbox.port, **more), tmp_path, port=port, host=host)
    found.start("web")
    if worker == "separate":
        found.start("worker")
    found.wait_ready()
    yield found
    found.stop()


def until(true: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < PATIENCE, f"{what} did not happen"
        time.sleep(0.1)


def link(mailbox: Mailbox, kind: str, path: str) -> str:
    """The personal link in the mail of this kind."""
    body = mailbox.of(kind)[0].get_body(("plain",))
    assert body is not None
    found = re.search(rf"https?://\S+{path}[A-Za-z0-9_-]+", body.get_content())
    assert found is not None
    return found[0]


@pytest.mark.B13
@pytest.mark.parametrize(
    ("database_url", "worker", "clinic"),
    [("sqlite", "separate", "ours"), ("postgresql", "inline", "praxis")],
    indirect=["database_url", "clinic"],
)
def test_a_booking_becomes_an_intake_and_the_answers_become_a_plan(
    running: Running, mailbox: Mailbox, person: dict[str, Any]
) -> None:
    now, email = datetime.now(UTC), person.get("email", "zoe@example.org")
    sent = webhook(
        "created", now, start=now - timedelta(minutes=30), end=now + timedelta(seconds=15), **person
    )
    assert running.ask("POST", "/webhooks/main", sent.body, sent.headers)[0] == 202
    until(lambda: mailbox.of("intake"), "the request for the intake")
    intake = link(mailbox, "intake", "/i/")
    assert fill_in(intake) > 5
    until(lambda: mailbox.of("plan"), "the plan")
    plan = link(mailbox, "plan", "/p/")
    page = requests.get(plan, timeout=10)
    assert page.status_code == 200
    assert page.text.count("<svg") + page.text.count("<img") >= 2
    assert requests.get(plan.replace("/p/", "/i/"), timeout=10).status_code in (404, 410)
    assert mailbox.kinds().count("intake") == mailbox.kinds().count("plan") == 1
    status = json.loads(running.flask("status", "--json").stdout)
    assert status["receipts"]["pending"] == status["deliveries"]["due"] == status["deliveries"]["dead"] == 0
    assert status["worker"]["alive"]
    running.stop()
    check_logs(running.logs(), [intake, plan], [email, person.get("name", "Zoë")])


def check_logs(logs: str, links: list[str], who: list[str]) -> None:
    """One JSON object a line; no name, no address, no answer, no token."""
    ours = [line for line in logs.splitlines() if line.strip() and not line.startswith("[")]
    assert ours
    for line in ours:
        assert json.loads(line)["at"], line
    answers = [text for name, text in ANSWERS.items() if name in ("full_name", "act1_name", "date_of_birth")]
    tokens = [each.rpartition("/")[2] for each in links]
    for secret in (*who, "Zoë", "Zo\\u00eb", "Łuć", "test-secret", *answers, *tokens):
        assert secret not in logs, secret
