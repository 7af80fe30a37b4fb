"""Watches service and connections, and sends the clinic one mail for each trouble, and one for its end (B2).

What is wrong stands in `store.running.troubles` until it is mended: whoever shows it reads it there.
"""

import logging
from datetime import datetime, timedelta
from email.message import EmailMessage

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.send import alone, messages
from handlers.worker import backups
from handlers.worker import troubles as service
from integrations.base import IntegrationError, Scheduler
from schemas.delivery import Channel
from schemas.trouble import Trouble, TroubleKind
from store import connections, receipts, texts
from store.base import Tx
from store.running import troubles

log = logging.getLogger("aftercare.watch")
ASK_EVERY = timedelta(minutes=5)  # whether our key works and our webhook is there
SHOWN_FOR = timedelta(days=7)  # a webhook that nobody could read is shown for so long
PATIENCE = {
    TroubleKind.unreadable: timedelta(minutes=5),  # a short outage at the scheduler ends by itself
    TroubleKind.webhook_gone: timedelta(minutes=4),  # seen twice
    TroubleKind.clock: timedelta(hours=3),  # it may have been one late copy
    TroubleKind.worker: timedelta(minutes=5),  # it may be started again just now
    TroubleKind.mail: timedelta(minutes=5),  # it may be the server's short pause
    TroubleKind.bounces: timedelta(hours=1),  # a mailbox may be away for a while
    TroubleKind.web: timedelta(minutes=4),  # seen several times
    TroubleKind.backup: timedelta(hours=1),  # a machine that was off makes it within minutes of its start
}
"""How long a trouble must last before it is worth a mail; the others are mailed at once."""
SAY_THEMSELVES = (TroubleKind.alert,)  # they have mails and texts of their own, and go on to the next person


def ask(name: str, context: Context, now: datetime) -> None:
    """Ask a scheduler whether our key works and our webhook is there, where nothing says it already."""
    scheduler = context.schedulers[name]
    if not scheduler.readable:
        _look_for_webhook(context, name, scheduler, now)  # all the more: nothing else brings a booking in
        return
    if _is_being_read(context, name):
        return
    try:
        scheduler.ping()
    except IntegrationError as error:
        if not reconcile.is_limit(error) or _is_stuck(context, name, now):
            reconcile.interrupted(context, name, error, now)
        return
    with context.db.begin() as tx:
        connections.let_through(tx, name, now)
    _look_for_webhook(context, name, scheduler, now)


def _is_being_read(context: Context, name: str) -> bool:
    """True while a reading is under way or tried again: it says by itself what is wrong."""
    with context.db.read() as tx:
        row = connections.get(tx, name)
    return row is None or row.read_begun_at is not None


def _is_stuck(context: Context, name: str, now: datetime) -> bool:
    """A limit passes; one that lets no question through for long does not."""
    with context.db.read() as tx:
        return reconcile.is_stuck(connections.get(tx, name), now)


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
            if troubles.end(tx, TroubleKind.webhook_gone, name):
                connections.read_at(tx, name, now)  # nothing was heard while it was away
        elif row is not None and row.webhook_seen_at is not None:
            troubles.note(tx, TroubleKind.webhook_gone, name, "", now)


def look(context: Context, now: datetime) -> None:
    """Note what is wrong with the service and with connections; end what is mended."""
    with context.db.begin() as tx:
        _of_the_service(tx, context, now)
        if not service.clock_has_jumped(tx):
            backups.look(tx, now)
        unread = receipts.not_understood(tx, now - SHOWN_FOR)
        for name in context.schedulers:
            _quiet(tx, name, now)
            count, newest = unread.get(name, (0, None))
            if count:
                troubles.note(tx, TroubleKind.not_understood, name, str(count), now, newest=newest)
            else:
                troubles.end(tx, TroubleKind.not_understood, name)
        for each in troubles.current(tx):
            if each.name and each.name not in context.schedulers:
                troubles.end(tx, each.kind, each.name)


