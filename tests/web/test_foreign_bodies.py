"""Bodies as a vendor may send them one day, each signed, through the real web route and the worker.

Whatever stands at the side, a visit is kept whose core is there, and it is that of who booked it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import app as application
import settings as configuration
from handlers.context import Context
from handlers.worker import work
from schemas.booking import BookingStatus
from store import bookings, clients, receipts
from store.base import Tx
from tests.helpers.clinic import environ, make_context
from tests.helpers.edits import Edit, all_of, change, drop, put, rename
from tests.helpers.exam import CANDIDATES
from tests.helpers.mailbox import Mailbox
from tests.helpers.wire import PAYLOADS, SECRET, SECRETS

NOW = datetime.now(UTC).replace(microsecond=0)
START = (NOW + timedelta(days=14)).replace(hour=14, minute=0, second=0)
NAMES = ("Ada", "Bea", "Cleo", "Dora", "Edda", "Fee", "Gwen", "Hana", "Ines", "Jule", "Kaya", "Lena", "Mara")
HOST = {"email": "host@example.com", "name": "Jo Host"}
GUEST = {"email": "guest@example.net", "name": "Gus Guest"}
OTHERS = {HOST["email"], GUEST["email"], "yannick@example.test", "mate@example.com"}


def written(moment: datetime) -> str:
    """As most vendors write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


TIMES = {"start": written(START), "end": written(START + timedelta(hours=1))}


@dataclass(frozen=True, slots=True)
class Who:
    """A client of one body alone."""

    number: int

    @property
    def uid(self) -> str:
        """What the booking is called."""
        return f"m{self.number:03d}"

    @property
    def email(self) -> str:
        """An own address."""
        return f"{self.uid}@example.org"

    @property
    def name(self) -> str:
        """An own name."""
        return f"{NAMES[self.number % len(NAMES)]} {NAMES[self.number // len(NAMES)]}son"


def _stored(scheduler: str, stem: str) -> Any:
    (found,) = (PAYLOADS / scheduler).glob(f"{stem}*.body")
    return json.loads(found.read_bytes())


def _calcom(who: Who) -> Any:
    body = _stored("calcom", "01")
    payload, answers = body["payload"], body["payload"]["responses"]
    payload |= {"uid": who.uid, "startTime": TIMES["start"], "endTime": TIMES["end"], "iCalUID": None}
    payload["attendees"][0] |= {"email": who.email, "name": who.name, "phoneNumber": None}
    answers["email"]["value"], answers["name"]["value"] = who.email, who.name
    del answers["attendeePhoneNumber"]
    return body | {"createdAt": written(NOW)}


def _calendly(who: Who) -> Any:
    body, event = _stored("calendly", "12"), f"https://api.calendly.com/scheduled_events/{who.uid}"
    payload = body["payload"]
    payload |= {"uri": f"{event}/invitees/I1", "event": event, "email": who.email, "name": who.name}
    payload |= {"first_name": None, "last_name": None}
    payload["scheduled_event"] |= {"uri": event, "start_time": TIMES["start"], "end_time": TIMES["end"]}
    return body | {"created_at": written(NOW)}


def _standard(who: Who) -> Any:
    body = _stored("standard", "01")
    body["data"] |= {"id": who.uid, **TIMES}
    body["data"]["client"] |= {"name": who.name, "email": who.email, "phone": None}
    return body | {"timestamp": written(NOW)}


def odd(path: str, *values: Any) -> dict[str, Edit]:
    """Other values in one place."""
    return {f"{path} {number} {str(value)[:20]}": put(path, value) for number, value in enumerate(values)}


def made(path: str, **makes: Callable[[Any], Any]) -> dict[str, Edit]:
    """Other spellings of what stands there."""
    return {f"{path} {name}": change(path, make) for name, make in makes.items()}


