"""Mindbody, Webhooks API: https://developers.mindbodyonline.com/WebhooksDocumentation.

A webhook about an appointment holds client, practitioner and times; of a cancelled one, its identifier only.
`appointmentName`, what was booked, is in no published type; programs that receive these webhooks read it.
"""

import re
from datetime import datetime
from functools import partial

from integrations.api import Api, path
from integrations.base import Ask, Scheduler, Subscription, Unsupported
from integrations.payload import Part, read_json, span
from integrations.signing import in_base64, require_any, shaped
from schemas.booking import BookingState, BookingStatus, Person
from schemas.webhook import Inbound, Notice

HOST = "https://mb-api.mindbodyonline.com/push/api/v1"
DENIED = (
    "Webhooks need an API key of their own, and Mindbody's approval to go live: see the developer portal."
)
SCHEMA_VERSION = 1

CREATED, UPDATED, CANCELLED = (
    f"appointmentBooking.{happened}" for happened in ("created", "updated", "cancelled")
)
SUBSCRIBED = (CREATED, UPDATED, CANCELLED)
# The words of a status in the Public API, v6, and of the webhooks, by their letters; any other one waits.
STATUSES = {
    **dict.fromkeys(
        ("", "none", "scheduled", "booked", "confirmed", "arrived", "completed"), BookingStatus.confirmed
    ),
    "requested": BookingStatus.pending,
    **dict.fromkeys(("cancelled", "canceled", "latecancelled", "latecanceled"), BookingStatus.cancelled),
    "noshow": BookingStatus.no_show,
}
MARKS = {BookingStatus.no_show: True, BookingStatus.confirmed: False}
_SIGNATURE = re.compile(r"sha256=[A-Za-z0-9+/]{43}=\Z", re.ASCII)
_NO_LETTER = re.compile(r"[^a-z]+", re.ASCII)


def _status(data: Part) -> BookingStatus:
    written = _NO_LETTER.sub("", data.text("status").casefold())
    if written not in STATUSES:
        data.drop("status")
    return STATUSES.get(written, BookingStatus.pending)


def _name(data: Part, whose: str) -> str:
    return f"{data.text(f'{whose}FirstName')} {data.text(f'{whose}LastName')}".strip()


def _client(data: Part) -> Person:
    return Person(
        name=_name(data, "client"),
        email=data.email("clientEmail"),
        phone=data.phone("clientPhone"),
        ref=data.identifier("clientId"),
    )


def booking(data: Part, made: datetime | None, zone: str) -> BookingState:
    """The booking of one appointment; `made` is when it was made, where that is known."""
    start, end = span(data.needed_moment("startDateTime"), data.needed_moment("endDateTime"))
    return BookingState(
        external_id=data.needed("appointmentId"),
        status=_status(data),
        start=start,
        end=end,
        client=_client(data),
        service_name=data.text("appointmentName"),
        practitioner=_name(data, "staff"),
        zone=zone,
        created_at=made,
    )


class Mindbody(Scheduler):
    """Mindbody: an appointment keeps its identifier; what a webhook says is all there is."""

    label = "Mindbody"
    asks = (
        Ask("account", "Site ID", "The number of your business at Mindbody, as its API shows it."),
        Ask(
            "api_key",
            "API key for webhooks",
            "At developers.mindbodyonline.com: API Credentials → API Keys. Webhooks need a key of their own.",
            sealed=True,
        ),
    )
    cancel_is_final = False

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        found = self.wrong_way()
        if not any(self.connection.secrets):
            found.append("Set the secret: the messageSignatureKey of the webhook, or the word register.")
        if not self.connection.account:
            found.append("Set the account (the site ID): a developer's webhooks tell of every business.")
        return found

    def verify(self, inbound: Inbound) -> None:
        """`sha256=` and the base64 HMAC-SHA256 of the body."""
        given = shaped(inbound, "x-mindbody-signature", _SIGNATURE).removeprefix("sha256=")
        require_any([given], in_base64(self.connection.secrets, inbound.body))

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice of an appointment of our site; of a class nothing: a yoga class asks for no form."""
        body = read_json(inbound.body)
        kind = body.text("eventId") or body.wrong("eventId", "there")
        data = body.part("eventData")
        if kind not in SUBSCRIBED or not self._is_ours(data):
            return []
        at = body.moment("eventInstanceOriginationDateTime") or inbound.received_at
        return body.noted([self._notice(kind, data, at)])

    def _is_ours(self, data: Part) -> bool:
        return not self.connection.account or data.needed("siteId") == self.connection.account

    def _notice(self, kind: str, data: Part, at: datetime) -> Notice:
        about = partial(Notice, event=kind, occurred_at=at)
        if kind == CANCELLED:
            return about(data.needed("appointmentId"), gone=True)
        state = booking(data, at if kind == CREATED else None, self.connection.zone)
        mark = MARKS.get(state.status) if kind == UPDATED else None
        return about(state.external_id, booking=state, no_show=mark)

    def ping(self) -> None:
        """The list of webhooks."""
        self._api().get("/subscriptions")

    def is_subscribed(self) -> bool:
        """A webhook of ours that is active."""
        return any(each.text("status") == "Active" for each in self._subscriptions())

    def register(self, secret: str) -> Subscription:
        """Subscribe our URL. Mindbody chooses the key and shows it once, whatever `secret` is.

        A webhook that is there is switched on where the settings hold its key, else it is made again.
        """
        ours = self._subscriptions()
        if ours and not self.connection.secret_kept:
            return self._activate(ours[0].word("subscriptionId"), "The webhook was there and is switched on.")
        self._remove(ours)
        wanted = {
            "eventIds": list(SUBSCRIBED),
            "eventSchemaVersion": SCHEMA_VERSION,
            "referenceId": f"aftercare-{self.connection.name}"[:50],
            "webhookUrl": self.our_url(),
        }
        made = self._api().as_part(self._api().send("POST", "/subscriptions", json=wanted, once=True))
        key = made.text("messageSignatureKey")
        return self._activate(made.word("subscriptionId"), "The webhook is made.", key)

    def _activate(self, subscription: str, text: str, key: str = "") -> Subscription:
        """A new webhook, and one that failed too often, sends nothing before it is switched on."""
        self._api().send("PATCH", f"/subscriptions{path(subscription)}", json={"status": "Active"})
        return Subscription(subscription, self.our_url(), SUBSCRIBED, key, text)

    def unregister(self) -> int:
        """Remove every subscription to our URL; returns how many there were."""
        return self._remove(self._subscriptions())

    def _remove(self, found: list[Part]) -> int:
        for each in found:
            self._api().send("DELETE", f"/subscriptions{path(each.word('subscriptionId'))}")
        return len(found)

    def _subscriptions(self) -> list[Part]:
        found = self._api().part("/subscriptions").parts("items")
        return [each for each in found if each.values.get("webhookUrl") == self.our_url()]

    def _api(self) -> Api:
        if not self.connection.api_key:
            raise Unsupported("Set the API key of Mindbody to make its webhook.")
        headers = {"API-Key": self.connection.api_key}
        base = (self.connection.api_base or HOST).rstrip("/")
        return Api(self.http, self.label, base, DENIED, headers, left_out=self.left_out)
