"""Accounting of disclosures: who outside the clinic was given something of a client, when, and what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.clients import vendors
from handlers.context import Context
from schemas.delivery import Channel
from store import audit, deliveries
from store.base import Tx
from store.erase import booking_ids

HANDED_OUT = ("export", "export_fhir", "print_summary", "print_plan")
"""Acts of the log by which something of a client leaves the program as a file or on paper."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One of them: `what` is the purpose of a message or an act of the log, `to` a service or who did it."""

    at: datetime
    to: str
    what: str
    sure: bool = True


def of_client(tx: Tx, context: Context, family: Sequence[int]) -> list[Disclosure]:
    """The newest first. A message whose outcome was lost counts, and is not `sure`."""
    ids = booking_ids(tx, family)
    sent = [
        Disclosure(row.settled_at, _to(context, row), str(row.purpose), row.status == "sent")
        for row in deliveries.disclosed(tx, family, ids)
    ]
    subjects = [*(f"client:{each}" for each in family), *(f"booking:{each}" for each in ids)]
    files = [
        Disclosure(line.at, line.actor, line.action) for line in audit.of_subjects(tx, subjects, HANDED_OUT)
    ]
    return sorted([*sent, *files], key=lambda one: one.at, reverse=True)


def _to(context: Context, row: object) -> str:
    """The service that a message went through, or the scheduler that was written to."""
    channel = str(getattr(row, "channel", ""))
    if channel == Channel.note:
        connection = str(getattr(row, "connection", ""))
        found = context.schedulers.get(connection)
        return found.label if found else connection
    return vendors.of_texts(context) if channel == Channel.sms else vendors.of_mail(context)