def times(path: str) -> dict[str, Edit]:
    """A time with an offset, in every spelling in which it is clear."""
    there = (START + timedelta(hours=5, minutes=30)).strftime("%Y-%m-%dT%H:%M:%S")
    return made(
        path,
        small=str.lower,
        blank=lambda text: text.replace("T", " "),
        short=lambda text: text.replace("Z", "+00"),
        digits=lambda text: text.replace("Z", "+0000"),
        database=lambda text: text.replace("T", " ").replace("Z", "+00:00"),
        ruby=lambda text: text.replace("T", " ").replace("Z", " UTC"),
        fraction=lambda text: text.replace("Z", ".000000Z"),
        bracket=lambda text: text.replace("Z", "+00:00[Europe/London]"),
        padded=lambda text: f" {text}\n",
        elsewhere=lambda _text: f"{there}+05:30",
        no_seconds=lambda text: text.replace(":00Z", "Z"),
    )


def no_times(path: str) -> dict[str, Edit]:
    """What does not say when, or says it in a way that two readers could understand differently."""
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    return made(
        path,
        local=lambda text: text.replace("Z", ""),
        day=lambda text: text[:10],
        script=lambda text: text.translate(arabic),
        leap=lambda text: f"{text[:11]}24:00:00Z",
        number=lambda _text: int(START.timestamp()),
        list=lambda text: [text],
        nothing=lambda _text: None,
        empty=lambda _text: "",
    ) | {f"no {path}": drop(path), f"other {path}": rename(path, "when")}


def emails(path: str) -> dict[str, Edit]:
    """The same address, as people and programs write it."""
    return made(
        path,
        padded=lambda text: f"{text}  ",
        named=lambda text: f'"Kli, Ent" <{text}>',
        upper=str.upper,
        link=lambda text: f"mailto:{text}",
        list=lambda text: [text],
        two=lambda text: f"{text}; guest@example.net",
    )


LONG = "x" * 100_000
DEEP: Any = {"a": [{"b": [[], {}]}] * 50}
SIDE = (None, 17, "", {"odd": 1}, ["a", "b"], True, LONG)
ATTENDEES, ATTENDEE, ANSWERS = "payload.attendees", "payload.attendees.0", "payload.responses"


def guests(value: Any) -> Edit:
    """A guest stands first, and only the question for guests says that it is one."""
    return all_of(
        change(ATTENDEES, lambda them: [GUEST, *them]),
        drop(f"{ANSWERS}.email"),
        put(f"{ANSWERS}.guests", value),
    )


