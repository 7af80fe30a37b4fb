"""Tells whoever runs the clinic, once each time, that a scheduler has gone quiet or cannot be read (B2)."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from handlers.bookings import reconcile
from handlers.context import Context
from handlers.send import messages
from integrations.base import IntegrationError, OutcomeUnknown
from schemas.delivery import Channel
from store import connections

log = logging.getLogger("aftercare.watch")
FAILING_FOR = timedelta(hours=3)  # a short outage at the scheduler ends by itself


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a connection, since when; `hours` of silence, or the words of the scheduler."""

    since: datetime
    hours: str = ""
    trouble: str = ""


def tell(context: Context, now: datetime) -> None:
    """One mail for each connection that is in trouble; no other until it has worked in between."""
    for name in context.schedulers:
        found = fault(context, name, now)
        if found is None:
            with context.db.begin() as tx:
                connections.untell(tx, name)
        elif messages.can_mail(context.clinic.alert_email):
            _tell(context, name, found, now)


def fault(context: Context, name: str, now: datetime) -> Fault | None:
    """What is wrong with a connection that somebody has to know of; None when nothing is."""
    with context.db.read() as tx:
        row = connections.get(tx, name)
    quiet = reconcile.gone_quiet(context, name, now)
    failing = bool(row and row.trouble and row.trouble_at and now - row.trouble_at >= FAILING_FOR)
    if row is None or not (quiet or failing):
        return None
    hours = str(int(quiet.total_seconds() // 3600)) if quiet else ""
    since = now - quiet if quiet else row.trouble_at
    return Fault(since, hours, row.trouble if failing else "")


def _tell(context: Context, name: str, found: Fault, now: datetime) -> None:
    label = f"{name} ({context.schedulers[name].label})"
    key = f"{name}:{found.since.isoformat()}"
    mail = messages.connection(context, label, found.hours, found.trouble, key, now)
    with context.db.begin() as tx:
        first = connections.tell(tx, name, now)
    if first:
        _send(context, name, mail)


def _send(context: Context, name: str, mail: EmailMessage) -> None:
    try:
        context.senders[Channel.email].send(mail)
    except OutcomeUnknown:
        log.warning("told of a connection, outcome unknown", extra={"connection": name})
    except IntegrationError:
        with context.db.begin() as tx:
            connections.untell(tx, name)
        log.warning("nobody could be told of a connection", extra={"connection": name})
    else:
        log.info("told of a connection", extra={"connection": name})
