"""Sample webhooks of Calendly, in the captured shape; `uid` is `<event>.<invitee>`, or one word for both."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.samples.visit import Builder, Sample, Visit, compact
from integrations.signing import sha256

API = "https://api.calendly.com"


def _event(uid: str) -> str:
    return f"{API}/scheduled_events/{uid.split('.')[0]}"


def _invitee(uid: str) -> str:
    return f"{_event(uid)}/invitees/{uid.split('.')[-1]}"


def _micro(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _scheduled(v: Visit, status: str) -> dict[str, Any]:
    return {
        "uri": _event(v.uid),
        "name": v.service_name,
        "status": status,
        "start_time": _micro(v.start),
        "end_time": _micro(v.end),
        "event_type": f"{API}/event_types/{v.service}",
        "location": {"type": "physical", "location": v.place},
        "invitees_counter": {"total": 1, "active": int(status == "active"), "limit": 1},
        "event_memberships": [{"user": f"{API}/users/U1", "user_name": v.practitioner}],
        "event_guests": [],
    }


def _body(event: str, status: str = "active", *, no_show: bool = False) -> Callable[[Visit], dict[str, Any]]:
    def build(v: Visit) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "uri": _invitee(v.uid),
            "event": _event(v.uid),
            "name": v.name,
            "email": v.email,
            "text_reminder_number": v.phone or None,
            "timezone": v.client_zone or v.zone,
            "status": status,
            "rescheduled": bool(v.replaced_by),
            "old_invitee": _invitee(v.replaces) if v.replaces else None,
            "new_invitee": _invitee(v.replaced_by) if v.replaced_by else None,
            "no_show": {"uri": f"{API}/invitee_no_shows/N1", "created_at": _micro(v.now)}
            if no_show
            else None,
            "questions_and_answers": [],
            "created_at": _micro(v.now),
            "updated_at": _micro(v.now),
            "scheduled_event": _scheduled(v, status),
        }
        return {
            "event": event,
            "created_at": _micro(v.now),
            "created_by": f"{API}/users/U1",
            "payload": payload,
        }

    return build


def sign(v: Visit, body: Mapping[str, Any]) -> Sample:
    """Headers and bytes, signed."""
    raw, seconds = compact(body), int(v.now.timestamp())
    signature = sha256(v.secret, f"{seconds}.".encode() + raw).hex()
    return {
        "Content-Type": "application/json",
        "Calendly-Webhook-Signature": f"t={seconds},v1={signature}",
    }, raw


EVENTS: dict[str, Builder] = {
    "created": _body("invitee.created"),
    "rescheduled": _body("invitee.created"),
    "cancelled": _body("invitee.canceled", "canceled"),
    "no_show": _body("invitee_no_show.created", no_show=True),
    "no_show_deleted": _body("invitee_no_show.deleted"),
}