# What leaves the visit as it is: confirmed, at its time, of who booked it.
SAME: dict[str, dict[str, Edit]] = {
    "calcom": {
        "host first": change(ATTENDEES, lambda them: [HOST, *them]),
        "host last": change(ATTENDEES, lambda them: [*them, HOST]),
        "guest first": change(ATTENDEES, lambda them: [GUEST, *them]),
        "guests listed": guests({"value": [GUEST["email"]]}),
        "guests in capitals": guests({"value": [GUEST["email"].upper()]}),
        "guests as text": guests({"value": f"{GUEST['email']}, other@example.net"}),
        "guests as objects": guests({"value": [GUEST]}),
        "guests bare": guests([GUEST["email"]]),
        "300 guests": change(
            ATTENDEES, lambda them: [*them, *({"email": f"g{n}@example.net"} for n in range(300))]
        ),
        "team first": all_of(
            change(ATTENDEES, lambda them: [{"email": "mate@example.com"}, *them]),
            put("payload.team", {"members": [{"email": "mate@example.com"}]}),
        ),
        "no organizer, host first": all_of(
            drop("payload.organizer"), change(ATTENDEES, lambda them: [HOST, *them])
        ),
        "everybody twice": change(ATTENDEES, lambda them: them * 2),
        "no attendees": drop(ATTENDEES),
        "one attendee, no list": change(ATTENDEES, lambda them: them[0]),
        "attendees by number": change(ATTENDEES, lambda them: {"0": them[0]}),
        "attendees as texts": change(ATTENDEES, lambda them: [them[0]["email"]]),
        "name in two parts": all_of(
            put(f"{ATTENDEE}.name", ""),
            change(
                f"{ANSWERS}.name.value",
                lambda name: dict(zip(("firstName", "lastName"), name.split(), strict=True)),
            ),
        ),
        "body in a list": change("payload", lambda payload: [payload]),
        "flat body": lambda body: body.update(body.pop("payload")),
        "trigger padded": change("triggerEvent", lambda text: f"{text} "),
        "uid padded": change("payload.uid", lambda text: f" {text}"),
        "paid": all_of(put("triggerEvent", "BOOKING_PAID"), drop(ANSWERS)),
        "reassigned": put("triggerEvent", "BOOKING_REASSIGNED"),
        "plain answers": change(
            ANSWERS, lambda them: {name: each.get("value") for name, each in them.items()}
        ),
        "seats": put("payload.seatsPerTimeSlot", 5),
        "seats as text": put("payload.seatsPerTimeSlot", "5"),
        "seats and host": all_of(
            put("payload.seatsPerTimeSlot", 5), change(ATTENDEES, lambda them: [HOST, *them])
        ),
        "replaces itself": lambda body: body["payload"].update(rescheduleUid=body["payload"]["uid"]),
        "in the future": put("createdAt", "2099-01-01T00:00:00Z"),
        "deep": put("payload.metadata", DEEP),
        **times("payload.startTime"),
        **emails(f"{ATTENDEE}.email"),
        **odd(f"{ATTENDEE}.email", None, 17, "", "none", "zoë＠example.org", {"odd": 1}),
        **odd(f"{ATTENDEE}.phoneNumber", *SIDE),
        **odd(f"{ATTENDEE}.timeZone", *SIDE, "europe/berlin", "GMT+01:00"),
        **odd(f"{ATTENDEE}.language", *SIDE),
        **odd(f"{ATTENDEE}.noShow", None, "maybe", [], False),
        **odd(ATTENDEES, None, [], "x", 7),
        **odd(ANSWERS, *SIDE),
        **odd("payload.organizer", *SIDE),
        **odd("payload.team", *SIDE),
        **odd("payload.location", *SIDE),
        **odd("payload.status", None, 1, "accepted", ["ACCEPTED"]),
        **odd("payload.type", *SIDE),
        **odd("payload.rescheduleUid", *SIDE, "../x"),
        **odd("payload.recurringEventId", *SIDE),
        **odd("createdAt", *SIDE),
    },
    "calendly": {
        "body in a list": change("payload", lambda payload: [payload]),
        "event in a list": change("payload.scheduled_event", lambda event: [event]),
        "event padded": change("event", lambda text: f"{text} "),
        "uri of another host": change("payload.uri", lambda text: text.replace("calendly.com", "x.example")),
        "uri padded": change("payload.uri", lambda text: f" {text} "),
        "replaces itself": lambda body: body["payload"].update(old_invitee=body["payload"]["uri"]),
        "in the future": put("created_at", "2099-01-01T00:00:00Z"),
        "deep": put("payload.tracking", DEEP),
        "guests": put("payload.scheduled_event.event_guests", [GUEST]),
        "outbound call": put("payload.scheduled_event.location", {"type": "outbound_call", "location": 7}),
        **times("payload.scheduled_event.start_time"),
        **emails("payload.email"),
        **odd("payload.text_reminder_number", *SIDE, "+١٥٥٥٠١٠٠١٢٣"),
        **odd("payload.timezone", *SIDE, -6),
        **odd("payload.scheduled_event.event_memberships", *SIDE),
        **odd("payload.scheduled_event.location", *SIDE),
        **odd("payload.scheduled_event.name", *SIDE),
        **odd("payload.scheduled_event.event_type", *SIDE),
        **odd("payload.status", None, 5, "frozen", ["active"]),
        **odd("payload.no_show", None, True, "x", []),
        **odd("payload.old_invitee", *SIDE),
        **odd("payload.questions_and_answers", *SIDE, [{"question": LONG, "answer": LONG}]),
        **odd("created_at", *SIDE),
    },
    "standard": {
        "type padded": change("type", lambda text: f" {text}"),
        "type in capitals": change("type", str.upper),
        "type with an underscore": put("type", "booking_created"),
        "type in one word": put("type", "bookingCreated"),
        "moved": put("type", "booking.rescheduled"),
        "data in a list": change("data", lambda data: [data]),
        "client in a list": change("data.client", lambda client: [client]),
        "id padded": change("data.id", lambda text: f" {text}\n"),
        "replaces itself": lambda body: body["data"].update(replaces=body["data"]["id"]),
        "in the future": put("timestamp", "2099-01-01T00:00:00Z"),
        "deep": put("data.more", DEEP),
        **times("data.start"),
        **emails("data.client.email"),
        **odd("data.client.phone", *SIDE, "+١٥٥٥٠١٠٠١٢٣"),
        **odd("data.client.zone", *SIDE),
        **odd("data.client.language", *SIDE, "english"),
        **odd("data.zone", *SIDE, "berlin"),
        **odd("data.status", None, "Confirmed", ["confirmed"], "booked"),
        **odd("data.version", *SIDE, -1, 10**17, 3.0),
        **odd("data.remote", *SIDE),
        **odd("data.replaces", *SIDE),
        **odd("data.service", *SIDE),
        **odd("data.practitioner", *SIDE),
        **odd("data.place", *SIDE),
        **odd("timestamp", *SIDE),
    },
}
# What does not say which booking it is, or when: kept, and nobody is made up for it.
UNREAD: dict[str, dict[str, Edit]] = {
    "calcom": {
        **no_times("payload.startTime"),
        **odd("payload.uid", None, "", ["u"], {"value": "u"}, "../u", "ü", LONG),
        **odd("payload", None, "x", [], 7),
        **odd("triggerEvent", None, "", [], {}),
        "end before start": put("payload.endTime", written(START - timedelta(hours=1))),
        "weeks": put("payload.endTime", written(START + timedelta(days=40))),
    },
    "calendly": {
        **no_times("payload.scheduled_event.start_time"),
        **odd("payload.uri", None, "", 7, "/scheduled_events/a/invitees/b", LONG),
        **odd("payload.scheduled_event", None, "x", [], {}),
        **odd("payload", None, "x", [], {"event": {"uuid": "x"}, "invitee": {"uuid": "y"}}),
        **odd("event", None, "", []),
    },
    "standard": {
        **no_times("data.start"),
        **odd("data.id", None, "", ["u"], 12.5, LONG, "a b"),
        **odd("data.client", None, {}, "Ann", [{"name": "Ann"}, {"name": "Bo"}], {"name": " "}),
        **odd("data", None, "x", [], 7),
        **odd("type", None, "", []),
        "client by another name": rename("data.client", "customer"),
        "flat body": lambda body: body.update(body.pop("data")),
    },
}
# What is about something else.
IGNORED: dict[str, dict[str, Edit]] = {
    "calcom": odd("triggerEvent", "FORM_SUBMITTED", "BOOKING_SNOOZED", 7),
    "calendly": odd("event", "routing_form_submission.created", "contact.created", 7),
    "standard": odd("type", "invoice.paid", "ping", 7),
}
BODIES: dict[str, Callable[[Who], Any]] = {"calcom": _calcom, "calendly": _calendly, "standard": _standard}


