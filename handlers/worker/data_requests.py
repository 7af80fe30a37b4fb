"""What a client may ask for, once everything that waits has been taken in: export and erasure."""

from datetime import datetime
from typing import Any

from handlers.bookings import inbox
from handlers.clients import privacy
from handlers.clients.privacy import Erasure
from handlers.context import Context


def export(context: Context, client_id: int, by: str, now: datetime) -> dict[str, Any] | None:
    """Everything about a client, with what the webhooks that waited told of them; None for nobody."""
    inbox.drain(context, now)
    return privacy.export(context, client_id, by, now)


def erase(context: Context, client_id: int, by: str, now: datetime) -> Erasure | None:
    """Erase a client; webhooks that wait are taken in first, so that nobody else's booking goes with them."""
    inbox.drain(context, now)
    return privacy.erase(context, client_id, by, now)
