"""Commands that look: what waits, what became of every booking, what is wrong with settings and content."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from handlers.bookings import reconcile
from handlers.bookings.records import head_of
from handlers.context import Context
from handlers.worker import troubles
from schemas.booking import Booking
from schemas.delivery import Delivery, DeliveryStatus
from schemas.receipt import ReceiptStatus
from schemas.trouble import Trouble
from store import attendances, bookings, clients, connections, deliveries, receipts
from store.base import Tx
from store.running import workers
from web.commands.base import note_command
from web.context import context as the_context
from web.context import utc_now
from web.troubles import in_a_line


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status_command(as_json: bool) -> None:
    """What waits, what is due, what is dead, and whether a worker is alive."""
    context, now = the_context(), utc_now()
    with context.db.read() as tx:
        status = _status(tx, now)
        rows = connections.every(tx)
        wrong = troubles.current(tx, context, now)
        status["connections"] = [_connection(tx, context, row, wrong, now) for row in rows]
    status["troubles"] = [_trouble(each) for each in wrong]
    click.echo(json.dumps(status, indent=None if as_json else 2))


def _status(tx: Tx, now: datetime) -> dict[str, Any]:
    received, due = Counter(receipts.counts(tx)), Counter(deliveries.counts(tx, now))
    seen = workers.last_seen(tx, now)
    return {
        "receipts": {str(name): received[name] for name in ReceiptStatus},
        "deliveries": {name: due[name] for name in ("due", *DeliveryStatus)},
        "questions": attendances.count_unsettled(tx),
        "worker": {
            "seen_at": seen.isoformat() if seen else None,
            "alive": workers.alive(seen, now),
        },
    }


def _trouble(trouble: Trouble) -> dict[str, Any]:
    return {
        "kind": str(trouble.kind),
        "connection": trouble.name,
        "text": in_a_line(trouble),
        "since": trouble.since.isoformat(),
        "mailed_at": trouble.mailed_at.isoformat() if trouble.mailed_at else None,
    }


def _connection(
    tx: Tx, context: Context, row: Any, wrong: Sequence[Trouble], now: datetime
) -> dict[str, Any]:
    quiet = reconcile.gone_quiet(tx, row.name, now)
    times = ("first_seen_at", "last_receipt_at", "last_refused_at", "last_reconcile_at", "last_read_at")
    said = {name: getattr(row, name).isoformat() if getattr(row, name) else None for name in times}
    return {
        "name": row.name,
        "scheduler": row.scheduler,
        "configured": row.name in context.schedulers,
        **said,
        "quiet_hours": round(quiet / timedelta(hours=1), 1) if quiet else None,
        "reading_since": row.read_begun_at.isoformat() if row.read_begun_at else None,
        "trouble": next((in_a_line(each) for each in wrong if each.name == row.name), ""),
    }


@click.command("bookings")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--client", "email", default="", help="Only bookings of this e-mail address.")
def bookings_command(as_json: bool, email: str) -> None:
    """Every booking, with what is due for it, what was sent and why something was not."""
    with the_context().db.begin() as tx:
        note_command(tx, "bookings", utc_now())
    with the_context().db.read() as tx:
        found = [_booking(tx, each) for each in bookings.listing(tx, email=email)]
    if as_json:
        click.echo(json.dumps(found))
        return
    for each in found:
        click.echo(f"{each['id']:05d}  {each['status']:<10} {each['start']}  {each['external_id']}")
        for one in each["deliveries"]:
            why = f"{one['reason']}  {one['detail']}".strip()
            click.echo(f"       {one['purpose']:<16} {one['status']:<10} {one['due_at']}  {why}")


def _booking(tx: Tx, booking: Booking) -> dict[str, Any]:
    records = bookings.of_booking(tx, booking.id)
    current = head_of(records)
    return {
        "id": booking.id,
        "connection": booking.connection,
        "external_id": current.external_id if current else "",
        "chain": [record.external_id for record in records],
        "seat": current.seat if current else "",
        "status": str(booking.status),
        "start": booking.start.isoformat(),
        "end": booking.end.isoformat(),
        "service": booking.service,
        "client": clients.get(tx, booking.client_id).email,
        "deliveries": [_delivery(each) for each in deliveries.of_booking(tx, booking.id)],
    }


def _delivery(each: Delivery) -> dict[str, Any]:
    return {
        "key": str(each.key),
        "purpose": str(each.purpose),
        "channel": str(each.channel),
        "status": str(each.status),
        "due_at": each.due_at.isoformat(),
        "settled_at": each.settled_at.isoformat() if each.settled_at else None,
        "reason": each.reason,
        "detail": each.detail,
        "attempts": each.attempts,
        "message_id": each.message_id,
    }
