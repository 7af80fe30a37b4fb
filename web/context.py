"""What every request and command starts from: the context of this application, and the time."""

from datetime import UTC, datetime, timedelta

from flask import Flask, current_app

from handlers.context import Context


def context() -> Context:
    """Return the context that this application was made with."""
    return context_of(current_app)


def context_of(app: Flask) -> Context:
    """Return the context that an application was made with."""
    found: Context = app.extensions["aftercare"]
    return found


_moved = timedelta()  # how far the clock of a tour stands from that of this machine


def utc_now() -> datetime:
    """Return the time of this machine, aware and in UTC."""
    return datetime.now(UTC) + _moved


def move_clock(app: Flask, by: timedelta) -> None:
    """Let the pages of a tour take another time for now; never in production."""
    global _moved
    if app.config["PRODUCTION"]:
        raise ValueError("The clock of a real clinic is not moved.")
    _moved = by
