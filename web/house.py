"""What every request and command starts from: the house of this application, and the time."""

from datetime import UTC, datetime

from flask import current_app

from handlers.house import House


def house() -> House:
    """Return the house that this application was made with."""
    found: House = current_app.extensions["aftercare"]
    return found


def utc_now() -> datetime:
    """Return the time of this machine, aware and in UTC."""
    return datetime.now(UTC)
