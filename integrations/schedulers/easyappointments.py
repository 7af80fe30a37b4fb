"""Easy!Appointments, self-hosted: https://easyappointments.org/documentation/rest-api.

Every change is one `appointment_save`, a public cancellation deletes the row, times are wall clock of the
practitioner. The secret itself travels in a header: the connection must be TLS or loopback.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.api import Api, path, readable
from integrations.base import (
    Ask,
    Batch,
    Gone,
    IntegrationError,
    Note,
    Offered,
    Scheduler,
    Subscription,
    Unsupported,
)
from integrations.markers import BEGIN, block, merge
from integrations.payload import Part, is_call, read_json, span
from integrations.signing import header, require_any
from schemas.booking import BookingState, BookingStatus, Person
from schemas.notions.host import is_private
from schemas.notions.words import Translatable
from schemas.webhook import Inbound, Notice

DENIED = (
    "Set the API token that stands under Settings, Integrations, API, Configure, or `account` and "
    "`api_key` of an admin."
)
GONE = "Easy!Appointments has deleted this appointment."
PAGE = 500  # 100 requests in two minutes are allowed: 25,000 appointments are 50 of them
PREFIX = "/index.php/api/v1"
EMBEDDED = "customer,service,provider"

SAVE, DELETE, CUSTOMER = "appointment_save", "appointment_delete", "customer_save"
SUBSCRIBED = (SAVE, DELETE, CUSTOMER)
PAUSE = 120.0  # seconds: its limit is 100 requests in this time, and its 429 does not say so
# The defaults; the words are a setting there, so `options` of the connection may name others.
STATUSES = {
    "cancelled": (BookingStatus.cancelled, ("cancelled", "canceled")),
    "pending": (BookingStatus.pending, ("draft",)),
    "no_show": (BookingStatus.no_show, ("no-show", "no show", "noshow")),
}
LANGUAGES = {
    "albanian": "sq",
    "arabic": "ar",
    "bosnian": "bs",
    "bulgarian": "bg",
    "catalan": "ca",
    "chinese": "zh",
    "croatian": "hr",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "estonian": "et",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "italian": "it",
    "japanese": "ja",
    "latvian": "lv",
    "lithuanian": "lt",
    "luxembourgish": "lb",
    "marathi": "mr",
    "norwegian": "no",
    "persian": "fa",
    "polish": "pl",
    "portuguese": "pt",
    "portuguese-br": "pt-BR",
    "romanian": "ro",
    "russian": "ru",
    "serbian": "sr",
    "slovak": "sk",
    "slovenian": "sl",
    "spanish": "es",
    "swedish": "sv",
    "thai": "th",
    "traditional-chinese": "zh-Hant",
    "turkish": "tr",
    "ukrainian": "uk",
}
# What `with` embeds is the row of the database, in other words than the API's own.
COLUMNS = {"first_name": "firstName", "last_name": "lastName", "phone_number": "phone"}
# Where a practitioner of a fresh installation stands until somebody sets the zone.
NO_CHOICE = frozenset({"", "UTC", "Etc/UTC"})
# The last place on earth where a day ends: a wall clock of an unknown zone is at the latest this moment.
LATEST = "Etc/GMT+12"
SEEN = {
    "notes": (
        "the link stands in the notes of the appointment, which the client reads in mails and on the "
        "reschedule page; writing it mails client, practitioner, admins and secretaries that the appointment "
        "changed."
    ),
    "customer_field": (
        "link and status stand in a field of the client: a shown field stands in mails and on the reschedule "
        "page, a hidden one in the source of that page. Nobody is mailed."
    ),
}
AT_UTC = (
    "at UTC at Easy!Appointments stand {names}: their times are read on the clinic's clock ({clock}). "
    "Set the time zone of each there, or that of the connection with _ZONE."
)
_WALL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?\Z", re.ASCII)


def in_utc(wall: str, zone: str, *, fold: int = 0) -> datetime | None:
    """Wall clock of a zone as UTC. A repeated hour is the first of the two; a skipped one moves forward."""
    if not _WALL.match(wall):
        return None
    try:
        local = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
    except ValueError:
        return None
    return local.astimezone(UTC) if 2000 <= local.year <= 2100 else None


def times(appointment: Part, zone: str) -> tuple[datetime, datetime]:
    """Start and end in UTC; an end before the start is the second of a repeated hour."""
    written = appointment.text("start"), appointment.text("end")
    start = in_utc(written[0], zone) or appointment.wrong("start", "a time")
    end = in_utc(written[1], zone) or appointment.wrong("end", "a time")
    if is_skipped(written[0], zone):  # no clock shows this time, so the length is what was meant
        return span(start, start + (datetime.fromisoformat(written[1]) - datetime.fromisoformat(written[0])))
    if end < start:
        end = in_utc(written[1], zone, fold=1) or end
    return span(start, end)


def is_skipped(wall: str, zone: str) -> bool:
    """True for a wall clock that the change to summer time leaves out."""
    local = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None)


def as_api(row: Part) -> Part:
    """A person or a service as the API itself spells it, from an embedded row or from the API."""
    return Part({COLUMNS.get(name, name): value for name, value in row.values.items()}, row.path)


def _name(person: Part) -> str:
    return f"{person.text('firstName')} {person.text('lastName')}".strip()


def _client(customer: Part) -> Person:
    language = customer.text("language")
    return Person(
        name=_name(customer),
        email=customer.email("email"),
        phone=customer.phone("phone"),
        zone=customer.zone("timezone"),
        language=LANGUAGES.get(language.lower(), customer.language("language")),
    )


class EasyAppointments(Scheduler):
    """Easy!Appointments: identifiers only, always fetched; a deletion is final."""

    label = "Easy!Appointments"
    asks = (
        Ask("api_base", "Address of your installation", "Such as https://book.your-clinic.com."),
        Ask(
            "api_key",
            "API token",
            "There: Settings → Integrations → API → Configure.",
            sealed=True,
        ),
    )
    one_row_per_address = True  # a public booking renames the one customer row of its address
    ways = ("customer_field", "notes")
    ways_once = ("notes",)
    seen_by = SEEN
    cancel_is_final = False
    _server_zone = ""  # of the clock that notes when something was booked, once it was asked for

    @property
    def readable(self) -> bool:
        """True once address and key of the installation are configured."""
        return bool(self.connection.api_base and self.connection.api_key)

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        found = self.wrong_way()
        if not any(self.connection.secrets):
            found.append("Set the secret token of the webhook.")
        if not all(each.isascii() for each in self.connection.secrets):
            found.append("The secret token must be plain ASCII: it travels in a header.")
        if not self.readable:
            found.append(
                "Set the address of the installation and an API token: webhooks hold identifiers only."
            )
        for url in (self.connection.api_base, self.connection.webhook_url):
            if url and not is_private(url):
                found.append("Use https: the secret token travels in the open otherwise.")
        return list(dict.fromkeys(found))

    def remarks(self) -> list[Translatable]:
        """Who sees what is written and who is mailed; practitioners at UTC, where nobody set a zone."""
        found = super().remarks()
        clock = self.connection.clinic_zone
        if not self.readable or self.connection.zone or clock in NO_CHOICE:
            return found
        names = [_name(each) for each in self._providers() if each.zone("timezone") in NO_CHOICE]
        if names:
            found.append(Translatable(AT_UTC, names=", ".join(names), clock=clock))
        return found

    def _providers(self) -> Iterator[Part]:
        for page in self._api().pages("/providers", {"length": PAGE, "page": 1}, _next_page):
            yield from page.parts("data")

    def verify(self, inbound: Inbound) -> None:
        """The secret token in a header, compared in constant time."""
        name = self.connection.options.get("token_header", "X-Ea-Token").lower()
        require_any([header(inbound, name)], [each for each in self.connection.secrets if each])

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice without a booking: the times in it have no zone, so the appointment is fetched."""
        body = read_json(inbound.body)
        action = body.text("action") or body.wrong("action", "there")
        payload = body.part("payload")
        if action not in SUBSCRIBED or payload.values.get("is_unavailability") in (True, 1, "1"):
            return []
        notice = Notice(payload.needed("id"), action, gone=action == DELETE, of_client=action == CUSTOMER)
        return body.noted([notice])

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The appointment as it is now, in UTC; raises Gone."""
        return (self._booking(self._appointment(external_id), {}),)

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """Every appointment from the day before then; deleted ones leave no trace here.

        By identifier, so that what is booked meanwhile comes last; the place is the page that comes next.
        """
        first = {
            "from": (since - timedelta(days=1)).strftime("%Y-%m-%d"),
            "till": (since + timedelta(days=3 * 365)).strftime("%Y-%m-%d"),
            "with": EMBEDDED,
            "sort": "+id",
            "length": PAGE,
            "page": int(place or 1),
        }
        known: dict[str, Part] = {}
        self._server_zone = self._default_timezone()
        for page, following in self._api().steps("/appointments", first, _next_page):
            found = readable(
                page.parts("data"), lambda each: [self._booking(each, known)], self.connection.name
            )
            yield Batch(tuple(found), str(following["page"]) if following else "")

    def services(self) -> list[Offered]:
        """Every service of the installation."""
        pages = self._api().pages("/services", {"length": PAGE, "page": 1}, _next_page)
        return [Offered(each.word("id"), each.text("name")) for page in pages for each in page.parts("data")]

    def ping(self) -> None:
        """One appointment at most."""
        self._api().get("/appointments", {"length": 1, "page": 1})

    def is_subscribed(self) -> bool:
        """A webhook of this installation that leads to us."""
        return bool(self._subscriptions())

    def bookings_of(self, client: str) -> Iterator[BookingState]:
        """Every appointment of a customer."""
        first = {"customerId": client, "with": EMBEDDED, "length": PAGE, "page": 1}
        known: dict[str, Part] = {}
        for page in self._api().pages("/appointments", first, _next_page):
            theirs = [each for each in page.parts("data") if each.word("customerId") == client]
            yield from readable(theirs, lambda each: [self._booking(each, known)], self.connection.name)

    def _booking(self, appointment: Part, known: dict[str, Part]) -> BookingState:
        provider = self._related(appointment, "provider", "providers", known)
        service = self._related(appointment, "service", "services", known)
        zone = self._zone(provider)
        start, end = times(appointment, zone)
        place = appointment.text("location")
        return BookingState(
            external_id=appointment.needed("id"),
            status=self._status(appointment.text("status")),
            start=start,
            end=end,
            client=replace(
                _client(self._related(appointment, "customer", "customers", known)),
                ref=appointment.identifier("customerId"),
            ),
            service=appointment.word("serviceId"),
            service_name=service.text("name"),
            practitioner=_name(provider),
            place=place,
            remote=is_call(place) or (appointment.has("meetingLink") and not place),
            zone=zone,
            created_at=self._booked_at(appointment),
        )

    def _booked_at(self, appointment: Part) -> datetime | None:
        written = appointment.text("book")
        found = in_utc(written, self._server_zone or LATEST)
        if written and found is None:
            appointment.drop("book")
        return found

    def _default_timezone(self) -> str:
        """The zone of the server's clock; "" where the server does not say it (before 1.6 it has none)."""
        try:
            return self._api().part("/settings/default_timezone", gone=GONE).zone("value")
        except IntegrationError:
            return ""

    def _zone(self, provider: Part) -> str:
        """Whose clock the times are of: as configured, else the practitioner's, else the clinic's."""
        set_there = provider.zone("timezone")
        chosen = "" if set_there in NO_CHOICE else set_there
        return self.connection.zone or chosen or self.connection.clinic_zone or set_there or "UTC"

    def _status(self, word: str) -> BookingStatus:
        for name, (status, words) in STATUSES.items():
            own = self.connection.options.get(f"status_{name}", "")
            if word.casefold() in (
                *words,
                *(each.strip().casefold() for each in own.split(",") if each.strip()),
            ):
                return status
        return BookingStatus.confirmed

    def _related(self, appointment: Part, name: str, where: str, known: dict[str, Part]) -> Part:
        """What the appointment names, as the API spells it: embedded in the answer, or fetched once."""
        if appointment.has(name):
            return as_api(appointment.part(name))
        wanted = appointment.identifier(f"{name}Id")
        if not wanted:
            return Part({})
        key = f"{where}:{wanted}"
        if key not in known:
            known[key] = self._single(f"/{where}{path(wanted)}")
        return known[key]

    def _single(self, where: str) -> Part:
        """One person or service; an empty one when it was deleted, which says nothing of the appointment."""
        try:
            return self._api().part(where, gone=GONE)
        except Gone:
            return Part({})

    def attach(self, external_id: str, note: Note) -> None:
        """Link and status to the customer (silent), or once the link to the notes (mails the client)."""
        if not self.connection.attach:
            raise Unsupported(
                "Easy!Appointments is written to by choice only: set attach to customer_field, or to notes."
            )
        way, appointment = self.way(), self._appointment(external_id)
        if way == "notes":
            self._write_notes(appointment, note)
        else:
            self._write_field(appointment, note)

    def _write_notes(self, appointment: Part, note: Note) -> None:
        """The link alone, at most once: every write mails people, so a status could not be kept true."""
        notes = appointment.values.get("notes")
        before = notes if isinstance(notes, str) else ""
        if BEGIN in before:
            return
        wanted = {"notes": merge(before, block(note.link))}
        self._api().send(
            "PUT", f"/appointments{path(appointment.needed('id'))}", json=wanted, gone=GONE, once=True
        )

    def _write_field(self, appointment: Part, note: Note) -> None:
        name = self.connection.options.get("note_field", "customField5")
        where = f"/customers{path(appointment.needed('customerId'))}"
        before = self._api().part(where, gone=GONE).text(name, 2000)
        wanted = f"Aftercare: {note.status} {note.link}"
        if before == wanted:
            return
        if before and not before.startswith("Aftercare: "):
            raise IntegrationError(
                f"{name} of this customer holds something else: choose another field.", permanent=True
            )
        self._api().send("PUT", where, json={name: wanted}, gone=GONE)

    def _appointment(self, external_id: str) -> Part:
        return self._api().part(f"/appointments{path(external_id)}", {"with": EMBEDDED}, gone=GONE)

    def register(self, secret: str) -> Subscription:
        """Subscribe our URL with this token, or repair the webhook; "" keeps the token that is there."""
        wanted = {
            "name": "Aftercare",
            "url": self.our_url(),
            "actions": ",".join(SUBSCRIBED),
            "isSslVerified": True,
            "notes": "",
            **({"secretToken": secret} if secret else {}),
        }
        ours = self._subscriptions()
        if not ours and not secret:
            raise IntegrationError("A new webhook at Easy!Appointments needs a secret token.", permanent=True)
        if ours:
            answer = self._api().send("PUT", f"/webhooks{path(ours[0].word('id'))}", json=wanted)
        else:
            answer = self._api().send("POST", "/webhooks", json=wanted, once=True)
        text = "The webhook was there and is repaired." if ours else "The webhook is made."
        return Subscription(self._api().as_part(answer).word("id"), self.our_url(), SUBSCRIBED, secret, text)

    def unregister(self) -> int:
        """Remove every webhook to our URL; returns how many there were."""
        return self._api().delete("/webhooks", self._subscriptions())

    def _subscriptions(self) -> list[Part]:
        pages = self._api().pages("/webhooks", {"length": PAGE, "page": 1}, _next_page)
        return [
            each for page in pages for each in page.parts("data") if each.values.get("url") == self.our_url()
        ]

    def _api(self) -> Api:
        if not self.readable:
            raise Unsupported("Set the address of Easy!Appointments and an API token to read appointments.")
        base = self.connection.api_base.rstrip("/").removesuffix(PREFIX).removesuffix("/index.php") + PREFIX
        if self.connection.account:
            auth = (self.connection.account, self.connection.api_key)
            return Api(self.http, self.label, base, DENIED, auth=auth, pause=PAUSE, left_out=self.left_out)
        bearer = {"Authorization": f"Bearer {self.connection.api_key}"}
        return Api(self.http, self.label, base, DENIED, bearer, pause=PAUSE, left_out=self.left_out)


def _next_page(page: Part, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return {**asked, "page": asked["page"] + 1} if len(page.parts("data")) >= asked["length"] else None
