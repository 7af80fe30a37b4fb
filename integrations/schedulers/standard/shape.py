"""The body that a sender of Standard Webhooks writes: what is needed, and what may stand beside it.

`make schema` writes it as JSON Schema into docs/schedulers/standard.schema.json.
"""

import json
import re
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from integrations.payload import MAX_EMAIL, MAX_PHONE, MAX_TEXT, moment
from schemas.booking import BookingStatus

BOOKING_ID = re.compile(r"[A-Za-z0-9._:@-]{1,128}\Z", re.ASCII)
LARGEST_VERSION = 2**53
TYPES = ("booking.created", "booking.updated", "booking.cancelled", "booking.no_show")
ID_IS_ENOUGH = TYPES[2:]


class Id(fields.Field[str]):
    """A short identifier, as text or a whole number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        found = value.strip() if isinstance(value, str) else value
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        if not isinstance(found, str) or not BOOKING_ID.match(found):
            raise ValidationError("Use 1 to 128 letters, digits or . _ : @ -")
        return found


class Moment(fields.Field[datetime]):
    """A time with an offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        found = moment(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("Write a time with an offset, such as 2026-11-27T14:00:00+01:00.")
        return found


def _said(text: str) -> dict[str, str]:
    return {"description": text}


def _line(text: str, longest: int = MAX_TEXT) -> fields.String:
    return fields.String(
        load_default="", allow_none=True, validate=validate.Length(max=longest), metadata=_said(text)
    )


class ClientSchema(Schema):
    """`client` of the body: a name, an address or a number must be there."""

    class Meta:
        """Fields that we do not know are left out."""

        unknown = EXCLUDE

    name = _line("The client's name.")
    email = _line("One e-mail address. Without one the client can be given the link at the door.", MAX_EMAIL)
    phone = _line("A telephone number, best with its country: +49 151 12345678.", MAX_PHONE)
    zone = _line("The client's time zone, such as Europe/Warsaw; used for calls.")
    language = _line("The client's language as a BCP 47 tag, such as pl.")


class IdSchema(Schema):
    """What is needed to cancel a booking or to mark a no-show."""

    class Meta:
        """Fields that we do not know are left out."""

        unknown = EXCLUDE

    id = Id(required=True, metadata=_said("The same for the life of a booking."))
    version = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, LARGEST_VERSION),
        metadata=_said("Grows with each change; it goes before `timestamp`."),
    )


class DataSchema(IdSchema):
    """`data` of the body: the whole booking as it is now."""

    start = Moment(required=True, metadata=_said("When the visit begins, with an offset."))
    end = Moment(required=True, metadata=_said("When the visit ends, with an offset."))
    client = fields.Nested(ClientSchema, required=True, metadata=_said("Who comes."))
    status = fields.Enum(
        BookingStatus,
        load_default=None,
        allow_none=True,
        by_value=True,
        metadata=_said("`confirmed` when it is missing."),
    )
    service = _line("The service as a short fixed word; content/ maps it to a questionnaire and a plan.")
    service_name = _line("The service as people say it.")
    practitioner = _line("Who gives the session.")
    place = _line("Where.")
    remote = fields.Boolean(load_default=False, allow_none=True, metadata=_said("True for a call."))
    zone = _line("The time zone of the place, where it is not the clinic's.")
    replaces = Id(
        load_default="", allow_none=True, metadata=_said("The id before a move that made a new one.")
    )


class BodySchema(Schema):
    """The body of a webhook."""

    type = fields.String(
        required=True,
        validate=validate.OneOf(TYPES),
        metadata=_said("What happened. Other words are taken and ignored."),
    )
    timestamp = Moment(metadata=_said("When it happened. Without it, when we got it."))
    data = fields.Nested(DataSchema, required=True)


_KINDS: tuple[tuple[type[fields.Field[Any]], dict[str, Any]], ...] = (
    (Id, {"type": ["string", "integer"], "pattern": f"^{BOOKING_ID.pattern.removesuffix(chr(92) + 'Z')}$"}),
    (Moment, {"type": "string", "format": "date-time"}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.Integer, {"type": "integer", "minimum": 0, "maximum": LARGEST_VERSION}),
    (fields.String, {"type": "string"}),
)


def _kind(field: fields.Field[Any]) -> dict[str, Any]:
    if isinstance(field, fields.Nested):
        return _object(field.schema)
    if isinstance(field, fields.Enum):
        return {"type": "string", "enum": [each.value for each in field.enum]}
    return dict(next(kind for of, kind in _KINDS if isinstance(field, of)))


def _limits(field: fields.Field[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in field.validators:
        if isinstance(each, validate.OneOf):
            found["enum"] = list(each.choices)
        elif isinstance(each, validate.Length):
            found["maxLength"] = each.max
    return found


def _property(field: fields.Field[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {**_kind(field), **_limits(field), **field.metadata}
    if not field.allow_none:
        return found
    kinds = found["type"] if isinstance(found["type"], list) else [found["type"]]
    more = {"enum": [*found["enum"], None]} if "enum" in found else {}
    return {**found, **more, "type": [*kinds, "null"]}


def _object(schema: Schema) -> dict[str, Any]:
    needed = [name for name, field in schema.fields.items() if field.required]
    inside = {name: _property(field) for name, field in schema.fields.items()}
    return {"type": "object", "properties": inside} | ({"required": needed} if needed else {})


def json_schema() -> dict[str, Any]:
    """The body as JSON Schema, for senders that want to check what they send."""
    whole = _object(BodySchema())
    needed = whole["properties"]["data"].pop("required")
    whole["properties"]["data"]["properties"]["client"]["anyOf"] = [
        {"required": [name]} for name in ("name", "email", "phone")
    ]
    enough = {"properties": {"data": {"required": list(IdSchema().fields)[:1]}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A booking for Aftercare",
        **whole,
        "if": {"properties": {"type": {"enum": list(ID_IS_ENOUGH)}}},
        "then": enough,
        "else": {"properties": {"data": {"required": needed}}},
    }


def printed() -> str:
    """The JSON Schema as it stands in the documents."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
