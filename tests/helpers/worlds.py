"""Schedulers as worlds: things happen to one booking, webhooks are sent, and the API shows what is so now."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.base import Scheduler
from integrations.schedulers import SCHEDULERS
from integrations.simulate import sample
from schemas.clinic import Connection
from schemas.webhook import Inbound
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.wire import SECRET, SECRETS, URL

BEGAN = datetime(2026, 11, 20, 9, tzinfo=UTC)
ZONE = "America/Denver"
HOST = "https://vendor.example"
MOVES_BY_NEW_NAME = frozenset({"calcom", "calendly"})


@dataclass(frozen=True, slots=True)
class Row:
    """One identifier at the scheduler, as it is now."""

    uid: str
    start: datetime
    at: datetime
    made: datetime
    state: str = "confirmed"
    version: int = 0
    replaces: str = ""
    replaced_by: str = ""

    @property
    def end(self) -> datetime:
        """An hour later."""
        return self.start + timedelta(hours=1)


@dataclass
class World:
    """One booking of one client at one scheduler. `number` makes identifiers and address its own."""

    scheduler: str
    number: int
    email: str = ""
    rows: dict[str, Row] = field(default_factory=dict)
    steps: int = 0
    vendor: FakeVendor = field(default_factory=FakeVendor)

    def __post_init__(self) -> None:
        self.email = f"c{self.number}@example.org"

    def connect(self, key: str = "key") -> Scheduler:
        """Our side, reading this world; without a key it cannot."""
        connection = Connection(
            name=self.scheduler,
            scheduler=self.scheduler,
            secrets=(SECRETS.get(self.scheduler, SECRET),),
            api_key=key,
            api_base=HOST,
            account="https://api.calendly.com/organizations/O1",
            webhook_url=URL,
            attach="off",
        )
        return SCHEDULERS[self.scheduler](connection, self.vendor.http())

    def happens(self, what: str, start: datetime) -> list[Inbound]:
        """Something happens; returns the webhooks that the scheduler sends for it."""
        self.steps += 1
        sent = getattr(self, f"_{what}")(BEGAN + timedelta(minutes=self.steps), start)
        self._publish()
        return list(sent)

    @property
    def current(self) -> Row:
        """The identifier at the end of the chain."""
        return next(row for row in reversed(self.rows.values()) if not row.replaced_by)

    def _uid(self) -> str:
        name = f"{self.number}{self.steps:02d}"
        return f"E{name}.I{name}" if self.scheduler == "calendly" else name

    def _created(self, at: datetime, start: datetime) -> list[Inbound]:
        row = Row(self._uid(), start, at, at)
        self.rows[row.uid] = row
        return [self._webhook("created", row)]

    def _moved(self, at: datetime, start: datetime) -> list[Inbound]:
        old = self.current
        if self.scheduler not in MOVES_BY_NEW_NAME:
            row = replace(old, start=start, at=at, version=old.version + 1)
            self.rows[row.uid] = row
            return [self._webhook("rescheduled", row), *self._noise(row)]
        new = Row(self._uid(), start, at, at, replaces=old.uid)
        self.rows[old.uid] = replace(old, state="cancelled", at=at, replaced_by=new.uid)
        self.rows[new.uid] = new
        made = self._webhook("rescheduled", new, replaces=old.uid)
        if self.scheduler == "calcom":
            return [made]
        return [self._webhook("cancelled", self.rows[old.uid], replaces=new.uid), made]

    def _noise(self, row: Row) -> list[Inbound]:
        """Acuity doubles everything as "changed"."""
        return [self._webhook("updated", row)] if self.scheduler == "acuity" else []

    def _cancelled(self, at: datetime, start: datetime) -> list[Inbound]:
        row = replace(self.current, state="cancelled", at=at, version=self.current.version + 1)
        self.rows[row.uid] = row
        return [self._webhook("cancelled", row), *self._noise(row)]

    def _missed(self, at: datetime, start: datetime) -> list[Inbound]:
        """The client did not come; where there is no own event for it, it is a change like others."""
        row = replace(self.current, state="no_show", at=at, version=self.current.version + 1)
        self.rows[row.uid] = row
        own = {"acuity": "cancelled", "easyappointments": "rescheduled"}
        return [self._webhook(own.get(self.scheduler, "no_show"), row)]

    def _webhook(self, event: str, row: Row, replaces: str = "") -> Inbound:
        headers, body = sample(
            self.scheduler,
            event,
            uid=row.uid,
            start=row.start,
            end=row.end,
            now=row.at,
            secret=SECRETS.get(self.scheduler, SECRET),
            name="Zoë Łuć",
            email=self.email,
            zone=ZONE,
            version=row.version,
            replaces=replaces or row.replaces,
            url=URL,
        )
        return Inbound({name.lower(): value for name, value in headers.items()}, body, URL, row.at)

    def _publish(self) -> None:
        self.vendor.answers.clear()
        if self.scheduler in PUBLISH:
            PUBLISH[self.scheduler](self)


def _calcom(world: World) -> None:
    listed = []
    for row in world.rows.values():
        who = {"name": "Zoë Łuć", "email": world.email, "timeZone": ZONE, "language": "en"}
        answer = {
            "uid": row.uid,
            "status": "cancelled" if row.state == "cancelled" else "accepted",
            "start": _iso(row.start),
            "end": _iso(row.end),
            "title": "Deep tissue massage, 60 minutes",
            "eventType": {"slug": "deep-tissue-60"},
            "hosts": [{"name": "Mara Field", "email": "mara@clinic.example", "timeZone": ZONE}],
            "location": "12 Main Street",
            "attendees": [{**who, "absent": row.state == "no_show"}],
            "createdAt": _iso(row.made),
            "updatedAt": _iso(row.at),
            "rescheduledToUid": row.replaced_by or None,
            "rescheduledFromUid": row.replaces or None,
        }
        listed.append(answer)
        world.vendor.on("GET", f"/v2/bookings/{row.uid}", {"data": answer})
    world.vendor.on("GET", "/v2/bookings", {"data": listed}).on("GET", "/v2/bookings", {"data": []})
    world.vendor.on("GET", "/v2/me", {"data": {"id": 1, "email": "mara@clinic.example"}})
    world.vendor.on("GET", "/v2/teams", {"data": []})


def _calendly(world: World) -> None:
    events = []
    for row in world.rows.values():
        body = _decoded(world, row)
        scheduled, where = body["scheduled_event"], f"/scheduled_events/{row.uid.split('.')[0]}"
        events.append(scheduled)
        world.vendor.on("GET", where, {"resource": scheduled})
        world.vendor.on("GET", f"{where}/invitees", {"collection": [body]})
        world.vendor.on("GET", f"{where}/invitees/{row.uid.split('.')[1]}", {"resource": body})
    world.vendor.on("GET", "/scheduled_events", {"collection": events})


def _decoded(world: World, row: Row) -> dict[str, Any]:
    """Calendly's API shows an invitee as its webhook does, with both ends of a move."""

    event = {"confirmed": "created", "cancelled": "cancelled", "no_show": "no_show"}[row.state]
    payload: dict[str, Any] = json.loads(world._webhook(event, row).body)["payload"]
    ends = {"old_invitee": row.replaces, "new_invitee": row.replaced_by}
    for name, uid in ends.items():
        event_id, _, invitee = uid.partition(".")
        uri = f"https://api.calendly.com/scheduled_events/{event_id}/invitees/{invitee}"
        payload[name] = uri if uid else None
    return payload