@pytest.fixture
def given(database_url: str, mailbox: Mailbox) -> configuration.Settings:
    """A clinic whose schedulers cannot be asked: what a body says is all there is."""
    more = {"CONNECTIONS": ",".join(BODIES)}
    more |= {f"{name.upper()}_SECRET": SECRETS.get(name, SECRET) for name in BODIES}
    return configuration.load(environ(database_url, mailbox.port, **more))


@pytest.fixture
def context(given: configuration.Settings) -> Iterator[Context]:
    """Its connections have been there for a day."""
    built = make_context(given, NOW - timedelta(days=1))
    yield built
    built.db.close()


@dataclass(frozen=True, slots=True)
class Sent:
    """One body that was sent: what was odd about it, and the receipt that it got."""

    name: str
    who: Who
    receipt: str


def send_all(given: configuration.Settings, scheduler: str, edits: dict[str, Edit]) -> list[Sent]:
    """Send a body with each of these changes, each of somebody else; all are taken."""
    http, sent = application.create_app(given).test_client(), []
    for number, (name, edit) in enumerate(edits.items()):
        body = BODIES[scheduler](who := Who(number))
        edit(body)
        raw = json.dumps(body).encode()
        headers = CANDIDATES[scheduler].headers(raw, datetime.now(UTC))
        answer = http.post(f"/webhooks/{scheduler}", base_url="https://care.test", data=raw, headers=headers)
        assert answer.status_code == 202, name
        sent.append(Sent(name, who, answer.get_json(force=True)["receipt"]))
    return sent


