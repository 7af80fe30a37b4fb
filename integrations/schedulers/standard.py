"""Any sender of Standard Webhooks (https://www.standardwebhooks.com): Zapier, Make, n8n, a site of your own.

The body is described, with an example, in docs/schedulers/standard.md.
"""

import re
from binascii import Error as Base64Error
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from integrations.base import InvalidSignature, Scheduler, UnknownPayload
from integrations.payload import Part, clean, is_email, language, moment, phone, read_json, span, zone
from integrations.signing import header, require_any, require_fresh, shaped, unix_seconds
from schemas.booking import BookingState, BookingStatus, Person
from schemas.webhook import Inbound, Notice

PREFIX = "whsec_"
ID = re.compile(r"[\x21-\x7e]{1,256}\Z", re.ASCII)
ENTRY = re.compile(r"v1,[A-Za-z0-9+/]{43}=\Z", re.ASCII)
OTHER_ENTRY = re.compile(r"v(?!1,)[0-9]{1,2}[a-z]?,[A-Za-z0-9+/]{16,200}={0,2}\Z", re.ASCII)
BOOKING_ID = re.compile(r"[A-Za-z0-9._:@-]{1,128}\Z", re.ASCII)

# Our word for the state that each type announces; None: the body's own `status` decides.
TYPES: dict[str, BookingStatus | None] = {
    "booking.created": None,
    "booking.updated": None,
    "booking.cancelled": BookingStatus.cancelled,
    "booking.no_show": BookingStatus.no_show,
}


# A status that a change says outright sets the mark of a no-show, or takes it back.
MARKS = {BookingStatus.no_show: True, BookingStatus.confirmed: False}


class _Id(fields.Field[str]):
    """A short identifier, as text or a whole number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(found, str) or not BOOKING_ID.match(found):
            raise ValidationError("Use 1 to 128 letters, digits or . _ : @ -")
        return found


class _Line(fields.String):
    """One clean line of text; null is the same as nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return clean(super()._deserialize(value, attr, data, **kwargs))


