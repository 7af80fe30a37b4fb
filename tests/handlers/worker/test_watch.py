"""Whoever runs the clinic hears of a scheduler in trouble within minutes: once each time."""

from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module

import pytest

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.worker import watch, work
from integrations.base import IntegrationError
from schemas.receipt import ReceiptStatus
from schemas.trouble import Trouble, TroubleKind
from schemas.webhook import Inbound
from store import connections, receipts
from store.running import troubles
from tests.helpers.both import some
from tests.helpers.chores import Chores
from tests.helpers.clinic import NOW
from tests.helpers.fake_vendor import FakeVendor, response
from tests.helpers.mailbox import Mailbox, read
from tests.helpers.readable_scheduler import Readable, reading
from tests.helpers.vendors import VENDORS
from tests.helpers.visits import receive, webhook
from tests.helpers.wire import URL, connect

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
REFUSED = IntegrationError("Cal.com refused our key (401).", permanent=True, status=401)
DOWN = IntegrationError("Cal.com did not answer.")
BUSY = IntegrationError("Cal.com answered 503.", retry_after=30, status=503)
LIMIT = IntegrationError("Cal.com asks us to slow down (429).", retry_after=60, status=429)


def watched(context: Context, now: datetime) -> None:
    """One look of the worker, a minute after the last."""
    watch.look(context, now)
    watch.mail(context, now)


def wrong(context: Context) -> list[Trouble]:
    with context.db.read() as tx:
        return troubles.current(tx)


def kinds(context: Context) -> list[TroubleKind]:
    return [each.kind for each in wrong(context)]


def heard(context: Context, since: datetime, times: int = 10) -> datetime:
    """A webhook each hour; returns the time of the last."""
    for hours in range(times):
        at = since + hours * HOUR
        receive(context, webhook("created", at, uid=f"{at:%d%H}"))
        with context.db.begin() as tx:
            connections.heard(tx, {"main"}, at)
    return at


def note(context: Context, text: str, at: datetime, kind: TroubleKind = TroubleKind.unreadable) -> None:
    with context.db.begin() as tx:
        troubles.note(tx, kind, "main", text, at)


def text_of(mailbox: Mailbox, number: int = -1) -> str:
    body = mailbox.mails[number].get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def live(context: Context, chores: Chores, since: datetime, minutes: int) -> datetime:
    """The worker's duties for so many minutes; returns the time after.

    Every ten seconds, and after a quarter of an hour, when nothing new is to be seen, every five minutes.
    """
    now = since
    while now < since + minutes * MINUTE:
        chores.run(context, now)
        now += timedelta(seconds=10) if now < since + 15 * MINUTE else 5 * MINUTE
    return now


def test_a_quiet_connection_is_told_once_until_it_wakes_up(context: Context, mailbox: Mailbox) -> None:
    last = heard(context, NOW)
    for hours in (2, 25, 26, 60):
        watched(context, last + hours * HOUR)
    assert mailbox.kinds() == ["connection"]
    assert mailbox.recipients == [[context.clinic.alert_email]]
    assert "main (Cal.com) has sent us nothing for 25 hours." in text_of(mailbox)
    assert "/console/connections" in text_of(mailbox)
    again = heard(context, last + 70 * HOUR, 60)
    watched(context, again)
    watched(context, again + 400 * HOUR)
    assert mailbox.kinds() == ["connection", "trouble_over", "connection"]
    assert "main (Cal.com) works again." in text_of(mailbox, 1)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 3


def test_a_scheduler_that_cannot_be_read_is_told_in_its_own_words(context: Context, mailbox: Mailbox) -> None:
    for minutes in range(0, 60, 2):
        note(context, f"Cal.com refused our key, try {minutes}.", NOW + minutes * MINUTE)
        watched(context, NOW + minutes * MINUTE)
    (mail,) = mailbox.of("connection")
    assert "It says: Cal.com refused our key, try 6." in text_of(mailbox)
    with context.db.begin() as tx:
        assert troubles.end(tx, TroubleKind.unreadable, "main")
    watched(context, NOW + HOUR)
    note(context, "The key is wrong.", NOW + 6 * HOUR)
    watched(context, NOW + 6 * HOUR + 4 * MINUTE)
    assert mailbox.kinds() == ["connection", "trouble_over"], "a short outage is nobody's business"
    watched(context, NOW + 6 * HOUR + 5 * MINUTE)
    assert mailbox.kinds() == ["connection", "trouble_over", "connection"]
    assert mail["Message-ID"] != mailbox.mails[2]["Message-ID"]


def test_a_mail_that_was_refused_is_tried_again(context: Context, mailbox: Mailbox) -> None:
    note(context, "The key is wrong.", NOW)
    mailbox.refuse = "451 later"
    watched(context, NOW + 4 * HOUR)
    mailbox.refuse = ""
    watched(context, NOW + 5 * HOUR)
    watched(context, NOW + 6 * HOUR)
    assert mailbox.kinds() == ["connection"]