def came_of(tx: Tx, scheduler: str, who: Who) -> list[tuple[str, bool, str, str]]:
    """The visits that came of a body: status, whether the time is right, who comes."""
    known = bookings.named(tx, scheduler, f"{who.uid}.I1" if scheduler == "calendly" else who.uid)
    numbers = {each.booking_id for each in known if each.booking_id}
    found = [each for number in numbers if (each := bookings.get(tx, number))]
    comes = [(each, clients.get(tx, each.client_id)) for each in found]
    return [
        (each.status, each.start == START, client.name, client.email.casefold()) for each, client in comes
    ]


def statuses(tx: Tx) -> dict[str, str]:
    """What became of each receipt."""
    return {each.public_id: each.status for each in receipts.recent(tx, limit=1000)}


@pytest.mark.parametrize("scheduler", BODIES)
def test_no_odd_body_loses_a_visit_or_takes_another_person_for_its_client(
    given: configuration.Settings, context: Context, mailbox: Mailbox, scheduler: str
) -> None:
    sent = send_all(given, scheduler, SAME[scheduler])
    now = datetime.now(UTC)
    for hours in (0, 1):
        work.work_once(context, now + timedelta(hours=hours))
    with context.db.read() as tx:
        found = {each.name: came_of(tx, scheduler, each.who) for each in sent}
    asked = {to.casefold() for recipients in mailbox.recipients for to in recipients}
    for each in sent:
        comes = [(BookingStatus.confirmed, True, each.who.name, each.who.email)]
        assert found[each.name] == comes, (each.name, found[each.name])
    assert asked == {each.who.email for each in sent}


@pytest.mark.parametrize("scheduler", CANDIDATES)
def test_no_answer_to_a_webhook_is_410_after_which_calendly_deletes_its_subscription(
    given: configuration.Settings, scheduler: str
) -> None:
    """https://developer.calendly.com/api-docs: a 410 from us ends a subscription for good."""
    http, bodies = application.create_app(given).test_client(), (b"", b"{}", b"x" * 2_000_000)
    answers = {
        http.post(f"/webhooks/{name}", base_url="https://care.test", data=body, headers=headers).status_code
        for name in (scheduler, "nobody", "former-one")
        for body in bodies
        for headers in ({}, {"Content-Encoding": "gzip"}, CANDIDATES[scheduler].headers(body, NOW))
    }
    assert answers <= {202, 401, 404, 413, 415}


@pytest.mark.parametrize("scheduler", BODIES)
@pytest.mark.parametrize(("table", "status"), [(UNREAD, "not_understood"), (IGNORED, "ignored")])
def test_what_says_no_visit_makes_none_up(
    given: configuration.Settings,
    context: Context,
    mailbox: Mailbox,
    scheduler: str,
    table: dict[str, dict[str, Edit]],
    status: str,
) -> None:
    sent = send_all(given, scheduler, table[scheduler])
    work.work_once(context, datetime.now(UTC))
    with context.db.read() as tx:
        became = statuses(tx)
        assert bookings.listing(tx) == []
    assert {each.name: became[each.receipt] for each in sent} == {each.name: status for each in sent}
    assert mailbox.mails == []
