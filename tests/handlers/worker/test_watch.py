"""Whoever runs the clinic hears of a scheduler in trouble: once each time."""

from datetime import datetime, timedelta

import pytest

from handlers.context import Context
from handlers.worker import watch
from store import connections
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import receive, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)


def heard(context: Context, since: datetime, times: int = 10) -> datetime:
    """A webhook each hour; returns the time of the last."""
    for hours in range(times):
        at = since + hours * HOUR
        receive(context, webhook("created", at, uid=f"{at:%d%H}"))
        with context.db.begin() as tx:
            connections.heard(tx, {"main"}, at)
    return at


def trouble(context: Context, text: str, at: datetime) -> None:
    with context.db.begin() as tx:
        connections.set_trouble(tx, "main", text, at)


def test_a_quiet_connection_is_told_once_until_it_wakes_up(context: Context, mailbox: Mailbox) -> None:
    last = heard(context, NOW)
    for hours in (2, 25, 26, 60):
        watch.tell(context, last + hours * HOUR)
    assert mailbox.kinds() == ["connection"]
    assert mailbox.recipients == [[context.clinic.alert_email]]
    body = mailbox.mails[0].get_body(("plain",))
    assert body is not None
    assert "main (Cal.com) has sent us nothing for 25 hours." in body.get_content()
    assert "/console/connections" in body.get_content()
    again = heard(context, last + 70 * HOUR, 60)
    watch.tell(context, again)
    watch.tell(context, again + 400 * HOUR)
    assert mailbox.kinds() == ["connection", "connection"]
    assert mailbox.mails[0]["Message-ID"] != mailbox.mails[1]["Message-ID"]


def test_a_scheduler_that_cannot_be_read_is_told_in_its_own_words(context: Context, mailbox: Mailbox) -> None:
    for hours in range(5):
        trouble(context, f"Cal.com refused our key, try {hours}.", NOW + hours * HOUR)
        watch.tell(context, NOW + hours * HOUR)
    (mail,) = mailbox.of("connection")
    assert "It says: Cal.com refused our key, try 3." in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    trouble(context, "", NOW + 5 * HOUR)
    watch.tell(context, NOW + 5 * HOUR)
    trouble(context, "The key is wrong.", NOW + 6 * HOUR)
    watch.tell(context, NOW + 7 * HOUR)
    assert len(mailbox.mails) == 1, "a short outage is nobody's business"
    watch.tell(context, NOW + 9 * HOUR)
    assert len(mailbox.mails) == 2


def test_a_mail_that_was_refused_is_tried_again(context: Context, mailbox: Mailbox) -> None:
    trouble(context, "The key is wrong.", NOW)
    mailbox.refuse = "451 later"
    watch.tell(context, NOW + 4 * HOUR)
    mailbox.refuse = ""
    watch.tell(context, NOW + 5 * HOUR)
    watch.tell(context, NOW + 6 * HOUR)
    assert mailbox.kinds() == ["connection"]