@pytest.mark.parametrize("trouble", some([REFUSED, DOWN, BUSY], 2), ids=["refused key", "down", "busy"])
def test_trouble_is_named_within_minutes_mailed_once_and_ends_when_mended(
    context: Context, mailbox: Mailbox, trouble: IntegrationError
) -> None:
    ours, scheduler = reading(context)
    chores = Chores()
    now = live(ours, chores, NOW, 20)
    assert kinds(ours) == []
    scheduler.trouble = trouble
    now = live(ours, chores, now, 6)
    assert [(each.kind, each.text) for each in wrong(ours)] == [(TroubleKind.unreadable, str(trouble))]
    now = live(ours, chores, now, 120)
    assert mailbox.kinds() == ["connection"]
    assert str(trouble) in text_of(mailbox)
    scheduler.trouble = None
    with ours.db.read() as tx:
        before = connections.get(tx, "main").last_read_at  # type: ignore[union-attr]
    now = live(ours, chores, now, 6)
    assert kinds(ours) == []
    with ours.db.read() as tx:
        row = connections.get(tx, "main")
    assert row is not None
    assert row.last_read_at > before, "it is read through as soon as it works again"
    live(ours, chores, now, 60)
    assert mailbox.kinds() == ["connection", "trouble_over"]


def test_after_trouble_it_is_read_from_the_last_good_reading(context: Context) -> None:
    ours, scheduler = reading(context)
    chores = Chores()
    now = live(ours, chores, NOW, 1)
    scheduler.trouble = DOWN
    chores.run(ours, now + timedelta(hours=2))
    scheduler.trouble = None
    chores.run(ours, now + timedelta(days=21))
    assert scheduler.since == NOW - ours.clinic.policy.reconcile_back


def test_a_limit_is_no_trouble_until_nothing_comes_through_for_long(
    context: Context, mailbox: Mailbox
) -> None:
    ours, scheduler = reading(context)
    chores = Chores()
    scheduler.trouble = LIMIT
    now = live(ours, chores, NOW, 14)
    assert kinds(ours) == []
    now = live(ours, chores, now, 10)
    assert kinds(ours) == [TroubleKind.unreadable]
    assert mailbox.kinds() == ["connection"]
    scheduler.trouble = None
    live(ours, chores, now, 2)
    assert kinds(ours) == []


@pytest.mark.parametrize("asked", [LIMIT, IntegrationError("It asked us to slow down.", retry_after=30)])
def test_a_limit_that_the_check_meets_is_told_once_nothing_comes_through(
    context: Context, mailbox: Mailbox, asked: IntegrationError
) -> None:
    """Between two readings, too; and one that passes by itself is nobody's business and reads nothing."""
    ours, scheduler = reading(context)
    chores = Chores()
    now = live(ours, chores, NOW, 30)
    with ours.db.read() as tx:
        before = connections.get(tx, "main").read_number  # type: ignore[union-attr]
    for minutes in (6, 11):
        scheduler.trouble = asked
        now = live(ours, chores, now, minutes)
        assert kinds(ours) == []
        scheduler.trouble = None
        now = live(ours, chores, now, 6)
    with ours.db.read() as tx:
        assert connections.get(tx, "main").read_number == before  # type: ignore[union-attr]
    scheduler.trouble = asked
    now = live(ours, chores, now, 30)
    assert kinds(ours) == [TroubleKind.unreadable]
    assert mailbox.kinds() == ["connection"]
    assert "see whether another program uses the same key" in text_of(mailbox)
    scheduler.trouble = None
    live(ours, chores, now, 8)
    assert mailbox.kinds() == ["connection", "trouble_over"]


@pytest.mark.parametrize("name", VENDORS)
def test_what_a_refused_key_needs_is_told_to_its_last_word(
    context: Context, mailbox: Mailbox, name: str
) -> None:
    """Each scheduler says which scopes or plan its key needs; Calendly's sentence is the longest."""
    vendor = FakeVendor()
    VENDORS[name].publish(vendor, [])
    for method, where in list(vendor.answers):
        vendor.answers[method, where] = [response(403, {"title": "Permission Denied"})]
    scheduler = VENDORS[name].ours(vendor)
    ours = replace(context, schedulers={"main": scheduler})
    reconcile.when_due(ours, "main", NOW, starting=True)
    (told,) = wrong(ours)
    watched(ours, NOW + 6 * MINUTE)
    denied: str = import_module(type(scheduler).__module__).DENIED
    assert told.text.endswith(denied)
    assert f"It says: {told.text}" in text_of(mailbox)