def _acuity(world: World) -> None:
    listed = []
    for row in world.rows.values():
        answer = {
            "id": int(row.uid),
            "firstName": "Zoë",
            "lastName": "Łuć",
            "email": world.email,
            "phone": "",
            "datetime": row.start.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M:%S%z"),
            "duration": "60",
            "type": "Deep tissue massage, 60 minutes",
            "appointmentTypeID": 1,
            "calendar": "Mara Field",
            "location": "12 Main Street",
            "timezone": ZONE,
            "calendarTimezone": ZONE,
            "canceled": row.state != "confirmed",
            "noShow": row.state == "no_show",
            "datetimeCreated": row.made.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        listed.append(answer)
        world.vendor.on("GET", f"/api/v1/appointments/{row.uid}", answer)
    world.vendor.on("GET", "/api/v1/appointments", listed)


def _square(world: World) -> None:
    words = {"confirmed": "ACCEPTED", "cancelled": "CANCELLED_BY_CUSTOMER", "no_show": "NO_SHOW"}
    listed = []
    for row in world.rows.values():
        answer = {
            "id": row.uid,
            "version": row.version,
            "status": words[row.state],
            "start_at": _iso(row.start),
            "created_at": _iso(row.made),
            "updated_at": _iso(row.at),
            "location_id": "L1",
            "customer_id": "C1",
            "appointment_segments": [{"duration_minutes": 60, "service_variation_id": "SV1"}],
        }
        listed.append(answer)
        world.vendor.on("GET", f"/v2/bookings/{row.uid}", {"booking": answer})
    world.vendor.on("GET", "/v2/bookings", {"bookings": listed}).on("GET", "/v2/bookings", {})
    customer = {"given_name": "Zoë", "family_name": "Łuć", "email_address": world.email}
    world.vendor.on("GET", "/v2/customers/C1", {"customer": customer})
    world.vendor.on("GET", "/v2/locations/L1", {"location": {"timezone": ZONE}})


def _easyappointments(world: World) -> None:
    """A cancelled appointment is deleted; what belongs to one is embedded as a row (captured from 1.6.0)."""
    words = {"confirmed": "Booked", "no_show": "No-Show"}
    wall = "%Y-%m-%d %H:%M:%S"
    listed = []
    for row in world.rows.values():
        if row.state == "cancelled":
            continue
        answer = {
            "id": int(row.uid),
            "book": row.made.strftime(wall),  # the server's clock is at UTC
            "start": row.start.astimezone(ZoneInfo(ZONE)).strftime(wall),
            "end": row.end.astimezone(ZoneInfo(ZONE)).strftime(wall),
            "status": words[row.state],
            "customer": {"first_name": "Zoë", "last_name": "Łuć", "email": world.email, "timezone": ZONE},
            "provider": {"first_name": "Mara", "last_name": "Field", "timezone": ZONE},
            "service": {"id": "1", "name": "Deep tissue massage, 60 minutes", "duration": "60"},
            "serviceId": 1,
        }
        listed.append(answer)
        world.vendor.on("GET", f"/index.php/api/v1/appointments/{row.uid}", answer)
    world.vendor.on("GET", "/index.php/api/v1/appointments", listed)
    setting = {"name": "default_timezone", "value": "UTC"}
    world.vendor.on("GET", "/index.php/api/v1/settings/default_timezone", setting)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


PUBLISH: dict[str, Callable[[World], None]] = {
    "acuity": _acuity,
    "calcom": _calcom,
    "calendly": _calendly,
    "easyappointments": _easyappointments,
    "square": _square,
}
