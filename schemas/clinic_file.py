"""The shape of `content/clinic.toml`: every wrong or unknown entry is named, the good ones are kept."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from schemas.clinic import Clinic

TEXTS = {each.name for each in dataclasses.fields(Clinic) if each.type is str} - {"paper", "public_url"}
NUMBER = "must be a number that is not below zero"


def _number() -> fields.Float:
    return fields.Float(validate=validate.Range(0, error=NUMBER), error_messages={"invalid": NUMBER})


def _word(*choices: str) -> fields.String:
    return fields.String(validate=validate.OneOf(choices, error=f"must be one of: {', '.join(choices)}"))


class _Strict(Schema):
    """A section in which a name that we do not know is most likely a slip of the pen."""

    class Meta:
        """Unknown names are errors."""

        unknown = RAISE

    error_messages = {"unknown": "is not a setting", "type": "must be a section"}  # noqa: RUF012 - as marshmallow wants it


class ClinicSection(_Strict):
    """[clinic]: what clients see, and who is told what; any other text of `Clinic` may stand here too."""

    languages = fields.List(fields.String(), validate=validate.Length(1))
    paper = _word("letter", "a4")


class PolicySection(_Strict):
    """[policy]: when messages are owed, and what a plan needs."""

    settle_seconds = _number()
    reminder_hours = fields.List(_number())
    plan_delay_minutes = _number()
    too_late_hours = _number()
    quiet_from = fields.String()
    quiet_until = fields.String()
    quiet_zone = _word("clinic", "client")
    require_ok = fields.Boolean()
    mail_contents = fields.Boolean()
    full_intake_after_days = _number()
    plan_moves = fields.Integer(strict=True, validate=validate.Range(2, 4, error="must be 2, 3 or 4"))
    wording = _word("self_care", "fitness", "clinical")
    reconcile_every_minutes = _number()
    reconcile_back_hours = _number()
    body_days = fields.Integer(strict=True, validate=validate.Range(1, 366, error="must be 1 to 366"))


class ServiceSection(_Strict):
    """[services.<slug>]: which questionnaire is asked, and whether a plan follows."""

    questionnaire = fields.String()
    plan = fields.Boolean()
    names = fields.List(fields.String())


class ClinicFile(Schema):
    """The whole file."""

    class Meta:
        """Other sections are left to whoever reads them."""

        unknown = EXCLUDE

    clinic = fields.Nested(ClinicSection.from_dict({name: fields.String() for name in TEXTS}))
    policy = fields.Nested(PolicySection)
    services = fields.Dict(fields.String(), fields.Nested(ServiceSection))


def read(filed: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What holds of a decoded file, and a sentence for each entry that does not."""
    try:
        return dict(ClinicFile().load(filed)), []
    except ValidationError as error:
        valid = error.valid_data if isinstance(error.valid_data, dict) else {}
        return valid, [f"content/clinic.toml: {line}" for line in _lines(error.messages, ())]


def _lines(errors: Any, where: tuple[str, ...]) -> list[str]:
    if not isinstance(errors, dict):
        texts = " ".join(str(each).rstrip(".") for each in errors)
        return [f"{'.'.join(where)} {texts[:1].lower()}{texts[1:]}."]
    steps = [(key, inner) for key, inner in errors.items()]
    return [
        line
        for key, inner in steps
        for line in _lines(inner, (*where, str(key)) if key not in ("_schema", "value") else where)
    ]
