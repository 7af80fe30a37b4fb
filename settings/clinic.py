"""The clinic: what `clinic.toml` says, and over it what the environment says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from babel.core import get_global

from library import toml
from schemas.clinic import Clinic, Policy
from schemas.notions import phone
from schemas.review import Unreviewed
from settings import clinic_toml
from settings.crisis import in_need
from settings.environment import ZONE_DEFAULT, Variables

_ABOUT = (
    *("name", "phone", "email", "address", "language", "country", "emergency_number", "crisis_number"),
    *("reply_to", "sender", "credential", "alert_email", "alert_next_email", "alert_sms", "booking_url"),
)
_OF_THE_SAMPLE = (
    *("name", "phone", "email", "reply_to", "address", "sender", "credential"),
    *("alert_email", "alert_next_email", "alert_sms", "booking_url"),
)
SAMPLE = ".example"  # how the addresses of the clinic end that comes with Aftercare, and of no real one


def clinic_of(read: Variables, content: Path, public_url: str) -> Clinic:
    filed = _clinic_file(read, content)
    about = _own(filed.get("clinic", {}), read)
    services, default = clinic_toml.services(_with_services(read, filed))
    zone = read.zone("CLINIC_ZONE", about.get("zone") or ZONE_DEFAULT)
    languages = tuple(about.get("languages", ["en"]))
    texts = {name: read.text(f"CLINIC_{name.upper()}", about.get(name, "")) for name in _ABOUT}
    texts["paper"] = read.choice("CLINIC_PAPER", ("letter", "a4"), about.get("paper", "letter"))
    texts = {name: _in_a_line(name, value) for name, value in texts.items() if value}
    clinic = Clinic(name="", phone="", email="", zone=zone, public_url=public_url, languages=languages)
    clinic = replace(clinic, **texts)  # type: ignore[arg-type] # all of them are texts
    clinic = replace(clinic, alert_email=clinic.alert_email or clinic.mailbox)
    clinic = replace(clinic, country=_country(texts.get("country", ""), clinic))
    clinic = in_need(read, clinic, content, texts)
    if read.setup and clinic.email.endswith(SAMPLE):
        read.missing.append(
            "CLINIC_NAME, CLINIC_PHONE and CLINIC_EMAIL are still those of the sample clinic."
        )
    read.problems += [
        *_missing(read, clinic),
        *_addresses(clinic),
        *_numbers(clinic),
        *_unspoken(clinic),
        *_pages(clinic),
    ]
    clinic = replace(clinic, retention=clinic_toml.retention(filed))
    return replace(
        clinic, policy=_policy(read, clinic_toml.policy(filed)), services=services, default_service=default
    )


def _in_a_line(name: str, value: str) -> str:
    """The text as a mail's header takes it; an address is written on as many lines as it has."""
    return value if name == "address" else " ".join(value.split())


def _own(about: dict[str, Any], read: Variables) -> dict[str, Any]:
    """What the file says, without the sample clinic's name and numbers where another clinic is named."""
    if about.get("email", "").endswith(SAMPLE) and read.text("CLINIC_NAME") and read.text("CLINIC_EMAIL"):
        return {name: value for name, value in about.items() if name not in _OF_THE_SAMPLE}
    return about


def _with_services(read: Variables, filed: dict[str, Any]) -> dict[str, Any]:
    """The services of the file, and over them those of CLINIC_SERVICES: JSON, shaped as there."""
    text = read.text("CLINIC_SERVICES")
    if not text:
        return filed
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        read.problems.append(
            'CLINIC_SERVICES must be JSON such as {"massage-60": {"questionnaire": "short"}}'
        )
        return filed
    found, problems = clinic_toml.read({"services": given})
    read.problems += [line.replace("content/clinic.toml: services", "CLINIC_SERVICES:") for line in problems]
    return filed | {"services": filed.get("services", {}) | found.get("services", {})}


def _country(wanted: str, clinic: Clinic) -> str:
    """The country as set; else the one whose code the clinic's number begins with; else that of its zone."""
    if wanted:
        return wanted.upper()
    of_zone = get_global("zone_territories").get(clinic.zone, "")
    return phone.country_of(clinic.phone, of_zone if of_zone in phone.COUNTRIES else clinic.country)


