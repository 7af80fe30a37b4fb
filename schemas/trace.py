"""What ties log lines together: the id of the webhook that something follows from, as far as its mail."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_trace: ContextVar[str] = ContextVar("trace", default="")


def current() -> str:
    """The public id of the receipt that is worked on, or that the message in hand follows from; or ""."""
    return _trace.get()


@contextmanager
def following(receipt: str) -> Iterator[None]:
    """All that is logged and scheduled meanwhile follows from this receipt."""
    token = _trace.set(receipt)
    try:
        yield
    finally:
        _trace.reset(token)
