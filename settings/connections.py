"""The connections: which schedulers, and the secrets of each."""

import re
from functools import partial

from schemas.clinic import Clinic, Connection, variable_of
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


def _connection(read: Variables, name: str, scheduler: str, clinic: Clinic) -> Connection:
    variable = partial(variable_of, name)
    zone = read.text(variable("zone"))
    if zone:
        zone = read.zone(variable("zone"), ZONE_DEFAULT)
    options = {key: read.text(variable(key)) for key in OPTIONS}
    return Connection(
        name=name,
        scheduler=scheduler,
        secrets=tuple(read.text(variable("secret")).split()),
        api_key=read.text(variable("api_key")),
        api_base=read.text(variable("api_base")).rstrip("/"),
        account=read.text(variable("account")),
        webhook_url=read.text(variable("webhook_url"), f"{clinic.public_url}/webhooks/{name}"),
        zone=zone,
        clinic_zone=clinic.zone,
        contact=clinic.mailbox,
        visit_minutes=read.number(variable("visit_minutes"), 60, least=5, most=24 * 60),
        attach=read.text(variable("attach")),
        options={key: value for key, value in options.items() if value},
    )
