"""The connections: which schedulers, and the secrets of each."""

import re

from schemas.clinic import Clinic, Connection
from settings.environment import ZONE_DEFAULT, Variables

NAME = re.compile(r"[a-z][a-z0-9-]{0,40}\Z")


OPTIONS = (
    "note_field",
    "token_header",
    "application_token",
    "status_cancelled",
    "status_pending",
    "status_no_show",
)


def connections_of(read: Variables, clinic: Clinic) -> tuple[Connection, ...]:
    """CONNECTIONS=main=calcom,north=square; then MAIN_SECRET, MAIN_API_KEY, NORTH_SECRET, ..."""
    listed = read.need_from_setup("CONNECTIONS", "for example main=calcom (see docs/schedulers)")
    found: list[Connection] = []
    entries = [each.strip() for each in listed.split(",") if each.strip()]
    if listed and not entries:
        read.problems.append("CONNECTIONS names no scheduler: for example main=calcom")
    for entry in entries:
        name, _, scheduler = entry.partition("=")
        scheduler = scheduler or name
        if not NAME.fullmatch(name) or name in {each.name for each in found}:
            read.problems.append(f"CONNECTIONS: {name!r} must be a name of its own, in small letters.")
            continue
        found.append(_connection(read, name, scheduler, clinic))
    return tuple(found)


def prefix_of(name: str) -> str:
    """How the variables of a connection begin: `NORTH_`."""
    return f"{name.upper().replace('-', '_')}_"


def _connection(read: Variables, name: str, scheduler: str, clinic: Clinic) -> Connection:
    prefix = prefix_of(name).removesuffix("_")
    zone = read.text(f"{prefix}_ZONE")
    if zone:
        zone = read.zone(f"{prefix}_ZONE", ZONE_DEFAULT)
    options = {key: read.text(f"{prefix}_{key.upper()}") for key in OPTIONS}
    return Connection(
        name=name,
        scheduler=scheduler,
        secrets=tuple(read.text(f"{prefix}_SECRET").split()),
        api_key=read.text(f"{prefix}_API_KEY"),
        api_base=read.text(f"{prefix}_API_BASE").rstrip("/"),
        account=read.text(f"{prefix}_ACCOUNT"),
        webhook_url=read.text(f"{prefix}_WEBHOOK_URL", f"{clinic.public_url}/webhooks/{name}"),
        zone=zone,
        clinic_zone=clinic.zone,
        contact=clinic.mailbox,
        visit_minutes=read.number(f"{prefix}_VISIT_MINUTES", 60, least=5, most=24 * 60),
        attach=read.text(f"{prefix}_ATTACH"),
        options={key: value for key, value in options.items() if value},
    )
