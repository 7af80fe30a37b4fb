"""The shape of `content/clinic.toml`: what is wrong or unknown is named with its line, the rest is kept."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from schemas.clinic import Clinic, Policy, Retention, Service
from schemas.notions import mail_address
from schemas.review import Unreviewed

TEXTS = {each.name for each in dataclasses.fields(Clinic) if each.type is str} - {"paper", "public_url"}
FORM_DAYS = Service().form_window.days  # how close together visits share a form
MOST = 100_000  # of any unit: more is a slip, and days beyond it leave the calendar
NUMBER = f"must be a number from 0 to {MOST}"
LEAST_DAYS = 30
DAYS = f"must be 0 (kept until the client is erased) or a whole number from {LEAST_DAYS} to {MOST}"
ZONE = "must be a time zone such as Europe/Berlin"
CLOCK = "must be a time of day such as 09:00"
ADDRESS = "must be one e-mail address, with nothing but a to z, digits and signs before the @"
PAGE = "must be the address of a page, such as https://cal.com/your-clinic"
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")
_ENTRY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*=")
_AS_THEY_ARE = (
    "quiet_zone",
    "require_ok",
    "mail_contents",
    "plan_moves",
    "wording",
    "body_days",
    "monitoring_sheet",
)
_LENGTHS = frozenset(
    {
        *("settle_seconds", "plan_delay_minutes", "too_late_hours", "look_within_hours"),
        *("full_intake_after_days", "reconcile_every_minutes", "reconcile_back_hours"),
    }
)


def is_zone(name: str) -> bool:
    """True for the name of a time zone that we know."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def clock(text: str) -> time | None:
    """A time of day such as 09:00, without an offset; None when it is none."""
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo else found


def is_address(text: str, *, named: bool = False) -> bool:
    """True for one e-mail address; `named` allows a name before it: The Clinic <care@clinic.example>."""
    _name, found = (mail_address.read_named(text) if named else None) or ("", mail_address.read(text))
    return found is not None and mail_address.in_plain_letters(found)


def is_page(text: str) -> bool:
    """True for the whole address of a page that anybody can open."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in ("https", "http") and bool(parts.hostname) and text.isprintable() and " " not in text
    )


def _number() -> fields.Float:
    return fields.Float(validate=validate.Range(0, MOST, error=NUMBER), error_messages={"invalid": NUMBER})


def _text(holds: Callable[[str], object], otherwise: str) -> fields.String:
    def check(value: str) -> None:
        if value and not holds(value):
            raise ValidationError(otherwise)

    return fields.String(validate=check)


def _word(*choices: str) -> fields.String:
    return fields.String(validate=validate.OneOf(choices, error=f"must be one of: {', '.join(choices)}"))


class _Strict(Schema):
    """A section in which a name that we do not know is most likely a slip of the pen."""

    class Meta:
        """Unknown names are errors."""

        unknown = RAISE

    error_messages = {"unknown": "is not a setting", "type": "must be a section"}  # noqa: RUF012 - as marshmallow wants it


class ClinicSection(_Strict):
    """[clinic]: what clients see, and who hears of what; any other text of `Clinic` may stand here too."""

    zone = _text(is_zone, ZONE)
    email = _text(partial(is_address, named=True), ADDRESS)
    reply_to = _text(partial(is_address, named=True), ADDRESS)
    alert_email = _text(is_address, ADDRESS)
    alert_next_email = _text(is_address, ADDRESS)
    languages = fields.List(fields.String(), validate=validate.Length(1))
    paper = _word("letter", "a4")
    booking_url = _text(is_page, PAGE)


class PolicySection(_Strict):
    """[policy]: when messages are due, and what a plan needs."""

    settle_seconds = _number()
    reminder_hours = fields.List(_number())
    plan_delay_minutes = _number()
    too_late_hours = _number()
    look_within_hours = _number()
    quiet_from = _text(clock, CLOCK)
    quiet_until = _text(clock, CLOCK)
    quiet_zone = _word("clinic", "client")
    require_ok = fields.Boolean()
    unreviewed = _word(*Unreviewed)
    mail_contents = fields.Boolean()
    full_intake_after_days = _number()
    plan_moves = fields.Integer(strict=True, validate=validate.Range(2, 4, error="must be 2, 3 or 4"))
    wording = _word("self_care", "fitness", "clinical")
    reconcile_every_minutes = _number()
    reconcile_back_hours = _number()
    body_days = fields.Integer(strict=True, validate=validate.Range(1, 366, error="must be 1 to 366"))
    monitoring_sheet = fields.Boolean()


def _days() -> fields.Integer:
    """Nothing that may still be sent or answered is deleted by a slip of the pen."""

    def check(value: int) -> None:
        if value and not LEAST_DAYS <= value <= MOST:
            raise ValidationError(DAYS)

    return fields.Integer(strict=True, validate=check, error_messages={"invalid": DAYS})


class RetentionSection(_Strict):
    """[retention]: how many days after a client's last visit each kind is kept."""

    answers_days = _days()
    plans_days = _days()
    checkins_days = _days()
    deliveries_days = _days()


