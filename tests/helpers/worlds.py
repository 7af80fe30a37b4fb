"""Schedulers as worlds: things happen to bookings, webhooks are sent, and the API shows what is so now."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.base import Scheduler
from integrations.schedulers import SCHEDULERS
from integrations.simulate import sample
from schemas.booking import Person
from schemas.clinic import Connection
from schemas.webhook import Inbound
from tests.helpers.fake_cliniko import FakeCliniko, link
from tests.helpers.fake_vendor import FakeVendor
from tests.helpers.vendors import recorded
from tests.helpers.wire import SECRET, SECRETS, URL

BEGAN = datetime(2026, 11, 20, 9, tzinfo=UTC)
ZONE = "America/Denver"
HOST = "https://vendor.example"
MOVES_BY_NEW_NAME = frozenset({"calcom", "calendly"})
ONE_ROW = frozenset({"easyappointments"})  # everybody with one address is one customer, renamed each time
SILENT = frozenset({"cliniko", "mindbody", "square"})  # a customer that is corrected is no news of a booking
TELLS_OF_PEOPLE = {"acuity": "updated", "easyappointments": "rescheduled", "square": "rescheduled"} | {
    "standard": "updated",
    "mindbody": "updated",
}
POLLED = frozenset(name for name, kind in SCHEDULERS.items() if not kind.has_webhooks)
NOTHING = Inbound({}, b"", URL, BEGAN)
UNREADABLE = frozenset({"mindbody", "standard"})  # what their webhooks say is all there is
ACCOUNTS = {"calendly": "https://api.calendly.com/organizations/O1", "mindbody": "4711"}


@dataclass(frozen=True, slots=True)
class Row:
    """One identifier at the scheduler, as it is now: `customer` is the row of who comes."""

    uid: str
    start: datetime
    at: datetime
    made: datetime
    customer: int
    visit: int = 0
    slug: str = "deep-tissue-60"
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
    """Bookings of one clinic at one scheduler. `number` makes identifiers and the usual address its own."""

    scheduler: str
    number: int
    email: str = ""
    rows: dict[str, Row] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    steps: int = 0
    vendor: FakeVendor = field(default_factory=FakeVendor)

    def __post_init__(self) -> None:
        self.email = f"c{self.number}@example.org"
        if self.scheduler == "cliniko":
            self.vendor = FakeCliniko()

    def connect(self, key: str = "key") -> Scheduler:
        """Our side, reading this world; without a key it cannot."""
        connection = Connection(
            name=self.scheduler,
            scheduler=self.scheduler,
            secrets=(SECRETS.get(self.scheduler, SECRET),),
            api_key=key,
            api_base=HOST,
            account=ACCOUNTS.get(self.scheduler, "42"),
            webhook_url=URL,
            attach="off",
        )
        return SCHEDULERS[self.scheduler](connection, self.vendor.http())

    def happens(
        self,
        what: str,
        start: datetime | None = None,
        *,
        visit: int = 0,
        who: Person | None = None,
        at: datetime | None = None,
        slug: str = "deep-tissue-60",
    ) -> list[Inbound]:
        """Something happens to one visit; returns the webhooks that the scheduler sends for it.

        `created` and `handed_over` and `corrected` take `who`; `created` and `moved` take `start`.
        """
        self.steps += 1
        at = at or BEGAN + timedelta(minutes=self.steps)
        if what == "created":
            assert start is not None
            sent = self._created(at, start, visit, who or Person("Zoë Łuć", self.email), slug)
        else:
            sent = getattr(self, f"_{what}")(at, self.current(visit), who or start)
        self._publish()
        return [] if self.scheduler in POLLED else list(sent)

    def current(self, visit: int = 0) -> Row:
        """The identifier at the end of the chain of one visit."""
        mine = (row for row in reversed(self.rows.values()) if row.visit == visit)
        return next(row for row in mine if not row.replaced_by)

    def who(self, row: Row) -> Person:
        """Who comes, as the scheduler shows it now."""
        return self.people[row.customer]

    def _uid(self) -> str:
        name = f"{self.number}{self.steps:03d}"
        return f"E{name}.I{name}" if self.scheduler == "calendly" else name

    def _customer(self, who: Person) -> int:
        """The row of a customer: one for each address where it is shared, else one for each booking."""
        for number, known in self.people.items():
            if self.scheduler in ONE_ROW and known.email.casefold() == who.email.casefold():
                self.people[number] = who
                return number
        self.people[len(self.people) + 1] = who
        return len(self.people)

    def _created(
        self, at: datetime, start: datetime, visit: int, who: Person, slug: str, replaces: str = ""
    ) -> list[Inbound]:
        customer = self._customer(who)
        row = Row(self._uid(), start, at, at, customer, visit, slug, replaces=replaces)
        self.rows[row.uid] = row
        return [self._webhook("created", row)]

    def _changed(self, row: Row, at: datetime, **changes: Any) -> Row:
        self.rows[row.uid] = replace(row, at=at, version=row.version + 1, **changes)
        return self.rows[row.uid]

    def _moved(self, at: datetime, old: Row, start: datetime) -> list[Inbound]:
        if self.scheduler not in MOVES_BY_NEW_NAME:
            row = self._changed(old, at, start=start)
            return [self._webhook("rescheduled", row), *self._noise(row)]
        new = replace(old, uid=self._uid(), start=start, at=at, made=at, replaces=old.uid)
        self.rows[old.uid] = replace(old, state="cancelled", at=at, replaced_by=new.uid)
        self.rows[new.uid] = new
        made = self._webhook("rescheduled", new, replaces=old.uid)
        if self.scheduler == "calcom":
            return [made]
        return [self._webhook("cancelled", self.rows[old.uid]), made]

    def _moved_in_halves(self, at: datetime, old: Row, start: datetime) -> list[Inbound]:
        """A move by a new name, of which the second webhook alone says that the two hang together."""
        new = replace(old, uid=self._uid(), start=start, at=at, made=at, replaces=old.uid)
        self.rows[old.uid] = replace(old, state="cancelled", at=at, replaced_by=new.uid)
        self.rows[new.uid] = new
        alone = self._webhook("created", replace(new, replaces=""))
        if self.scheduler == "calendly":
            return [alone, self._webhook("cancelled", self.rows[old.uid])]
        later = replace(new, at=at + timedelta(seconds=1))
        return [alone, self._webhook("rescheduled", later)]

    def _noise(self, row: Row) -> list[Inbound]:
        """Acuity doubles everything as "changed"."""
        return [self._webhook("updated", row)] if self.scheduler == "acuity" else []

    def _cancelled(self, at: datetime, row: Row, _start: datetime | None) -> list[Inbound]:
        row = self._changed(row, at, state="cancelled")
        return [self._webhook("cancelled", row), *self._noise(row)]

    def _missed(self, at: datetime, row: Row, _start: datetime | None) -> list[Inbound]:
        """The client did not come; where there is no own event for it, it is a change like others."""
        row = self._changed(row, at, state="no_show")
        own = {"acuity": "cancelled", "easyappointments": "rescheduled"}
        return [self._webhook(own.get(self.scheduler, "no_show"), row)]

    def _corrected(self, at: datetime, row: Row, who: Person) -> list[Inbound]:
        """Staff correct the person: one row of a customer is corrected for all of its bookings."""
        self.people[row.customer] = who
        if self.scheduler == "easyappointments":
            return [customer_saved(row.customer, at)]
        return self._told(self._changed(row, at)) if self.scheduler not in SILENT else []

    def _handed_over(self, at: datetime, row: Row, who: Person) -> list[Inbound]:
        """Staff put another person onto the booking."""
        row = self._changed(row, at, customer=self._customer(who))
        return self._told(row)

    def _told(self, row: Row) -> list[Inbound]:
        """The webhook of a change of who comes; Cal.com and Calendly have none, their API shows it."""
        event = TELLS_OF_PEOPLE.get(self.scheduler)
        return [self._webhook(event, row)] if event else []

    def _webhook(self, event: str, row: Row, replaces: str = "") -> Inbound:
        if self.scheduler in POLLED:
            return NOTHING
        who = self.who(row)
        headers, body = sample(
            self.scheduler,
            event,
            uid=row.uid,
            start=row.start,
            end=row.end,
            now=row.at,
            secret=SECRETS.get(self.scheduler, SECRET),
            name=who.name,
            email=who.email,
            phone=who.phone,
            zone=ZONE,
            service=row.slug,
            version=row.version,
            replaces=replaces or row.replaces,
            replaced_by=row.replaced_by,
            url=URL,
            account=ACCOUNTS.get(self.scheduler, ""),
        )
        return Inbound({name.lower(): value for name, value in headers.items()}, body, URL, row.at)

    def _publish(self) -> None:
        self.vendor.answers.clear()
        if self.scheduler in PUBLISH:
            PUBLISH[self.scheduler](self)


def customer_saved(number: int, at: datetime) -> Inbound:
    """Easy!Appointments says that a customer was changed."""
    body = json.dumps({"action": "customer_save", "payload": {"id": number}}).encode()
    return Inbound({"content-type": "application/json", "x-ea-token": SECRET}, body, URL, at)


def _calcom(world: World) -> None:
    listed = []
    for row in world.rows.values():
        comes = world.who(row)
        who = {"name": comes.name, "email": comes.email, "timeZone": ZONE, "language": "en"}
        who |= {"phoneNumber": comes.phone} if comes.phone else {}
        answer = {
            "uid": row.uid,
            "status": "cancelled" if row.state == "cancelled" else "accepted",
            "start": _iso(row.start),
            "end": _iso(row.end),
            "title": "Deep tissue massage, 60 minutes",
            "eventType": {"slug": row.slug},
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
    return payload


def _acuity(world: World) -> None:
    listed = []
    for row in world.rows.values():
        who = world.who(row)
        given, _, family = who.name.partition(" ")
        answer = {
            "id": int(row.uid),
            "firstName": given,
            "lastName": family,
            "email": who.email,
            "phone": who.phone,
            "datetime": row.start.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M:%S%z"),
            "duration": "60",
            "type": row.slug,
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
            "customer_id": f"C{row.customer}",
            "appointment_segments": [{"duration_minutes": 60, "service_variation_id": row.slug}],
        }
        listed.append(answer)
        world.vendor.on("GET", f"/v2/bookings/{row.uid}", {"booking": answer})
    world.vendor.on("GET", "/v2/bookings", {"bookings": listed}).on("GET", "/v2/bookings", {})
    for number, who in world.people.items():
        given, _, family = who.name.partition(" ")
        customer = {"given_name": given, "family_name": family, "email_address": who.email}
        customer |= {"phone_number": who.phone} if who.phone else {}
        world.vendor.on("GET", f"/v2/customers/C{number}", {"customer": customer})
    world.vendor.on("GET", "/v2/locations/L1", {"location": {"timezone": ZONE}})


def _cliniko(world: World) -> None:
    """An appointment names patient and service by their addresses."""
    assert isinstance(world.vendor, FakeCliniko)
    world.vendor.rows = [
        {
            **recorded("cliniko", "appointment"),
            "id": row.uid,
            "starts_at": _iso(row.start),
            "ends_at": _iso(row.end),
            "created_at": _iso(row.made),
            "updated_at": _iso(row.at),
            "cancelled_at": _iso(row.at) if row.state == "cancelled" else None,
            "did_not_arrive": row.state == "no_show",
            "patient": link("patients", f"P{row.customer}"),
            "appointment_type": link("appointment_types", row.slug),
        }
        for row in world.rows.values()
    ]
    for number, who in world.people.items():
        given, _, family = who.name.partition(" ")
        numbers = [{"phone_type": "Mobile", "number": who.phone}] if who.phone else []
        name = {"id": f"P{number}", "first_name": given, "last_name": family, "time_zone": ZONE}
        patient = {**recorded("cliniko", "patient"), **name, "email": who.email}
        world.vendor.patients[f"P{number}"] = patient | {"patient_phone_numbers": numbers}


def _easyappointments(world: World) -> None:
    """A cancelled appointment is deleted; what belongs to one is embedded as a row (captured from 1.6.0)."""
    words = {"confirmed": "Booked", "no_show": "No-Show"}
    wall = "%Y-%m-%d %H:%M:%S"
    listed = []
    for row in world.rows.values():
        if row.state == "cancelled":
            continue
        who = world.who(row)
        given, _, family = who.name.partition(" ")
        customer = {"first_name": given, "last_name": family, "email": who.email, "timezone": ZONE}
        answer = {
            "id": int(row.uid),
            "book": row.made.strftime(wall),  # the server's clock is at UTC
            "start": row.start.astimezone(ZoneInfo(ZONE)).strftime(wall),
            "end": row.end.astimezone(ZoneInfo(ZONE)).strftime(wall),
            "status": words[row.state],
            "customer": customer | ({"phone_number": who.phone} if who.phone else {}),
            "customerId": row.customer,
            "provider": {"first_name": "Mara", "last_name": "Field", "timezone": ZONE},
            "service": {"id": "1", "name": row.slug, "duration": "60"},
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
    "cliniko": _cliniko,
    "easyappointments": _easyappointments,
    "square": _square,
}
