"""Cal.com, hosted or self-hosted: https://cal.com/docs/developing/guides/automation/webhooks and API v2."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from integrations.api import Api, path, readable, utc_text
from integrations.base import (
    Ask,
    Batch,
    IntegrationError,
    Note,
    Offered,
    Scheduler,
    Subscription,
    Unsupported,
)
from integrations.payload import Part, read_json
from integrations.schedulers.calcom.people import Account, is_sure, mailable
from integrations.schedulers.calcom.states import (
    CANCELLED,
    CONFIRMED,
    PENDING,
    api_bookings,
    webhook_bookings,
)
from integrations.signing import LOWER_HEX_64, hexadecimal, require_any, shaped
from schemas.booking import BookingState
from schemas.webhook import Inbound, Notice

HOST = "https://api.cal.com"
API_VERSION = "2024-08-13"
EVENT_TYPES_VERSION = "2024-06-14"
PAGE = 100
LISTS = ("afterUpdatedAt", "afterStart")
MOST_MEMBERS = 250
DENIED = "Make an API key with BOOKING_READ and WEBHOOK_WRITE under Settings, Developer, API keys."
GONE = "Cal.com does not know this booking any more."

# What a trigger says about the booking. A confirmed one may still be qualified by the payload's own status.
TRIGGERS = {
    "BOOKING_CREATED": CONFIRMED,
    "BOOKING_RESCHEDULED": CONFIRMED,
    "BOOKING_REASSIGNED": CONFIRMED,
    "BOOKING_LOCATION_UPDATED": CONFIRMED,
    "BOOKING_PAID": CONFIRMED,
    "INSTANT_MEETING_ACCEPTED": CONFIRMED,
    "BOOKING_REQUESTED": PENDING,
    "BOOKING_PAYMENT_INITIATED": PENDING,
    "BOOKING_REJECTED": CANCELLED,
    "BOOKING_CANCELLED": CANCELLED,
}
MADE = frozenset({"BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_RESCHEDULED"})
# They fire at the planned times. The last two are of a workflow's step "Send webhook":
# https://cal.com/docs/features/workflow-webhooks
MEETINGS = frozenset({"MEETING_STARTED", "MEETING_ENDED", "BEFORE_EVENT", "AFTER_EVENT"})
NO_SHOW = "BOOKING_NO_SHOW_UPDATED"
VIDEO_NO_SHOW = "AFTER_GUESTS_CAL_VIDEO_NO_SHOW"
# Triggers that an older Cal.com does not know, and refuses the whole subscription for.
NEWER = ("BOOKING_REASSIGNED", "BOOKING_LOCATION_UPDATED", VIDEO_NO_SHOW)
SUBSCRIBED = (
    "BOOKING_CREATED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REQUESTED",
    "BOOKING_REJECTED",
    "BOOKING_PAYMENT_INITIATED",
    "BOOKING_PAID",
    NO_SHOW,
    "MEETING_ENDED",
    *NEWER,
)


def _marks(
    payload: Part, attendees: list[Part], trigger: str, at: datetime | None, absent: bool | None = None
) -> list[Notice]:
    """A mark for each of these attendees; `absent` where they do not say themselves whether they came."""
    uid = payload.identifier("bookingUid") or payload.needed("uid")
    return [
        Notice(
            external_id=uid,
            event=trigger,
            email=mailable(attendee).casefold(),
            occurred_at=at,
            no_show=attendee.flag("noShow") if absent is None else absent,
        )
        for attendee in attendees
    ]


def _absent_guests(payload: Part) -> list[Part]:
    """Who did not join a video call: the marked ones, else all but the host (`triggerGuestNoShow.ts`)."""
    attendees = payload.parts("guests") or payload.parts("attendees")
    host = payload.text("hostEmail").casefold()
    guests = [each for each in attendees if each.email("email").casefold() != host]
    return [each for each in guests if each.flag("noShow")] or guests


def _ends_series(payload: Part) -> bool:
    """True for a series that is cancelled in one go: only then it is described (`handleCancelBooking.ts`)."""
    return payload.has("recurringEvent") and not payload.flag("requestReschedule")


class CalCom(Scheduler):
    """Cal.com: everything is in the webhook; nothing can be written back onto a booking."""

    label = "Cal.com"
    asks = (
        Ask(
            "api_key",
            "API key",
            "At Cal.com: Settings → Developer → API keys → Add. It needs BOOKING_READ and WEBHOOK_WRITE.",
            sealed=True,
        ),
    )

    @property
    def readable(self) -> bool:
        """True once an API key is configured."""
        return bool(self.connection.api_key)

    def problems(self) -> list[str]:
        """What is wrong with the configuration."""
        if not any(self.connection.secrets):
            return ["Set the secret that stands in Cal.com under Settings, Developer, Webhooks, Secret."]
        return []

    def verify(self, inbound: Inbound) -> None:
        """Hexadecimal HMAC-SHA256 of the body; `no-secret-provided` is no signature."""
        given = shaped(inbound, "x-cal-signature-256", LOWER_HEX_64)
        require_any([given], hexadecimal(self.connection.secrets, inbound.body))

    def parse(self, inbound: Inbound) -> list[Notice]:
        """One notice for each client that the webhook is about."""
        body = read_json(inbound.body)
        return body.noted(self._notices(body, inbound))

    def _notices(self, body: Part, inbound: Inbound) -> list[Notice]:
        trigger = body.text("triggerEvent") or body.wrong("triggerEvent", "there")
        payload = body.part("payload") if body.has("payload") else body
        if trigger in MEETINGS:
            return self._meeting(trigger, payload)
        made = body.moment("createdAt")
        at = made or inbound.received_at
        if trigger == NO_SHOW:
            listed = payload.parts("attendees") or payload.wrong(
                "attendees", "a list with at least one attendee"
            )
            return _marks(payload, [each for each in listed if each.has("noShow")], trigger, at)
        if trigger == VIDEO_NO_SHOW:
            return _marks(payload, _absent_guests(payload), trigger, at, absent=True)
        if trigger not in TRIGGERS:
            return []
        states = webhook_bookings(
            payload, TRIGGERS[trigger], made if trigger in MADE else None, self.connection.zone
        )
        return self._states(trigger, payload, states, at)

    def _states(self, trigger: str, payload: Part, found: list[BookingState], at: datetime) -> list[Notice]:
        uid = found[0].external_id
        if self.readable and not found[0].seat and not is_sure(payload):
            # A body without answers, such as BOOKING_PAID, does not say who booked; the API does.
            return [Notice(uid, trigger, occurred_at=at)]
        ends = trigger == "BOOKING_CANCELLED" and _ends_series(payload)
        notices = [
            Notice(uid, trigger, seat=each.seat, booking=each, occurred_at=at, ends_series=ends)
            for each in found
        ]
        if ends and self.readable and found[0].series:
            # Its uid answers with all the dates as they are now.
            notices.append(Notice(found[0].series, trigger, occurred_at=at))
        return notices

    def _meeting(self, trigger: str, payload: Part) -> list[Notice]:
        """They fire at the scheduled time, or never: good for filling in, not for an order of events."""
        if self.readable and len(payload.parts("attendees")) > 1:
            # The body does not say whether these are guests or seats of a group; the API does.
            return [Notice(payload.needed("uid"), trigger, hint=True)]
        found = webhook_bookings(payload, CONFIRMED, payload.moment("createdAt"), self.connection.zone)
        return [Notice(each.external_id, trigger, seat=each.seat, booking=each, hint=True) for each in found]

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The booking as it is now, one entry per client of a group; raises Gone."""
        answer = self._api().part(f"/v2/bookings{path(external_id)}", gone=GONE)
        # The uid of a series answers with a list of its occurrences.
        data = [answer.part("data")] if isinstance(answer.values.get("data"), dict) else answer.parts("data")
        if not data:  # only a 404 says that there is none: nobody is taken off the calendar for less
            answer.wrong("data", "a booking")
        same = [each for each in data if each.values.get("uid") == external_id] or data
        return tuple(booking for each in same for booking in self._read(each))

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """Our bookings changed since then, then all that start later; a booking may come twice.

        By when they were made, so that what is booked meanwhile comes last. The place is the list, and how
        many of it are read.
        """
        moment, ours = utc_text(since), self._ours()
        of, _, skip = place.partition(" ")
        for wanted in LISTS[LISTS.index(of) if of in LISTS else 0 :]:
            first = {wanted: moment, "sortCreated": "asc", "take": PAGE, "skip": int(skip or 0)}
            skip = ""
            for page, following in self._api().steps("/v2/bookings", first, _next_page):
                hosted = [each for each in page.parts("data") if ours.hosts(each)]
                found = tuple(readable(hosted, self._read, self.connection.name))
                yield Batch(found, f"{wanted} {following['skip']}" if following else "")

    def services(self) -> list[Offered]:
        """The event types of the account and its teams, by the slug that a booking has and two may share."""
        name = self._api().part("/v2/me").part("data").text("username")
        api = replace(self._api(), headers={**self._api().headers, "cal-api-version": EVENT_TYPES_VERSION})
        found = api.part("/v2/event-types", {"username": name} if name else None).parts("data")
        try:
            for team in self._teams():
                found += api.part(f"/v2/teams{path(team)}/event-types").parts("data")
        except IntegrationError as error:
            if not error.permanent:
                raise
        named = {each.text("slug"): each.text("title") for each in reversed(found) if each.text("slug")}
        return [Offered(slug, title) for slug, title in named.items()]

    def ping(self) -> None:
        """Whose key it is."""
        self._api().part("/v2/me")

    def is_subscribed(self) -> bool:
        """A webhook of the account that is switched on."""
        return any(each.flag("active") is not False for each in self._subscriptions())

    def _read(self, booking: Part) -> list[BookingState]:
        return api_bookings(booking, self.connection.zone)

    def _ours(self) -> Account:
        """The account of the key, and the members of its teams where Cal.com has teams."""
        me = self._api().part("/v2/me").part("data")
        people, whole = [me], not me.has("organizationId")
        try:
            for team in self._teams():
                where = f"/v2/teams{path(team)}/memberships"
                members = self._api().part(where, {"take": MOST_MEMBERS}).parts("data")
                people += [each.part("user") for each in members]
        except IntegrationError as error:
            if not error.permanent:
                raise
            whole = False
        return Account(frozenset(each.email("email").casefold() for each in people) - {""}, whole)

    def _teams(self) -> list[str]:
        return [each.word("id") for each in self._api().part("/v2/teams").parts("data")]

    def attach(self, external_id: str, note: Note) -> None:
        """Cal.com has no endpoint that edits the notes or metadata of an existing booking."""
        raise Unsupported(
            "Not supported by Cal.com: an existing booking cannot be written to. The link stays here."
        )

    def register(self, secret: str) -> Subscription:
        """Subscribe our URL with this secret, or repair what is there; "" keeps the secret of that."""
        ours = self._subscriptions()
        if not ours and not secret:
            raise IntegrationError("A new webhook at Cal.com needs a secret.", permanent=True)
        try:
            return self._subscribe(ours, secret, SUBSCRIBED)
        except IntegrationError as error:
            if not error.permanent or error.status != 400:
                raise
        older = tuple(each for each in SUBSCRIBED if each not in NEWER)
        return self._subscribe(ours, secret, older)

    def _subscribe(self, ours: list[Part], secret: str, triggers: tuple[str, ...]) -> Subscription:
        wanted = {
            "active": True,
            "subscriberUrl": self.our_url(),
            "triggers": list(triggers),
            **({"secret": secret} if secret else {}),
        }
        if ours:
            where = f"/v2/webhooks{path(ours[0].word('id'))}"
            self._api().send("PATCH", where, json={**wanted, "payloadTemplate": None})
            made, text = ours[0], "The webhook was there and is repaired."
        else:
            made = self._api().as_part(self._api().send("POST", "/v2/webhooks", json=wanted)).part("data")
            text = "The webhook is made. Bookings of a team's event types need one at the team, made by hand."
        if len(triggers) < len(SUBSCRIBED):
            text += f" This Cal.com does not know {', '.join(NEWER)}."
        return Subscription(made.word("id"), self.our_url(), triggers, secret, text)

    def unregister(self) -> int:
        """Remove every subscription to our URL; returns how many there were."""
        return self._api().delete("/v2/webhooks", self._subscriptions())

    def _subscriptions(self) -> list[Part]:
        url = self.our_url()
        found = self._api().part("/v2/webhooks", {"take": 250}).parts("data")
        return [each for each in found if each.values.get("subscriberUrl") == url]

    def _api(self) -> Api:
        if not self.connection.api_key:
            raise Unsupported("This needs an API key of Cal.com: set the connection's …_API_KEY.")
        return Api(
            http=self.http,
            label=self.label,
            base=(self.connection.api_base or HOST).rstrip("/").removesuffix("/v2"),
            denied=DENIED,
            headers={"Authorization": f"Bearer {self.connection.api_key}", "cal-api-version": API_VERSION},
            left_out=self.left_out,
        )


def _next_page(page: Part, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Until a page is empty: `hasNextPage` forgets the filter by time of change (`bookings.service.ts`)."""
    more, count = page.part("pagination").flag("hasNextPage"), len(page.parts("data"))
    going_on = count >= PAGE if more is None else more
    return {**asked, "skip": asked["skip"] + count} if count and going_on else None
