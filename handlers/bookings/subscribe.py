"""Subscribe the webhooks at a scheduler, with a secret that it keeps, gives or gets."""

import secrets
from datetime import datetime

from handlers.context import Context
from integrations.base import Subscription
from integrations.simulate import new_secret
from schemas.clinic import Connection
from store import connections, kept


def subscribe(context: Context, name: str, now: datetime) -> tuple[Subscription, str]:
    """Find, make or repair the subscription; raises IntegrationError.

    Returns it, and the secret that was made just now where the settings hold it and somebody must set it
    there ("" where none was made, or where it is kept already).
    """
    scheduler = context.schedulers[name]
    made = scheduler.register(_signing_secret(scheduler.connection))
    if not made.secret or made.secret in scheduler.connection.secrets:
        return made, ""
    if not scheduler.connection.secret_kept:
        return made, made.secret
    with context.db.begin() as tx:
        connections.ensure(tx, name, scheduler.connection.scheduler, now)
        connections.keep_secret(tx, name, made.secret)
        kept.put(tx, {f"REGISTERED_{name.upper()}": now.isoformat()}, now)  # so that all begin again with it
    return made, ""


def _signing_secret(connection: Connection) -> str:
    """The secret in the settings, or a new one where it is left to us."""
    if connection.secret_kept:
        return new_secret(connection.scheduler, secrets.token_bytes(24))
    return next(iter(connection.secrets), "")