class _Moment(fields.Field[datetime]):
    """A time with an offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        found = moment(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("Write a time with an offset, such as 2026-11-27T14:00:00+01:00.")
        return found


def _one_address(value: str) -> None:
    if value and not is_email(value):
        raise ValidationError("Write one e-mail address, at most 254 characters.")


class ClientSchema(Schema):
    """`client` of the body."""

    class Meta:
        """Fields that we do not know are left out."""

        unknown = EXCLUDE

    name = _Line(required=True, validate=validate.Length(min=1, error="Write the client's name."))
    email = fields.String(load_default="", allow_none=True, validate=_one_address)
    phone = _Line(load_default="", allow_none=True)
    zone = _Line(load_default="", allow_none=True)
    language = _Line(load_default="", allow_none=True)


class IdSchema(Schema):
    """What is needed to cancel a booking or to mark a no-show."""

    class Meta:
        """Fields that we do not know are left out."""

        unknown = EXCLUDE

    id = _Id(required=True)
    version = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 2**53)
    )


class DataSchema(IdSchema):
    """`data` of the body: the whole booking as it is now."""

    status = fields.Enum(BookingStatus, load_default=None, allow_none=True, by_value=True)
    start = _Moment(required=True)
    end = _Moment(required=True)
    client = fields.Nested(ClientSchema, required=True)
    service = _Line(load_default="", allow_none=True)
    service_name = _Line(load_default="", allow_none=True)
    practitioner = _Line(load_default="", allow_none=True)
    place = _Line(load_default="", allow_none=True)
    remote = fields.Boolean(
        truthy={True}, falsy={False}, load_default=False, error_messages={"invalid": "Write true or false."}
    )
    zone = _Line(load_default="", allow_none=True)
    replaces = _Id(load_default="", allow_none=True)


def _listed(errors: Any, where: str) -> list[str]:
    """Every error as `field: what to do`, in the order of the fields."""
    if isinstance(errors, dict):
        return [line for name, inner in errors.items() for line in _listed(inner, f"{where}.{name}")]
    return [f"{where}: {' '.join(map(str, errors))}"]


def _load(schema: Schema, data: Part) -> dict[str, Any]:
    try:
        found: dict[str, Any] = schema.load(data.values)
    except ValidationError as error:
        lines = _listed(error.messages, "data")
        raise UnknownPayload("Please correct and send again. " + " ".join(lines)) from None
    except (TypeError, ValueError):
        raise UnknownPayload("A field of data has the wrong kind of value.") from None
    return found


def _client(found: dict[str, Any]) -> Person:
    return Person(
        name=found["name"],
        email=found["email"] or "",
        phone=phone(found["phone"] or ""),
        zone=zone(found["zone"] or ""),
        language=language(found["language"] or ""),
    )


def booking(found: dict[str, Any], status: BookingStatus | None, made: datetime | None) -> BookingState:
    """The booking in a loaded `data`; `made` is when it was made, where that is known."""
    start, end = span(found["start"], found["end"])
    return BookingState(
        external_id=found["id"],
        status=status or found["status"] or BookingStatus.confirmed,
        start=start,
        end=end,
        client=_client(found["client"]),
        remote=found["remote"],
        zone=zone(found["zone"] or ""),
        version=found["version"],
        created_at=made,
        **{
            name: found[name] or ""
            for name in ("service", "service_name", "practitioner", "place", "replaces")
        },
    )


def signatures(secret: str, message_id: str, seconds: str, body: bytes) -> list[str]:
    """The one signature entry under this secret; none when the secret or the body is unusable."""
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
        return (
            [Webhook(secret).sign(message_id, at, body.decode("utf-8"))] if secret.startswith(PREFIX) else []
        )
    except (EmptyWebhookSecretError, Base64Error, ValueError):
        return []


class Standard(Scheduler):
    """Whoever signs as Standard Webhooks says and sends our small booking body."""

    label = "Standard Webhooks"
    cancel_is_final = False

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        if not any(self.connection.secrets):
            return ["Set a secret: whsec_ followed by at least 24 random bytes in base64."]
        usable = all(signatures(each, "msg", "1700000000", b"") for each in self.connection.secrets)
        return [] if usable else ["A secret must be whsec_ followed by base64."]

    def verify(self, inbound: Inbound) -> None:
        """Standard Webhooks, with exact encodings and a window of 300 seconds both ways."""
        message_id = shaped(inbound, "webhook-id", ID)
        seconds = unix_seconds(header(inbound, "webhook-timestamp"))
        entries = header(inbound, "webhook-signature").split(" ")
        if not all(ENTRY.match(each) or OTHER_ENTRY.match(each) for each in entries) or len(entries) > 20:
            raise InvalidSignature("The header webhook-signature is not well formed.")
        expected = [
            s for each in self.connection.secrets for s in signatures(each, message_id, seconds, inbound.body)
        ]
        require_any(entries, expected)
        require_fresh(seconds, inbound.received_at)

    def parse(self, inbound: Inbound) -> list[Notice]:
        """The booking as the sender describes it."""
        body = read_json(inbound.body)
        kind = body.text("type") or body.wrong("type", "there, such as booking.created")
        if kind not in TYPES:
            return []
        if not body.has("data"):
            body.wrong("data", "there: an object that describes the booking")
        at = body.moment("timestamp") or inbound.received_at
        return [_notice(kind, body.part("data"), at, inbound.headers.get("webhook-id", ""))]


def _notice(kind: str, data: Part, at: datetime, event_id: str) -> Notice:
    status = TYPES[kind]
    if status is not None and not data.has("client"):
        found = _load(IdSchema(), data)
        return Notice(
            found["id"],
            kind,
            event_id=event_id,
            occurred_at=at,
            version=found["version"],
            no_show=True if status is BookingStatus.no_show else None,
            gone=status is BookingStatus.cancelled,
        )
    found = _load(DataSchema(), data)
    made = kind == "booking.created"
    state = booking(found, status, at if made else None)
    return Notice(
        state.external_id,
        kind,
        booking=state,
        event_id=event_id,
        occurred_at=at,
        version=state.version,
        no_show=None if made else MARKS.get(status or found["status"]),
    )
