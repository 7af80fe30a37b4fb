"""Cliniko, API v1: https://docs.api.cliniko.com.

There are no webhooks: appointments are read by the time of their last change. A list leaves out what is
cancelled or archived unless it is asked for that.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

from integrations.api import Api, Remembered, path, readable, utc_text
from integrations.base import Ask, Batch, Gone, IntegrationError, Offered, Polled, Unsupported
from integrations.http import Http
from integrations.payload import Part, span
from schemas.booking import BookingState, BookingStatus, Person
from schemas.clinic import Connection
from schemas.notions import mail_address

HOST = "https://api.{}.cliniko.com"
FIRST_SHARD = "au1"  # of keys that are older than shards
DENIED = "Check the API key under My Info, Manage API keys: it may see what its user may see."
GONE = "Cliniko does not know this any more."
APPOINTMENTS, PATIENTS = "/v1/individual_appointments", "/v1/patients"
PAGE = 100
AT_ONCE = 50  # patients in one request: their identifiers make its address long
# A reading goes through these lists: all that is to come, then what changed, was cancelled, was archived.
LISTS = ("starts_at", "updated_at", "cancelled_at", "archived_at")
CHANGES = 1  # the first list of a reading of changes alone
_LAST = re.compile(r"/([A-Za-z0-9_-]{1,64})/?\Z", re.ASCII)
_SHARD = re.compile(r"-([a-z]{2,3}[0-9]{1,2})\Z", re.ASCII | re.IGNORECASE)


def shard(key: str) -> str:
    """The part of Cliniko that a key belongs to, which stands at its end."""
    found = _SHARD.search(key)
    return found[1].lower() if found else FIRST_SHARD


def linked(part: Part, name: str) -> str:
    """The identifier of what a field leads to: the end of its address."""
    found = _LAST.search(part.part(name).part("links").token("self").partition("?")[0])
    return found[1] if found else ""


def _status(appointment: Part) -> BookingStatus:
    if any(appointment.text(f"{end}_at") for end in ("cancelled", "archived", "deleted")):
        return BookingStatus.cancelled
    return BookingStatus.no_show if appointment.flag("did_not_arrive") else BookingStatus.confirmed


def _name(person: Part) -> str:
    given = person.text("preferred_first_name") or person.text("first_name")
    return f"{given} {person.text('last_name')}".strip()


def _phone(patient: Part) -> str:
    """The mobile number, else the first."""
    numbers = patient.parts("patient_phone_numbers")
    mobile = [each for each in numbers if each.text("phone_type").casefold() == "mobile"]
    return next((found for each in (*mobile, *numbers) if (found := each.phone("number"))), "")


def _client(patient: Part) -> Person:
    return Person(
        name=_name(patient),
        email=patient.email("email"),
        phone=_phone(patient),
        zone=patient.zone("time_zone"),
        ref=patient.identifier("id"),
    )


def _address(business: Part) -> str:
    name = business.text("display_name") or business.text("business_name")
    parts = (name, *(business.text(each) for each in ("address_1", "address_2", "city")))
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _ascii(address: str) -> str:
    """An address as a header can hold it."""
    written = mail_address.mailbox(address).addr_spec if address else ""
    return written.encode("ascii", "replace").decode()


class Cliniko(Polled):
    """Cliniko: an appointment keeps its identifier; whom and what it names is fetched."""

    label = "Cliniko"
    asks = (
        Ask(
            "api_key",
            "API key",
            "At Cliniko: My Info → Manage API keys → Add an API key, as a user who sees every appointment.",
            sealed=True,
        ),
    )
    signs_with = "nothing"
    cancel_is_final = False

    def __init__(self, connection: Connection, http: Http) -> None:
        super().__init__(connection, http)
        self._remembered = Remembered()

    @property
    def readable(self) -> bool:
        """True once a key is configured."""
        return bool(self.connection.api_key)

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        found = self.wrong_way()
        if not self.readable:
            found.append("Set the API key: Cliniko has no webhooks, so all is known by reading.")
        if not self.connection.contact:
            found.append("Set the clinic's e-mail address: Cliniko wants to know who asks.")
        return found

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The appointment as it is now, with whom and what it names; raises Gone."""
        found = self._api().part(f"{APPOINTMENTS}{path(external_id)}", gone=GONE)
        return (self._booking(found, {}),)

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """Every appointment that starts after then, and what changed. The place is the list, and its page."""
        if not place:
            self._remembered.clear()
        return self._lists(since, place, 0)

    def changes(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """What was made, changed, cancelled or archived since then."""
        return self._lists(since, place, CHANGES)

    def _lists(self, since: datetime, place: str, first: int) -> Iterator[Batch]:
        number, _, page = place.partition(" ")
        for each in range(int(number or first), len(LISTS)):
            yield from self._list(each, since, page)
            page = ""

    def _list(self, number: int, since: datetime, page: str) -> Iterator[Batch]:
        asked = {"q[]": [f"{LISTS[number]}:>={utc_text(since)}"], "per_page": PAGE}
        begun: Mapping[str, Any] = parse_qs(page) or asked
        for answer, following in self._api().steps(APPOINTMENTS, begun, _next_page):
            rows = answer.parts("individual_appointments")
            patients = self._patients(linked(each, "patient") for each in rows)
            read = partial(self._read, patients)
            found = tuple(readable(rows, read, self.connection.name))
            further = f"{number} {urlencode(following, doseq=True)}" if following else f"{number + 1}"
            yield Batch(found, further)

    def _read(self, patients: Mapping[str, Part], row: Part) -> list[BookingState]:
        return [self._booking(row, patients)]

    def services(self) -> list[Offered]:
        """The appointment types for one patient: a group is not read."""
        pages = self._api().pages("/v1/appointment_types", {"per_page": PAGE}, _next_page)
        found = (each for page in pages for each in page.parts("appointment_types"))
        alone = (each for each in found if (each.number("max_attendees") or 1) == 1)
        return [Offered(each.word("id"), each.text("name")) for each in alone if not each.text("archived_at")]

    def ping(self) -> None:
        """One appointment at most."""
        self._api().get(APPOINTMENTS, {"per_page": 1})

    def _booking(self, found: Part, patients: Mapping[str, Part]) -> BookingState:
        start, end = span(found.needed_moment("starts_at"), found.needed_moment("ends_at"))
        kind, business = self._named(found, "appointment_type"), self._named(found, "business")
        remote = kind.flag("telehealth_enabled") is True  # an appointment has a link for a call in any case
        return BookingState(
            external_id=found.needed("id"),
            status=_status(found),
            start=start,
            end=end,
            client=self._who(found, patients),
            service=linked(found, "appointment_type"),
            service_name=kind.text("name"),
            practitioner=_name(self._named(found, "practitioner")),
            place="" if remote else _address(business),
            remote=remote,
            zone=business.zone("time_zone_identifier") or self.connection.zone,
            created_at=found.moment("created_at"),
        )

    def _named(self, found: Part, name: str) -> Part:
        plural = "businesses" if name == "business" else f"{name}s"
        return self._remembered.optional(self._api(), f"/v1/{plural}", linked(found, name))

    def _who(self, found: Part, patients: Mapping[str, Part]) -> Person:
        """The patient as corrected by now; where that is gone, the name on the appointment."""
        wanted = linked(found, "patient")
        nameless = Person(name=found.text("patient_name"), ref=wanted)
        if not wanted:
            return nameless
        try:
            return _client(patients.get(wanted) or self._api().part(f"{PATIENTS}{path(wanted)}", gone=GONE))
        except Gone:
            return nameless

    def _patients(self, wanted: Iterable[str]) -> dict[str, Part]:
        """Those that a list of patients has; the others, who may be archived, are asked for one by one."""
        names, found = sorted({each for each in wanted if each}), dict[str, Part]()
        for at in range(0, len(names), AT_ONCE):
            asked = {"q[]": [f"id:={','.join(names[at : at + AT_ONCE])}"], "per_page": PAGE}
            try:
                listed = self._api().part(PATIENTS, asked).parts("patients")
            except IntegrationError as error:
                if not error.of_one_alone:
                    raise
                return found
            found |= {each.word("id"): each for each in listed}
        return found

    def _api(self) -> Api:
        if not self.readable:
            raise Unsupported("Set the API key of Cliniko to read appointments.")
        key = self.connection.api_key
        base = (self.connection.api_base or HOST.format(shard(key))).rstrip("/").removesuffix("/v1")
        headers = {"User-Agent": f"Aftercare ({_ascii(self.connection.contact)})"}
        return Api(self.http, self.label, base, DENIED, headers, (key, ""), left_out=self.left_out)


def _next_page(page: Part, _asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What Cliniko's address of the next page asks for: where that leads is not followed."""
    return parse_qs(page.part("links").token("next").partition("?")[2]) or None
