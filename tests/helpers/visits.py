"""Bookings as they come: webhooks, what the worker makes of them, what is due."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers.context import Context
from handlers.schedule import alerts
from handlers.worker import work
from integrations.simulate import sample
from schemas.booking import Booking
from schemas.delivery import Delivery, DeliveryKey, Purpose, Urgency
from schemas.webhook import Inbound
from store import bookings, deliveries, receipts
from tests.helpers.clinic import CALCOM_SECRET, NOW, STANDARD_SECRET


def webhook(event: str, now: datetime, *, connection: str = "main", **visit: Any) -> Inbound:
    """A signed webhook as it arrives at `now`, for a visit a week after NOW unless told otherwise."""
    scheduler, secret = {"main": ("calcom", CALCOM_SECRET), "site": ("standard", STANDARD_SECRET)}[connection]
    start = visit.pop("start", NOW + timedelta(days=7))
    told = {"uid": "u1", "end": start + timedelta(hours=1), "name": "Zoë Łuć", "email": "zoe@example.org"}
    headers, body = sample(
        scheduler, event, **(told | {"now": now, "secret": secret, "start": start} | visit)
    )
    url = f"https://care.test/webhooks/{connection}"
    return Inbound({name.lower(): value for name, value in headers.items()}, body, url, now)


def receive(context: Context, *inbounds: Inbound, now: datetime | None = None) -> None:
    """Keep webhooks as receipts, as the web process does; the connection is the last word of the URL."""
    with context.db.begin() as tx:
        for each in inbounds:
            kept = replace(each, received_at=now or each.received_at)
            receipts.add(tx, [(f"r_{os.urandom(6).hex()}", each.url.rpartition("/")[2], kept)])


def book(context: Context, now: datetime = NOW, **visit: Any) -> Booking:
    """A booking of Zoë's, taken in by the worker; what is due later is not yet sent."""
    receive(context, webhook("created", now, **visit))
    work.work_once(context, now)
    return only(context, visit.get("email", "zoe@example.org"))


def only(context: Context, email: str = "zoe@example.org") -> Booking:
    """The one booking of this address."""
    with context.db.read() as tx:
        (found,) = bookings.listing(tx, email=email)
    return found


def schedule_of(context: Context, booking: Booking) -> dict[str, Delivery]:
    """Every delivery of a booking, by what it is: "intake:0", "intake_reminder:1", "plan:0" ..."""
    with context.db.read() as tx:
        rows = deliveries.of_booking(tx, booking.id)
    return {_name(each.key): each for each in rows}


def alert(context: Context, booking: Booking, name: str, urgency: Urgency = Urgency.at_once) -> str:
    """What `schedule_of` calls an alert, for which a code stands there."""
    with context.db.read() as tx:
        return f"{Purpose.alert}:{alerts.cause(tx, booking.id, name, urgency)}"


def _name(key: DeliveryKey) -> str:
    return f"{key.purpose}:{key.number}" + (f"-again{key.resend}" if key.resend else "")
