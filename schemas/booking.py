"""A booking as a scheduler shows it now: a state, not an event."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.notions.order import Order

WALK_IN = "walk_in"
"""Stands in place of a connection where no scheduler knows of a visit; no connection can be named so."""


class BookingStatus(StrEnum):
    """Where a booking stands. `pending` waits for the clinic's yes; only `confirmed` gets messages."""

    pending = "pending"
    confirmed = "confirmed"
    cancelled = "cancelled"
    no_show = "no_show"


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes. `zone` is an IANA name or ""; `language` a BCP 47 tag or ""; `phone` as written.

    `ref` is the scheduler's own identifier of the client, where it has one: people may share an address.
    """

    name: str
    email: str = ""
    phone: str = ""
    zone: str = ""
    language: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class BookingState:
    """One client's place at one time, in the scheduler's own identifiers.

    `start` and `end` are aware and in UTC. `zone` is the clinic's zone for this booking ("" = the
    clinic's default). `seat` tells clients of one group booking apart. A reschedule that makes a new
    identifier names the old one in `replaces`, and the old one names the new in `replaced_by`; `root` is
    the first identifier of the whole chain, where the scheduler tells it.
    `series` is what the dates of a recurring booking have in common, "" for a single one.
    `version` is the scheduler's own order, where it has one.
    """

    external_id: str
    status: BookingStatus
    start: datetime
    end: datetime
    client: Person
    service: str = ""
    service_name: str = ""
    practitioner: str = ""
    place: str = ""
    remote: bool = False
    zone: str = ""
    seat: str = ""
    replaces: str = ""
    replaced_by: str = ""
    root: str = ""
    series: str = ""
    version: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one identifier: its newest state, its order, and how it hangs together with others.

    `cancelled` is for good; `gone_at` and `gone_version` say since when it was off, until a newer state says
    otherwise. A record with a seat and without a state holds a mark for whoever has this address.
    """

    connection: str
    external_id: str
    seat: str
    booking_id: int | None = None
    state: BookingState | None = None
    version: int | None = None
    occurred_at: datetime | None = None
    cancelled: bool = False
    gone_version: int | None = None
    gone_at: datetime | None = None
    no_show: bool | None = None
    no_show_at: datetime | None = None
    replaces: str = ""
    replaced_by: str = ""
    root: str = ""
    series: str = ""

    @property
    def order(self) -> Order:
        """How new the state is."""
        return Order.of(self.version, self.occurred_at)

    @property
    def gone_order(self) -> Order:
        """How new the word is that it was off."""
        return Order.of(self.gone_version, self.gone_at)


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking as the clinic knows it. Times are aware and in UTC."""

    id: int
    connection: str
    client_id: int
    status: BookingStatus
    start: datetime
    end: datetime
    zone: str
    service: str
    service_name: str
    practitioner: str
    place: str
    remote: bool
    language: str
    earlier: bool
    first_seen_at: datetime
