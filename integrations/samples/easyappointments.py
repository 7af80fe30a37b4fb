"""Sample webhooks of Easy!Appointments: `uid` must be an appointment that can be read."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from integrations.samples.visit import Builder, Sample, Visit, compact

WALL = "%Y-%m-%d %H:%M:%S"


def _body(action: str) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        zone = ZoneInfo(v.zone)
        payload = {
            "id": int(v.uid) if v.uid.isdecimal() else v.uid,
            "update_datetime": v.now.astimezone(zone).strftime(WALL),
            "start_datetime": v.start.astimezone(zone).strftime(WALL),
            "end_datetime": v.end.astimezone(zone).strftime(WALL),
            "location": v.place,
            "notes": "",
            "status": "Booked",
            "is_unavailability": False,
            "id_users_provider": 1,
            "id_users_customer": 1,
            "id_services": 1,
        }
        return {"action": action, "payload": payload}

    return build


def sign(v: Visit, body: Mapping[str, Any]) -> Sample:
    """Headers and bytes; the secret itself is the credential."""
    return {"Content-Type": "application/json", "X-Ea-Token": v.secret}, compact(body)


EVENTS: dict[str, Builder] = {
    "created": _body("appointment_save"),
    "rescheduled": _body("appointment_save"),
    "cancelled": _body("appointment_delete"),
}