def test_a_webhook_that_vanished_is_named_and_one_that_was_never_seen_is_not(
    context: Context, mailbox: Mailbox
) -> None:
    ours, scheduler = reading(context)
    chores = Chores()
    scheduler.subscribed = False  # made by hand at another place of the scheduler
    now = live(ours, chores, NOW, 30)
    assert kinds(ours) == []
    scheduler.subscribed = True
    now = live(ours, chores, now, 10)
    scheduler.subscribed = False
    now = live(ours, chores, now, 12)
    assert kinds(ours) == [TroubleKind.webhook_gone]
    assert mailbox.kinds() == ["connection"]
    assert "flask --app app register main" in text_of(mailbox)
    scheduler.subscribed = True
    live(ours, chores, now, 6)
    assert kinds(ours) == []


def test_a_webhook_that_was_switched_off_is_named_where_nothing_can_be_read(
    context: Context, mailbox: Mailbox
) -> None:
    """Mindbody switches one off that failed too often, and its webhooks are all there is."""
    vendor, where = FakeVendor(), ("GET", "/subscriptions")
    scheduler = connect("mindbody", vendor.http(), api_key="key", api_base="https://vendor.example")
    ours, chores, now = replace(context, schedulers={"main": scheduler}), Chores(), NOW
    off = "DeactivatedTooManyFailedMessageDeliveryAttempts"
    for status, found in (("Active", []), (off, [TroubleKind.webhook_gone]), ("Active", [])):
        there = {"items": [{"subscriptionId": "W1", "status": status, "webhookUrl": URL}]}
        vendor.answers[where] = [response(200, there)]
        now = live(ours, chores, now, 12)
        assert kinds(ours) == found
    assert "flask --app app register main" in text_of(mailbox, 0)


def test_when_the_webhook_is_back_what_was_missed_is_read_at_once(context: Context) -> None:
    """Not at the next hour: whoever booked meanwhile may come before."""
    ours, scheduler = reading(context)
    chores = Chores()
    now = live(ours, chores, NOW, 10)
    scheduler.subscribed = False
    now = live(ours, chores, now, 12)
    scheduler.subscribed, scheduler.since = True, None
    live(ours, chores, now, 6)
    assert scheduler.since is not None


def test_a_key_that_may_not_list_webhooks_is_no_trouble(context: Context) -> None:
    class Narrow(Readable):
        def is_subscribed(self) -> bool:
            raise IntegrationError("Cal.com refused our key (403).", permanent=True, status=403)

    ours, scheduler = reading(context)
    scheduler.__class__ = Narrow
    live(ours, Chores(), NOW, 12)
    assert kinds(ours) == []


def unread(at: datetime) -> Inbound:
    """A genuine webhook of a shape that nobody knows."""
    return webhook("created", at, uid="", name="Zoë Łuć")


def spoil(context: Context, at: datetime) -> None:
    """One more genuine webhook that cannot be read."""
    receive(context, unread(at))
    work.work_once(context, at)


def test_a_webhook_that_nobody_could_read_is_mailed_once_with_what_to_do_and_nothing_about_health(
    context: Context, mailbox: Mailbox
) -> None:
    spoil(context, NOW)
    watched(context, NOW + MINUTE)
    spoil(context, NOW + HOUR)  # a whole day of them is one mail
    for minutes in range(60, 23 * 60, 60):
        watched(context, NOW + minutes * MINUTE)
    assert mailbox.kinds() == ["connection"]
    assert "Messages from main (Cal.com) that we could not read: 1." in text_of(mailbox)
    assert not [word for word in ("Zoë", "zoe@", "Łuć", "tissue") if word in read(mailbox.mails[0])]
    assert [(each.kind, each.text) for each in wrong(context)] == [(TroubleKind.not_understood, "2")]
    spoil(context, NOW + 50 * HOUR)
    watched(context, NOW + 51 * HOUR)
    watched(context, NOW + 52 * HOUR)
    assert mailbox.kinds() == ["connection", "connection"], "a new one on another day is told again"
    assert mailbox.mails[0]["Message-ID"] != mailbox.mails[1]["Message-ID"]


def test_what_could_be_read_after_all_is_no_trouble_any_more(context: Context) -> None:
    spoil(context, NOW)
    watched(context, NOW + MINUTE)
    with context.db.begin() as tx:
        (row,) = receipts.recent(tx, status="not_understood")
        receipts.settle(tx, row.id, ReceiptStatus.done, "", NOW + HOUR)
    watched(context, NOW + HOUR)
    assert kinds(context) == []


def test_a_trouble_of_a_connection_that_is_not_configured_any_more_ends(context: Context) -> None:
    note(context, "It is down.", NOW)
    schedulers = {name: each for name, each in context.schedulers.items() if name != "main"}
    watched(replace(context, schedulers=schedulers), NOW + HOUR)
    assert kinds(context) == []
