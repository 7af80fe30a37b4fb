"""One id leads through the logs, from the webhook to its mails."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from handlers.context import Context
from handlers.worker import work
from store import receipts
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import only, receive, schedule_of, webhook
from web.logs import JsonLine

LATER = NOW + timedelta(minutes=1)


@contextmanager
def lines() -> Iterator[list[dict[str, str]]]:
    """What is logged, as the lines that are written."""
    found: list[dict[str, str]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(JsonLine().format(record)))

    log, kept = logging.getLogger("aftercare"), Kept()
    was = log.level
    log.setLevel("INFO")
    log.addHandler(kept)
    yield found
    log.removeHandler(kept)
    log.setLevel(was)


def test_a_webhook_its_settling_and_its_mails_carry_one_id(context: Context, mailbox: Mailbox) -> None:
    for number in (1, 2):
        receive(
            context,
            webhook("created", NOW, uid=f"u{number}", email=f"c{number}@example.org", name=f"C {number}"),
        )
    with lines() as said:
        work.work_once(context, NOW)
        work.work_once(context, LATER)
    with context.db.read() as tx:
        ids = {row.public_id for row in receipts.recent(tx)}
    sent = [line for line in said if line["message"] == "delivery sent"]
    assert len(sent) == 2
    assert {line["trace"] for line in sent} == ids
    assert {line["trace"] for line in said if line["message"] == "receipt settled"} == ids
    plan = schedule_of(context, only(context, "c1@example.org"))["plan:0"]
    assert plan.trace in ids, "what is due weeks later is found by it as well"


def test_what_no_webhook_began_has_no_id(context: Context) -> None:
    with lines() as said:
        work.work_once(context, NOW)
        logging.getLogger("aftercare.test").info("something")
    assert all("trace" not in line for line in said)
