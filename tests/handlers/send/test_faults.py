"""Mail servers and schedulers that fail while plans, reminders and check-ins are due: each goes out once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

import settings as configuration
from handlers.context import Context
from handlers.schedule import alerts
from handlers.worker import work
from integrations.base import IntegrationError
from integrations.channels import email
from integrations.channels.base import Sender
from integrations.channels.email import Smtp
from schemas.delivery import Channel, DeliveryStatus, Purpose
from tests.helpers.both import FURTHER
from tests.helpers.clinic import NOW, environ, make_context
from tests.helpers.faults import ANY_HOUR, KINDS, Due, arrived, check_each_once, make_due, standing
from tests.helpers.mailbox import Mailbox
from tests.helpers.ports import free_port
from tests.helpers.readable_scheduler import reading
from tests.helpers.silent import silent
from tests.helpers.visits import book

LATER = [timedelta(seconds=30), timedelta(minutes=8), timedelta(hours=1), timedelta(hours=4)]


@pytest.fixture
def context(database_url: str, mailbox: Mailbox) -> Iterator[Context]:
    """A clinic that disturbs at any hour, known for a month."""
    given = configuration.load(environ(database_url, mailbox.port, **ANY_HOUR))
    found = make_context(given, NOW - timedelta(days=30))
    yield found
    found.db.close()


@pytest.fixture(params=KINDS)
def due(request: pytest.FixtureRequest, context: Context, mailbox: Mailbox) -> Due:
    """Two clients to whom one kind of message is due."""
    kind: Purpose = request.param
    return make_due(context, mailbox, NOW, 2, (kind,))


def by(context: Context, mail: Sender) -> Context:
    """The same clinic behind another mail server."""
    return replace(context, senders={**context.senders, Channel.email: mail})


def heal(context: Context) -> None:
    """The worker goes on for some hours after the fault has ended."""
    for passed in LATER:
        work.work_once(context, NOW + passed)


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "421 4.7.0 too much", "452 4.2.2 mailbox full"])
def test_what_is_refused_for_now_goes_out_later(
    context: Context, mailbox: Mailbox, due: Due, answer: str
) -> None:
    mailbox.refuse = answer
    work.work_once(context, NOW)
    assert {each.status for each in standing(context, due)} == {DeliveryStatus.scheduled}
    mailbox.refuse = ""
    heal(context)
    check_each_once(context, due, mailbox, doubled=0)


def test_what_is_refused_for_good_is_said_and_never_sent(
    context: Context, mailbox: Mailbox, due: Due
) -> None:
    mailbox.refuse = "550 5.1.1 no such user"
    work.work_once(context, NOW)
    mailbox.refuse = ""
    heal(context)
    assert not due.messages & set(arrived(mailbox))
    found = standing(context, due)
    assert {each.status for each in found} <= {DeliveryStatus.dead, DeliveryStatus.held}
    assert all(each.reason for each in found)


def test_a_mail_server_that_is_not_there_is_waited_for(context: Context, mailbox: Mailbox, due: Due) -> None:
    work.work_once(by(context, Smtp("127.0.0.1", free_port(), "none")), NOW)
    assert mailbox.mails == []
    heal(context)
    check_each_once(context, due, mailbox, doubled=0)


def test_a_mail_server_that_hangs_is_waited_for(
    context: Context, mailbox: Mailbox, due: Due, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "TIMEOUT", 0.1)
    with silent() as server:
        hanging = by(context, Smtp("127.0.0.1", server.port, "none"))
        work.work_once(hanging, NOW)
        work.work_once(hanging, NOW + timedelta(seconds=6))
        assert server.taken
    monkeypatch.undo()
    heal(context)
    check_each_once(context, due, mailbox, doubled=0)


def test_a_mail_server_that_hangs_up_after_the_mail_gets_it_at_most_twice_as_one(
    context: Context, mailbox: Mailbox, due: Due
) -> None:
    mailbox.hang_up_after_data = True
    work.work_once(context, NOW)
    mailbox.hang_up_after_data = False
    heal(context)
    check_each_once(context, due, mailbox, doubled=len(due.messages))


def test_a_scheduler_that_does_not_answer_keeps_no_message_back_for_ever(
    context: Context, mailbox: Mailbox, due: Due
) -> None:
    ours, scheduler = reading(context)
    scheduler.trouble = IntegrationError("It does not answer.")
    work.work_once(ours, NOW)
    assert mailbox.mails == []
    heal(ours)
    check_each_once(context, due, mailbox, doubled=0)


@pytest.mark.parametrize("refusal", ["451 4.3.0 later", "550 5.7.1 our policy", "421 4.7.0 closing"])
@pytest.mark.parametrize("minutes", [0, 3, 20, pytest.param(59, marks=FURTHER)])
def test_an_alert_is_out_within_two_minutes_of_the_mail_servers_return(
    context: Context, mailbox: Mailbox, refusal: str, minutes: int
) -> None:
    booking = book(context)
    mailbox.mails.clear()
    with context.db.begin() as tx:
        alerts.at_once(tx, booking.id, "RF03", NOW)
    mailbox.refuse = refusal
    for second in range(0, minutes * 60 + 1, 20):
        work.work_once(context, NOW + timedelta(seconds=second))
    assert mailbox.of("alert") == []
    mailbox.refuse = ""
    for second in range(20, 121, 20):
        work.work_once(context, NOW + timedelta(minutes=minutes, seconds=second))
    assert len(mailbox.of("alert")) == 1
