"""When to try again: one policy for everything that talks to the outside."""

from datetime import timedelta

from integrations.base import IntegrationError

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
MOST = len(WAITS) + 1  # attempts, the first one and one after each wait


def wait(attempts: int, error: IntegrationError) -> timedelta | None:
    """How long to wait after the n-th failed attempt; None when trying again is useless."""
    if error.permanent or attempts >= MOST:
        return None
    planned = WAITS[max(attempts, 1) - 1]
    return max(planned, timedelta(seconds=error.retry_after or 0))
