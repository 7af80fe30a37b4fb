"""Square Appointments: https://developer.squareup.com/docs/bookings-api/use-webhooks.

A webhook names customer, service, team member and place by identifiers; `version` is the order of events.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from integrations.api import Api, Remembered, path, readable, utc_text
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
from integrations.http import Http
from integrations.payload import Part, read_json, span
from integrations.signing import BASE64_32_BYTES, in_base64, require_any, shaped
from schemas.booking import BookingState, BookingStatus, Person
from schemas.clinic import Connection
from schemas.webhook import Inbound, Notice

HOST = "https://connect.squareup.com"
API_VERSION = "2026-09-16"
DENIED = (
    "The token needs APPOINTMENTS_READ, APPOINTMENTS_ALL_READ, CUSTOMERS_READ, ITEMS_READ and "
    "MERCHANT_PROFILE_READ; writing needs APPOINTMENTS_WRITE, APPOINTMENTS_ALL_WRITE and Plus or Premium."
)
GONE = "Square does not know this booking any more."
CATALOG = "/v2/catalog/search-catalog-items"
PAGE, MOST_PAGES = 100, 20
WINDOW, WINDOWS = timedelta(days=31), 12  # Square lists at most 31 days at once

SUBSCRIBED = ("booking.created", "booking.updated")
STATUSES = {
    "PENDING": BookingStatus.pending,
    "ACCEPTED": BookingStatus.confirmed,
    "CANCELLED_BY_CUSTOMER": BookingStatus.cancelled,
    "CANCELLED_BY_SELLER": BookingStatus.cancelled,
    "DECLINED": BookingStatus.cancelled,
    "NO_SHOW": BookingStatus.no_show,
}
ATTRIBUTE = "aftercare"
DEFINITION = {
    "key": ATTRIBUTE,
    "name": "Aftercare",
    "description": "Link to the intake, and whether it is done.",
    "visibility": "VISIBILITY_READ_ONLY",
    "schema": {
        "$ref": "https://developer-production-s.squarecdn.com/schemas/v1/common.json#squareup.common.String"
    },
}
PLAIN_VARIATIONS = frozenset({"", "regular", "standard", "default"})


def _together(names: list[str], glue: str) -> str:
    return glue.join(dict.fromkeys(name for name in names if name))


def _service_name(answer: Part) -> str:
    variation = answer.part("object").part("item_variation_data").text("name")
    items = [
        each.part("item_data").text("name")
        for each in answer.parts("related_objects")
        if each.has("item_data")
    ]
    item = items[0] if items else answer.part("object").part("item_data").text("name")
    return _full_name(item, variation)


def _full_name(item: str, variation: str) -> str:
    if not item or variation.casefold() in PLAIN_VARIATIONS or variation == item:
        return item or variation
    return f"{item}, {variation}"


def _variations(item: Part) -> list[Offered]:
    name = item.part("item_data").text("name")
    found = item.part("item_data").parts("variations")
    return [
        Offered(each.word("id"), _full_name(name, each.part("item_variation_data").text("name")))
        for each in found
    ]


def _day_or_less(part: Part, name: str, unit: int = 1) -> int:
    """A length in minutes; 0 for none, and for one that no visit has. `unit` is how many make a minute."""
    found = (part.number(name) or 0) // unit
    if not 0 <= found <= 24 * 60:
        part.drop(name)
        return 0
    return found


def _service_minutes(answer: Part) -> int:
    found = answer.part("object").part("item_variation_data")
    return _day_or_less(found, "service_duration", 60_000)  # in milliseconds


def _client(customer: Part) -> Person:
    both = f"{customer.text('given_name')} {customer.text('family_name')}".strip()
    return Person(
        name=both or customer.text("nickname") or customer.text("company_name"),
        email=customer.email("email_address"),
        phone=customer.phone("phone_number"),
        ref=customer.identifier("id"),
    )


def _address(location: Part) -> str:
    address = location.part("address")
    return _together([location.text("name"), address.text("address_line_1"), address.text("locality")], ", ")


class Square(Scheduler):
    """Square: a booking keeps its identifier; what it names is fetched and remembered."""

    label = "Square"
    asks = (
        Ask(
            "api_key",
            "Access token",
            "At developer.squareup.com: your application → Credentials → Production access token.",
            sealed=True,
        ),
    )
    ways = ("custom_attribute",)
    seen_by = MappingProxyType(
        {
            "custom_attribute": "link and status stand in a custom attribute of the booking, which staff see "
            "in Square. Nobody is mailed."
        }
    )
    default_way = "custom_attribute"

    def __init__(self, connection: Connection, http: Http) -> None:
        super().__init__(connection, http)
        self._remembered = Remembered()
        self._defined = False

    @property
    def readable(self) -> bool:
        """True once a token is configured."""
        return bool(self.connection.api_key)

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        found = self.wrong_way()
        if not any(self.connection.secrets):
            found.append("Set the signature key of the webhook subscription.")
        if not self.connection.webhook_url:
            found.append("Set the public URL: Square signs it together with the body.")
        if not self.readable:
            found.append("Set an access token: Square's webhooks do not hold the client.")
        return found

    def verify(self, inbound: Inbound) -> None:
        """Base64 HMAC-SHA256 of the configured URL and the body."""
        given = shaped(inbound, "x-square-hmacsha256-signature", BASE64_32_BYTES)
        require_any([given], in_base64(self.connection.secrets, inbound.url.encode() + inbound.body))

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice; an end that cannot be undone is said at once, anything else must be fetched."""
        body = read_json(inbound.body)
        kind = body.text("type") or body.wrong("type", "there")
        if kind not in SUBSCRIBED:
            return []
        found = body.part("data").part("object").part("booking")
        status = STATUSES.get(found.text("status"))
        return [
            Notice(
                external_id=found.needed("id"),
                event=kind,
                occurred_at=found.moment("updated_at") or body.moment("created_at"),
                version=found.number("version"),
                no_show=True if status is BookingStatus.no_show else None,
                gone=status is BookingStatus.cancelled,
            )
        ]

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The booking as it is now, with customer, service, team member and place; raises Gone."""
        answer = self._api().part(f"/v2/bookings{path(external_id)}", gone=GONE)
        return (self._booking(answer.part("booking")),)

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """Every booking that starts in the year after then: Square cannot list by time of change.

        Each booking needs requests of its own, so a limit may come within a page. The place is the number of
        the window, the booking of the page that was read last ("-": none), and Square's cursor of the page.
        """
        self._remembered.clear()
        first, _, rest = place.partition(" ")
        last, _, cursor = rest.partition(" ")
        for number in range(int(first or 0), WINDOWS):
            yield from self._window(since + number * WINDOW, number, last, cursor)
            last = cursor = ""

    def _window(self, start: datetime, number: int, last: str, cursor: str) -> Iterator[Batch]:
        """The bookings of one window; from its beginning where the cursor is too old for Square."""
        first = {"limit": PAGE, "start_at_min": utc_text(start), "start_at_max": utc_text(start + WINDOW)}
        try:
            yield from self._pages(first | ({"cursor": cursor} if cursor else {}), number, last)
        except IntegrationError as error:
            if not cursor or error.status != 400:
                raise
            yield from self._pages(first, number, "")

    def _pages(self, first: Mapping[str, Any], number: int, last: str) -> Iterator[Batch]:
        cursor = first.get("cursor", "")
        for page, following in self._api().steps("/v2/bookings", first, _next_page):
            for row in _behind(page.parts("bookings"), last):
                for found in readable([row], lambda each: [self._booking(each)], self.connection.name):
                    yield Batch((found,), f"{number} {found.external_id} {cursor}")
            last, cursor = "", following["cursor"] if following else ""
            yield Batch((), f"{number} - {cursor}" if following else f"{number + 1}")

    def services(self) -> list[Offered]:
        """Each variation of a service, as a booking names it."""
        items = [each for each in self._items() if not each.part("item_data").flag("is_archived")]
        return [each for item in items for each in _variations(item)]

    def _items(self) -> Iterator[Part]:
        wanted: Mapping[str, Any] | None = {"product_types": ["APPOINTMENTS_SERVICE"], "limit": PAGE}
        for _ in range(MOST_PAGES):
            page = self._api().as_part(self._api().send("POST", CATALOG, json=wanted))
            yield from page.parts("items")
            wanted = _next_page(page, wanted or {})
            if wanted is None:
                return

    def ping(self) -> None:
        """One booking at most."""
        self._api().get("/v2/bookings", {"limit": 1})

    def is_subscribed(self) -> bool:
        """A subscription that is switched on."""
        return any(each.flag("enabled") is not False for each in self._subscriptions())

    def _booking(self, found: Part) -> BookingState:
        segments = found.parts("appointment_segments") or [Part({})]
        start = found.needed_moment("start_at")
        start, end = span(start, start + timedelta(minutes=sum(map(self._minutes, segments))))
        location = self._optional("/v2/locations", found.identifier("location_id")).part("location")
        return BookingState(
            external_id=found.needed("id"),
            status=STATUSES.get(found.text("status"), BookingStatus.pending),
            start=start,
            end=end,
            client=self._customer(found.identifier("customer_id")),
            service=segments[0].identifier("service_variation_id"),
            service_name=_together([_service_name(self._service(each)) for each in segments], " + "),
            practitioner=_together([self._team_member(each) for each in segments], ", "),
            place=_address(location) if found.text("location_type") in ("", "BUSINESS_LOCATION") else "",
            remote=found.text("location_type") == "PHONE",
            zone=location.zone("timezone"),
            version=found.number("version"),
            created_at=found.moment("created_at"),
        )

    def _customer(self, customer_id: str) -> Person:
        """Not remembered: an address may be corrected, and the next mail must go there."""
        if not customer_id:
            return Person(name="")
        try:
            return _client(self._api().part(f"/v2/customers{path(customer_id)}", gone=GONE).part("customer"))
        except Gone:
            return Person(name="")

    def _service(self, segment: Part) -> Part:
        wanted = segment.identifier("service_variation_id")
        params = {"include_related_objects": "true"}
        return self._optional("/v2/catalog/object", wanted, params)

    def _minutes(self, segment: Part) -> int:
        """How long a segment is; where it does not say so, as long as the service, else as a usual visit."""
        length = _day_or_less(segment, "duration_minutes") or _service_minutes(self._service(segment))
        return (length or self.connection.visit_minutes) + _day_or_less(segment, "intermission_minutes")

    def _team_member(self, segment: Part) -> str:
        wanted = segment.identifier("team_member_id")
        answer = self._optional("/v2/bookings/team-member-booking-profiles", wanted)
        return answer.part("team_member_booking_profile").text("display_name")

    def _optional(self, where: str, wanted: str, params: Mapping[str, Any] | None = None) -> Part:
        return self._remembered.optional(self._api(), where, wanted, params)

    def attach(self, external_id: str, note: Note) -> None:
        """Set our custom attribute: it does not touch the staff's notes and causes no booking.updated."""
        self.way()
        self._define()
        wanted = {"custom_attribute": {"value": f"{note.status} {note.link}"}}
        where = f"/v2/bookings{path(external_id)}/custom-attributes{path(ATTRIBUTE)}"
        self._api().send("PUT", where, json=wanted, gone=GONE)

    def _define(self) -> None:
        """Make the definition of our attribute unless it is there."""
        if self._defined:
            return
        where = "/v2/bookings/custom-attribute-definitions"
        try:
            self._api().get(f"{where}{path(ATTRIBUTE)}", gone=GONE)
        except Gone:
            self._api().send("POST", where, json={"custom_attribute_definition": DEFINITION})
        self._defined = True

    def register(self, secret: str) -> Subscription:
        """Subscribe our URL, or repair the subscription; the signature key is Square's own, not `secret`."""
        wanted = {
            "name": "Aftercare",
            "enabled": True,
            "event_types": list(SUBSCRIBED),
            "notification_url": self.our_url(),
            "api_version": API_VERSION,
        }
        ours = self._subscriptions()
        if ours:
            where = f"/v2/webhooks/subscriptions{path(ours[0].word('id'))}"
            answer = self._owner().send("PUT", where, json={"subscription": wanted})
        else:
            answer = self._owner().send(
                "POST", "/v2/webhooks/subscriptions", json={"subscription": wanted}, once=True
            )
        found = self._owner().as_part(answer).part("subscription")
        text = "The webhook was there and is repaired." if ours else "The webhook is made."
        key = found.text("signature_key") or (ours[0].text("signature_key") if ours else "")
        return Subscription(found.word("id"), self.our_url(), SUBSCRIBED, key, text)

    def unregister(self) -> int:
        """Remove every subscription to our URL; returns how many there were."""
        return self._owner().delete("/v2/webhooks/subscriptions", self._subscriptions())

    def _subscriptions(self) -> list[Part]:
        first = {"include_disabled": "true", "limit": PAGE}
        pages = self._owner().pages("/v2/webhooks/subscriptions", first, _next_page)
        found = [each for page in pages for each in page.parts("subscriptions")]
        return [each for each in found if each.values.get("notification_url") == self.our_url()]

    def _api(self, token: str = "") -> Api:
        if not self.readable:
            raise Unsupported("Set an access token of Square to read bookings.")
        headers = {
            "Authorization": f"Bearer {token or self.connection.api_key}",
            "Square-Version": API_VERSION,
        }
        base = (self.connection.api_base or HOST).rstrip("/").removesuffix("/v2")
        return Api(self.http, self.label, base, DENIED, headers, left_out=self.left_out)

    def _owner(self) -> Api:
        """Webhook subscriptions belong to the application and need its own token."""
        return self._api(self.connection.options.get("application_token", ""))


def _behind(rows: list[Part], last: str) -> list[Part]:
    """The rows behind this one; all of them where it is not there any more."""
    names = [each.values.get("id") for each in rows]
    return rows[names.index(last) + 1 :] if last in names else rows


def _next_page(page: Part, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    cursor = page.token("cursor")  # up to 65,536 characters
    return {**asked, "cursor": cursor} if cursor else None