def _of_the_service(tx: Tx, context: Context, now: datetime) -> None:
    """Whoever looks here is a worker: that there is none is noted by `without_worker`."""
    found = {each.kind: each for each in service.of_the_service(tx, context, now)}
    found.pop(TroubleKind.worker, None)
    for kind in service.OF_THE_SERVICE:
        if each := found.get(kind):
            troubles.note(tx, kind, "", each.text, each.since, newest=each.newest)
        else:
            troubles.end(tx, kind, "")


def without_worker(context: Context, now: datetime) -> None:
    """What a process beside the worker does: mail that there is none. The worker itself says its end."""
    with context.db.begin() as tx:
        found = [each for each in service.of_the_service(tx, context, now) if each.kind is TroubleKind.worker]
        for each in found:
            troubles.note(tx, each.kind, "", each.text, each.since)
    if found:
        mail(context, now)


def outside(context: Context, now: datetime) -> None:
    """Look at the public address, and ping whoever waits for it: not while clients reach nothing."""
    if context.probe is None:
        return
    answers = context.probe.web_answers()
    with context.db.begin() as tx:
        if answers:
            troubles.end(tx, TroubleKind.web, "")
        elif answers is not None:
            troubles.note(tx, TroubleKind.web, "", "", now)
    if answers is not False:
        context.probe.ping()


def _quiet(tx: Tx, name: str, now: datetime) -> None:
    silent = reconcile.gone_quiet(tx, name, now)
    if silent:
        troubles.note(tx, TroubleKind.quiet, name, str(int(silent.total_seconds() // 3600)), now)
    else:
        troubles.end(tx, TroubleKind.quiet, name)


def mail(context: Context, now: datetime) -> None:
    """One mail for each trouble, and one when it was mended; no other in between."""
    with context.db.read() as tx:
        found, over = troubles.current(tx), troubles.mended(tx)
    for each in found:
        known = not each.name or each.name in context.schedulers
        patience = PATIENCE.get(each.kind, timedelta())
        if (
            each.mailed_at is None
            and known
            and each.kind not in SAY_THEMSELVES
            and now - each.since >= patience
        ):
            _begun(context, each, now)
    for each in over:
        with context.db.begin() as tx:
            first = troubles.forget(tx, each)
        if first and (not each.name or each.name in context.schedulers):
            _mailed(context, each, messages.trouble(context, each, service.page_of(each), now))


def texts_came(context: Context, now: datetime) -> None:
    """One mail that texts are there; another one only for those that come later."""
    with context.db.begin() as tx:
        new = texts.claim_mail(tx, now)
        found = texts.named(tx, new) if new else []
    if not found:
        return
    made = messages.texts_came(context, found, now)
    if not alone.sent(context, Channel.email, made, "texts", texts=len(found)):
        with context.db.begin() as tx:
            texts.not_mailed(tx, new)


def _begun(context: Context, trouble: Trouble, now: datetime) -> None:
    """By mail; where that fails, as a text. Where nobody can be reached the next look tries again."""
    with context.db.begin() as tx:
        first = troubles.claim_mail(tx, trouble, now)
    if not first:
        return
    made = messages.trouble(context, trouble, service.page_of(trouble), now)
    if not _mailed(context, trouble, made) and not _texted(context, trouble):
        with context.db.begin() as tx:
            troubles.not_mailed(tx, trouble)


def _mailed(context: Context, trouble: Trouble, made: EmailMessage) -> bool:
    about = {"connection": trouble.name, "trouble": str(trouble.kind)}
    if not alone.sent(context, Channel.email, made, "trouble", **about):
        return False
    log.info("mailed about a trouble", extra=about)
    return True


def _texted(context: Context, trouble: Trouble) -> bool:
    if not context.clinic.alert_sms or Channel.sms not in context.senders:
        return False
    made = messages.trouble_text(context, trouble)
    return alone.sent(context, Channel.sms, made, "trouble", trouble=str(trouble.kind))
