"""A webhook as it came in, and what it says about a booking."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.booking import BookingState
from schemas.notions.order import HINT, Order


@dataclass(frozen=True, slots=True)
class Inbound:
    """One webhook request: header names in lower case, the raw bytes, the configured public URL."""

    headers: Mapping[str, str]
    body: bytes
    url: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """What one webhook says about one booking.

    `booking` is the whole state, or None where the webhook carries too little (then fetch).
    `occurred_at` and `version` are the scheduler's own order. `no_show` is set where only that mark
    changed; `gone` where the booking was deleted. `email` (casefolded) says whom a mark is about
    where the scheduler names no seat. A `hint` (such as "meeting ended") may fill in a booking that we do
    not know, and never changes one that we do.
    `of_client` says that `external_id` names a client there, all of whose bookings may have changed.
    `ends_series` says that with this cancellation all later dates of its series are off, too.
    `makes` says that it was made, by a sender that tells no order: it does not bring back what is off.
    `notes` are the paths of fields that could not be read and were left out: names, never values.
    """

    external_id: str
    event: str
    seat: str = ""
    email: str = ""
    booking: BookingState | None = None
    occurred_at: datetime | None = None
    version: int | None = None
    no_show: bool | None = None
    gone: bool = False
    hint: bool = False
    of_client: bool = False
    ends_series: bool = False
    makes: bool = False
    notes: tuple[str, ...] = ()

    @property
    def order(self) -> Order:
        """How new it is; a hint is older than anything."""
        return Order(HINT) if self.hint else Order.of(self.version, self.occurred_at)
