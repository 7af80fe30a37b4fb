"""Watches the connections, and sends the clinic one mail for each trouble (B2).

What is wrong stands in `store.troubles` until it is mended: whoever shows it reads it there.
"""

import logging
from datetime import datetime, timedelta
from email.message import EmailMessage

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.send import messages
from integrations.base import IntegrationError, OutcomeUnknown, Scheduler
from schemas.delivery import Channel
from schemas.trouble import Trouble, TroubleKind
from store import connections, receipts, troubles
from store.base import Tx

log = logging.getLogger("aftercare.watch")
ASK_EVERY = timedelta(minutes=5)  # whether our key works and our webhook is there
SHOWN_FOR = timedelta(days=7)  # a webhook that nobody could read is shown for so long
PATIENCE = {
    TroubleKind.unreadable: timedelta(minutes=5),  # a short outage at the scheduler ends by itself
    TroubleKind.webhook_gone: timedelta(minutes=4),  # seen twice
    TroubleKind.clock: timedelta(hours=3),  # it may have been one late copy
}
"""How long a trouble must last before it is worth a mail; the others are mailed at once."""


def ask(name: str, context: Context, now: datetime) -> None:
    """Ask a scheduler whether our key works and our webhook is there, where nothing says it already."""
    scheduler = context.schedulers[name]
    if not scheduler.readable or _is_being_read(context, name):
        return
    try:
        scheduler.ping()
    except IntegrationError as error:
        if not error.retry_after:
            reconcile.interrupted(context, name, error, now)
        return
    _look_for_webhook(context, name, scheduler, now)


def _is_being_read(context: Context, name: str) -> bool:
    """True while a reading is under way or tried again: it says by itself what is wrong."""
    with context.db.read() as tx:
        row = connections.get(tx, name)
    return row is None or row.read_begun_at is not None


def _look_for_webhook(context: Context, name: str, scheduler: Scheduler, now: datetime) -> None:
    """Note that our webhook is there; that it has gone only where it was seen before."""
    try:
        there = scheduler.is_subscribed()
    except IntegrationError:
        return  # not every key may list webhooks
    with context.db.begin() as tx:
        row = connections.get(tx, name)
        if there:
            connections.webhook_seen(tx, name, now)
            troubles.end(tx, TroubleKind.webhook_gone, name)
        elif row is not None and row.webhook_seen_at is not None:
            troubles.note(tx, TroubleKind.webhook_gone, name, "", now)


def look(context: Context, now: datetime) -> None:
    """Note which connections have gone quiet and whose webhooks we could not read; end what is mended."""
    with context.db.begin() as tx:
        unread = receipts.not_understood(tx, now - SHOWN_FOR)
        for name in context.schedulers:
            _quiet(tx, name, now)
            count, newest = unread.get(name, (0, None))
            if count:
                troubles.note(tx, TroubleKind.not_understood, name, str(count), now, newest=newest)
            else:
                troubles.end(tx, TroubleKind.not_understood, name)
        for each in troubles.current(tx):
            if each.name not in context.schedulers:
                troubles.end(tx, each.kind, each.name)


def _quiet(tx: Tx, name: str, now: datetime) -> None:
    silent = reconcile.gone_quiet(tx, name, now)
    if silent:
        troubles.note(tx, TroubleKind.quiet, name, str(int(silent.total_seconds() // 3600)), now)
    else:
        troubles.end(tx, TroubleKind.quiet, name)


def mail(context: Context, now: datetime) -> None:
    """One mail for each trouble; no other until it was mended in between."""
    if not messages.can_mail(context.clinic.alert_email):
        return
    with context.db.read() as tx:
        found = troubles.current(tx)
    for each in found:
        lasts = now - each.since
        if each.mailed_at is None and each.name in context.schedulers and lasts >= _patience(each):
            _mail(context, each, now)


def _patience(trouble: Trouble) -> timedelta:
    return PATIENCE.get(trouble.kind, timedelta())


def _mail(context: Context, trouble: Trouble, now: datetime) -> None:
    label = f"{trouble.name} ({context.schedulers[trouble.name].label})"
    made = messages.connection(context, label, trouble, now)
    with context.db.begin() as tx:
        first = troubles.claim_mail(tx, trouble, now)
    if first:
        _send(context, trouble, made)


def _send(context: Context, trouble: Trouble, made: EmailMessage) -> None:
    about = {"connection": trouble.name, "trouble": str(trouble.kind)}
    try:
        context.senders[Channel.email].send(made)
    except OutcomeUnknown:
        log.warning("mailed about a connection, outcome unknown", extra=about)
    except IntegrationError:
        with context.db.begin() as tx:
            troubles.not_mailed(tx, trouble)
        log.warning("nobody could be mailed about a connection", extra=about)
    else:
        log.info("mailed about a connection", extra=about)
