"""The dates of a recurring booking: each is a booking of its own, and those left may be cancelled at once.

Cal.com tells that by the cancellation of one date. It is kept as a mark at the series, so that it holds for a
date whose own webhook comes later, too.
"""

from handlers.bookings.records import fold
from schemas.booking import Record
from schemas.notions.order import NEVER
from schemas.webhook import Notice
from store import bookings
from store.base import Tx

MARK = "series/"  # no identifier of a booking has a slash in it


def end(tx: Tx, connection: str, notice: Notice) -> list[Record]:
    """Mark that the dates that were left are off; returns the records of the series.

    Which series it is may have been said by an earlier notice of the same booking.
    """
    known = bookings.named(tx, connection, notice.external_id)
    found: list[Record] = []
    for series in sorted({record.series for record in known} - {""}):
        gone = Notice(MARK + series, notice.event, gone=True, occurred_at=notice.occurred_at)
        bookings.put(tx, fold(_mark(tx, connection, series), gone, cancel_is_final=False))
        found += bookings.of_series(tx, connection, series)
    return found


def is_over(tx: Tx, head: Record) -> bool:
    """True when the series of a date was cancelled before the date, and nothing newer is known of it."""
    ended = _mark(tx, head.connection, head.series).gone_at if head.series else None
    if ended is None or head.state is None:
        return False
    return head.state.start >= ended >= (head.occurred_at or NEVER)


def _mark(tx: Tx, connection: str, series: str) -> Record:
    blank = Record(connection, MARK + series, "")
    return next(iter(bookings.named(tx, connection, MARK + series)), blank)
