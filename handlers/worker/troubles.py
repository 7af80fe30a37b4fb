"""What is wrong with the running of the service: one definition for console, commands and mails."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.context import Context
from schemas.delivery import Channel
from schemas.trouble import Trouble, TroubleKind
from store import connections, contacts, deliveries, receipts
from store.base import Tx
from store.running import pauses, tally, troubles, workers
from store.running.tally import Tally

LATE = timedelta(minutes=10)
AGAIN = 2  # one refusal of the mail server may be an accident
OF_THE_SERVICE = (
    *(TroubleKind.alert, TroubleKind.alert_unsent, TroubleKind.message, TroubleKind.address),
    *(TroubleKind.failed, TroubleKind.mail, TroubleKind.worker, TroubleKind.late),
)
"""What is read off the rows at any moment; everything else stands in `store.running.troubles` alone."""
PAGES = {
    TroubleKind.alert: "outbox?tab=all&purpose=alert",
    TroubleKind.alert_unsent: "outbox?tab=all&purpose=alert",
    TroubleKind.message: "outbox?tab=failed",
    TroubleKind.address: "outbox?tab=waiting",
    TroubleKind.mail: "outbox?tab=coming",
    TroubleKind.late: "outbox?tab=coming",
}


def page_of(trouble: Trouble) -> str:
    """The path of the console's page that shows more of it."""
    return f"/console/{PAGES.get(trouble.kind, 'connections')}"


def current(tx: Tx, context: Context, now: datetime) -> list[Trouble]:
    """Everything that is wrong at this moment: of the service first, then of connections."""
    kept = {(each.kind, each.name): each for each in troubles.current(tx)}
    found = []
    for each in of_the_service(tx, context, now):
        known = kept.get((each.kind, each.name))
        found.append(replace(each, mailed_at=known.mailed_at) if known else each)
    return [*found, *(each for each in kept.values() if each.kind not in OF_THE_SERVICE)]


_COUNTED = tally.together(
    *(deliveries.UNSEEN_ALERTS, deliveries.UNSENT_ALERTS, deliveries.DEAD, contacts.REFUSED, receipts.FAILED),
    *(*deliveries.OLDEST_DUE, *receipts.OLDEST_DUE),
)


def of_the_service(tx: Tx, context: Context, now: datetime) -> list[Trouble]:
    """What is wrong with the running of the service, the gravest first."""
    policy = context.clinic.policy
    found = tally.read(tx, _COUNTED, since=now - policy.mendable, ended=now - policy.too_late)
    alerts, unsent, dead, refused, failed, *waits = found
    return [
        *_counted(TroubleKind.alert, alerts),
        *_counted(TroubleKind.alert_unsent, unsent),
        *_running(tx, tally.earliest(waits), now),
        *_mail(tx),
        *_counted(TroubleKind.message, dead),
        *_counted(TroubleKind.address, refused),
        *_counted(TroubleKind.failed, failed),
    ]


def _counted(kind: TroubleKind, found: Tally) -> Iterator[Trouble]:
    count, first, last = found
    if first:
        yield Trouble(kind, "", str(count), first, newest=last)


def _running(tx: Tx, due: datetime | None, now: datetime) -> Iterator[Trouble]:
    """The worker, and since when something has been due for it."""
    seen = workers.last_seen(tx, now) or connections.first_seen(tx)
    if seen is not None and not workers.alive(seen, now):
        yield Trouble(TroubleKind.worker, "", "", seen)
    elif due is not None and now - due > LATE and not clock_has_jumped(tx):
        yield Trouble(TroubleKind.late, "", "", due)


def clock_has_jumped(tx: Tx) -> bool:
    """True while that is said: what waits for the clock is no trouble of its own."""
    return any(each.kind is TroubleKind.jumped for each in troubles.current(tx, ""))


def _mail(tx: Tx) -> Iterator[Trouble]:
    pause = pauses.get(tx, Channel.email)
    if pause is not None and pause.times >= AGAIN:
        yield Trouble(TroubleKind.mail, "", pause.text, pause.since)
