"""Any sender of Standard Webhooks (https://www.standardwebhooks.com): Zapier, Make, n8n, a site of your own.

The body is described in `shape`, and with an example in docs/schedulers/standard.md.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError

from integrations.base import Scheduler, UnknownPayload
from integrations.payload import Part, read_json, span
from integrations.schedulers.standard.shape import BOOKING_ID, LARGEST_VERSION, DataSchema, IdSchema
from integrations.standard_webhooks import signatures, verify
from schemas.booking import BookingState, BookingStatus, Person
from schemas.webhook import Inbound, Notice

# Our word for the state that each type announces; None: the body's own `status` decides.
TYPES: dict[str, BookingStatus | None] = {
    "booking.created": None,
    "booking.updated": None,
    **dict.fromkeys(("booking.changed", "booking.confirmed", "booking.moved", "booking.rescheduled"), None),
    "booking.cancelled": BookingStatus.cancelled,
    **dict.fromkeys(("booking.canceled", "booking.declined", "booking.deleted"), BookingStatus.cancelled),
    "booking.no_show": BookingStatus.no_show,
}
_NO_LETTER = re.compile(r"[^a-z]+", re.ASCII)
# Other systems' words for a status; one that nobody knows waits: nothing is sent for it.
STATUSES = {
    **{str(each): each for each in BookingStatus},
    **dict.fromkeys(("accepted", "active", "approved", "booked", "scheduled"), BookingStatus.confirmed),
    **dict.fromkeys(("canceled", "declined", "deleted", "rejected"), BookingStatus.cancelled),
    **dict.fromkeys(("requested", "tentative", "unconfirmed"), BookingStatus.pending),
    **dict.fromkeys(("noshow", "missed"), BookingStatus.no_show),
}


# A status that a change says outright sets the mark of a no-show, or takes it back.
MARKS: dict[BookingStatus | None, bool] = {BookingStatus.no_show: True, BookingStatus.confirmed: False}


def _status(data: Part, name: str) -> BookingStatus | None:
    written = data.text(name).casefold().replace("-", "_").replace(" ", "_")
    if written and written not in STATUSES:
        data.drop(name)
    return STATUSES.get(written, BookingStatus.pending) if written else None


def _bare(kind: str) -> str:
    """A type by its letters alone: flows also write BOOKING_CREATED, "Booking created" or bookingCreated."""
    return _NO_LETTER.sub("", kind.casefold())


SPELLED = {_bare(kind): kind for kind in TYPES}


def _version(data: Part, name: str) -> int | None:
    found = data.number(name)
    return found if found is not None and 0 <= found <= LARGEST_VERSION else None


def _replaced(data: Part, name: str) -> str:
    found = data.text(name)
    if found and not BOOKING_ID.match(found):
        data.drop(name)
        return ""
    return found


SIDE: dict[str, Callable[[Part, str], Any]] = {
    "status": _status,
    "version": _version,
    "service": Part.text,
    "service_name": Part.text,
    "practitioner": Part.text,
    "place": Part.text,
    "remote": lambda data, name: bool(data.flag(name)),
    "zone": Part.zone,
    "replaces": _replaced,
}
CLIENT: dict[str, Callable[[Part, str], str]] = {
    "name": Part.text,
    "email": Part.email,
    "phone": Part.phone,
    "zone": Part.zone,
    "language": Part.language,
}


def _listed(errors: Any, where: str) -> list[str]:
    """Every error as `field: what to do`, in the order of the fields."""
    if isinstance(errors, dict):
        return [line for name, inner in errors.items() for line in _listed(inner, f"{where}.{name}")]
    return [f"{where}: {' '.join(map(str, errors))}"]


def _load(schema: Schema, data: Part) -> dict[str, Any]:
    """The core of `data`, strictly."""
    try:
        found: dict[str, Any] = schema.load(data.values)
    except ValidationError as error:
        lines = _listed(error.messages, "data")
        raise UnknownPayload("Please correct and send again. " + " ".join(lines)) from None
    except (TypeError, ValueError):
        raise UnknownPayload("A field of data has the wrong kind of value.") from None
    return found


def _client(data: Part) -> Person:
    written = data.part("client")
    found = Person(**{name: read(written, name) for name, read in CLIENT.items()})
    if not (found.name or found.email or found.phone):
        written.wrong("name", "there, or an e-mail address, or a telephone number")
    return found


def booking(data: Part, status: BookingStatus | None, made: datetime | None) -> BookingState:
    """The booking in `data`; `made` is when it was made, where that is known."""
    core = _load(DataSchema(only=("id", "start", "end")), data)
    start, end = span(core["start"], core["end"])
    side = {name: read(data, name) for name, read in SIDE.items()}
    side["status"] = status or side["status"] or BookingStatus.confirmed
    return BookingState(core["id"], start=start, end=end, client=_client(data), created_at=made, **side)


class Standard(Scheduler):
    """Whoever signs as Standard Webhooks says and sends our small booking body."""

    label = "Standard Webhooks"
    signs_with = "ours"
    by_hand = (
        "In Zapier, Make, n8n or your own site: send each change of a booking as a POST to {url}",
        "Sign it with this secret, as Standard Webhooks says: {secret}",
        "The shape of the body stands in docs/schedulers/standard.md.",
    )
    cancel_is_final = False

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        if not any(self.connection.secrets):
            return ["Set a secret: whsec_ followed by at least 24 random bytes in base64."]
        usable = all(signatures(each, "msg", "1700000000", b"") for each in self.connection.secrets)
        return [] if usable else ["A secret must be whsec_ followed by base64."]

    def verify(self, inbound: Inbound) -> None:
        """Standard Webhooks, with exact encodings and a window of 300 seconds both ways."""
        verify(self.connection.secrets, inbound)

    def parse(self, inbound: Inbound) -> list[Notice]:
        """The booking as the sender describes it."""
        body = read_json(inbound.body)
        kind = body.text("type") or body.wrong("type", "there, such as booking.created")
        kind = SPELLED.get(_bare(kind), "")
        if not kind:
            return []
        if not body.has("data"):
            body.wrong("data", "there: an object that describes the booking")
        sent_at = body.moment("timestamp")
        data = body.part("data")
        notice = _notice(kind, data, sent_at or inbound.received_at)
        makes = kind == "booking.created" and sent_at is None and notice.version is None
        return body.noted([replace(notice, makes=makes)])


def _notice(kind: str, data: Part, at: datetime) -> Notice:
    status, made = TYPES[kind], kind == "booking.created"
    try:
        state = booking(data, status, at if made else None)
    except UnknownPayload:
        if status is None:
            raise
        return _mark(kind, status, data, at)
    return Notice(
        state.external_id,
        kind,
        booking=state,
        occurred_at=at,
        version=state.version,
        no_show=None if made else MARKS.get(status or _status(data, "status")),
    )


def _mark(kind: str, status: BookingStatus, data: Part, at: datetime) -> Notice:
    """To cancel or to mark a no-show the identifier is enough."""
    return Notice(
        _load(IdSchema(only=("id",)), data)["id"],
        kind,
        occurred_at=at,
        version=_version(data, "version"),
        no_show=True if status is BookingStatus.no_show else None,
        gone=status is BookingStatus.cancelled,
    )