def _missing(read: Variables, clinic: Clinic) -> Iterator[str]:
    for name in ("name", "phone", "email"):
        if not getattr(clinic, name) and not any(f"clinic.{name} " in line for line in read.problems):
            yield f"content/clinic.toml: [clinic] {name} is missing (or CLINIC_{name.upper()})."


def _addresses(clinic: Clinic) -> Iterator[str]:
    """What is wrong with addresses; those in the file have been looked at, with their line."""
    if clinic.email and not clinic_toml.is_address(clinic.email, named=True):
        yield f"CLINIC_EMAIL {clinic_toml.ADDRESS}."
        return
    if clinic.reply_to and not clinic_toml.is_address(clinic.reply_to, named=True):
        yield f"CLINIC_REPLY_TO {clinic_toml.ADDRESS}."
    for name in ("alert_email", "alert_next_email"):
        if getattr(clinic, name) and not clinic_toml.is_address(getattr(clinic, name)):
            yield f"CLINIC_{name.upper()} {clinic_toml.ADDRESS}."


def _numbers(clinic: Clinic) -> Iterator[str]:
    """What is wrong with telephone numbers: those that clients are to call, and the one that alerts go to."""
    if clinic.country not in phone.COUNTRIES:
        yield f"{_setting('country')} must be a country as two letters, such as US or DE."
        return
    if clinic.phone and not phone.e164(clinic.phone, clinic.country):
        yield f"{_setting('phone')} must be a whole telephone number, with its area code."
    if clinic.alert_sms and not phone.for_texts(clinic.alert_sms, clinic.country):
        yield f"{_setting('alert_sms')} must be one mobile number that can get texts, such as +12125550123."


def _pages(clinic: Clinic) -> Iterator[str]:
    if clinic.booking_url and not clinic_toml.is_page(clinic.booking_url):
        yield f"CLINIC_BOOKING_URL {clinic_toml.PAGE}."


def _setting(name: str) -> str:
    return f"content/clinic.toml: clinic.{name} (or CLINIC_{name.upper()})"


def _unspoken(clinic: Clinic) -> Iterator[str]:
    """Mails to the clinic, and to clients whose language we do not have, are written in the clinic's own."""
    if clinic.language not in clinic.languages:
        known = ", ".join(clinic.languages)
        yield f"{_setting('language')} must be one of: {known}."


def _clinic_file(read: Variables, content: Path) -> dict[str, Any]:
    path = content / "clinic.toml"
    try:
        raw = toml.read(content, path.name)
        filed, problems = clinic_toml.read(raw, path.read_text(encoding="utf-8-sig"))
        read.problems += problems
        return filed
    except FileNotFoundError:
        read.problems.append(f"{path} does not exist: CONTENT must name the folder with clinic.toml.")
    except toml.Unreadable as error:
        read.problems.append(str(error))
    return {}


def _policy(read: Variables, filed: Policy) -> Policy:
    """The rules of the file, and over them those of the environment."""
    return replace(
        filed,
        settle=read.seconds("SETTLE_SECONDS", filed.settle),
        plan_delay=read.seconds("PLAN_DELAY_SECONDS", filed.plan_delay),
        quiet_from=read.hour("QUIET_FROM", filed.quiet_from),
        quiet_until=read.hour("QUIET_UNTIL", filed.quiet_until),
        quiet_zone=read.choice("QUIET_ZONE", ("clinic", "client"), filed.quiet_zone),
        require_ok=read.switch("REQUIRE_OK", default=filed.require_ok),
        unreviewed=Unreviewed(read.choice("UNREVIEWED", tuple(Unreviewed), filed.unreviewed)),
        mail_contents=read.switch("MAIL_CONTENTS", default=filed.mail_contents),
        plan_moves=read.number("PLAN_MOVES", filed.plan_moves, least=2, most=4),
        wording=read.choice("WORDING", ("self_care", "fitness", "clinical"), filed.wording),
        reconcile_every=read.seconds("RECONCILE_SECONDS", filed.reconcile_every),
    )