class ServiceSection(_Strict):
    """[services.<slug>]: which questionnaire is asked, and whether a plan follows."""

    questionnaire = fields.String()
    plan = fields.Boolean()
    form_days = _number()
    own_plan = fields.Boolean()
    booking_url = _text(is_page, PAGE)
    names = fields.List(fields.String())


class ClinicFile(_Strict):
    """The whole file: a section of another name would be rules that nobody reads."""

    clinic = fields.Nested(
        ClinicSection.from_dict(
            {name: fields.String() for name in TEXTS - set(ClinicSection._declared_fields)}
        )
    )
    policy = fields.Nested(PolicySection)
    retention = fields.Nested(RetentionSection)
    services = fields.Dict(fields.String(), fields.Nested(ServiceSection))


def read(filed: Mapping[str, Any], text: str = "") -> tuple[dict[str, Any], list[str]]:
    """What holds of a decoded file, and a sentence for each entry that does not; `text` is for its lines."""
    try:
        return dict(ClinicFile().load(filed)), []
    except ValidationError as error:
        valid = error.valid_data if isinstance(error.valid_data, dict) else {}
        return valid, [_sentence(where, said, text) for where, said in _flat(error.messages, ())]


def _flat(errors: Any, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(errors, dict):
        said = " ".join(str(each).rstrip(".") for each in errors)
        yield where, f"{said[:1].lower()}{said[1:]}."
        return
    for key, inner in errors.items():
        yield from _flat(inner, (*where, str(key)) if key not in ("_schema", "value") else where)


def _sentence(where: tuple[str, ...], said: str, text: str) -> str:
    line = line_of(text, where)
    place = f"content/clinic.toml:{line}" if line else "content/clinic.toml"
    return f"{place}: {'.'.join(where)} {said}"


def line_of(text: str, where: tuple[str, ...]) -> int:
    """The line (from 1) on which an entry, or else the section around it, stands; 0 when neither is found."""
    section: tuple[str, ...] = ()
    found: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = tuple(part.strip(" \"'") for part in header[1].split("."))
            for end in range(1, len(section) + 1):
                found.setdefault(section[:end], number)
        elif entry := _ENTRY.match(line):
            found.setdefault((*section, entry[1]), number)
    return next((found[where[:end]] for end in range(len(where), 0, -1) if where[:end] in found), 0)


def services(filed: Mapping[str, Any]) -> tuple[dict[str, Service], Service]:
    """The rules of each service by its slug and names, and those of any other service."""
    found: dict[str, Service] = {}
    for key, value in filed.get("services", {}).items():
        asked = value.get("questionnaire", "first_visit")
        service = Service(
            questionnaire="" if asked == "none" else asked,
            plan=value.get("plan", True),
            form_window=timedelta(days=value.get("form_days", FORM_DAYS)),
            own_plan=value.get("own_plan", False),
            booking_url=value.get("booking_url", ""),
        )
        for name in (key, *value.get("names", [])):
            found[name.strip().casefold()] = service
    return found, found.get("default", Service())


def retention(filed: Mapping[str, Any]) -> Retention:
    """How long each kind is kept: what the file does not name, until the client is erased."""
    given = filed.get("retention", {})
    return Retention(**{name.removesuffix("_days"): value for name, value in given.items()})


def policy(filed: Mapping[str, Any]) -> Policy:
    """The clinic's rules as the file has them, and as they are by default where it is silent."""
    policy = filed.get("policy", {})
    found: dict[str, Any] = {name: policy[name] for name in _AS_THEY_ARE if name in policy}
    if "unreviewed" in policy:
        found["unreviewed"] = Unreviewed(policy["unreviewed"])
    found |= {name: clock(policy[name]) for name in ("quiet_from", "quiet_until") if policy.get(name)}
    for key in policy.keys() & _LENGTHS:
        name, _, unit = key.rpartition("_")
        found[name] = timedelta(**{unit: policy[key]})
    if "reminder_hours" in policy:
        hours = sorted(policy["reminder_hours"], reverse=True)[:2]
        found["reminders"] = tuple(timedelta(hours=each) for each in hours)
    return dataclasses.replace(Policy(), **found)
