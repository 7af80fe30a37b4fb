"""Standard Webhooks: the published vector, exact encodings, and clear words about a wrong body."""

import base64
import hmac
import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from integrations.base import InvalidSignature, UnknownPayload
from integrations.schedulers.standard import CLIENT as READ_OF_A_CLIENT
from integrations.schedulers.standard import SIDE as READ_AT_THE_SIDE
from integrations.schedulers.standard import TYPES as READ_TYPES
from integrations.schedulers.standard.shape import json_schema, printed
from schemas.booking import BookingStatus
from schemas.webhook import Inbound, Notice
from tests.helpers.wire import NOW, SECRETS, URL, connect, inbound, stored

SECRET = SECRETS["standard"]
OTHER = "whsec_" + "QUJD" * 8


def signed(body: bytes, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    """The three headers, made by the reference library."""
    signature = Webhook(secret).sign("msg_1", at, body.decode())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


def body(kind: str = "booking.created", **changes: Any) -> dict[str, Any]:
    """The documented example with fields of `data` changed; None removes nothing."""
    whole: dict[str, Any] = json.loads(stored("standard", "01"))
    whole["type"] = kind
    whole["data"].update(changes)
    return whole


def parse(whole: dict[str, Any]) -> Notice:
    """The one notice of a body."""
    (notice,) = connect("standard").parse(inbound(whole, {"webhook-id": "msg_1"}))
    return notice


def test_the_published_vector_is_accepted_at_its_time() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    request = Inbound(headers, b'{"test": 2432232314}', URL, at)
    connect("standard").verify(request)
    assert connect("standard", secrets=(SECRET,)).problems() == []
    with pytest.raises(InvalidSignature):
        connect("standard").verify(Inbound(headers, request.body, URL, at + timedelta(seconds=301)))


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_accepted(seconds: int) -> None:
    raw = stored("standard", "01")
    connect("standard").verify(inbound(raw, signed(raw, at=NOW + timedelta(seconds=seconds))))


@pytest.mark.parametrize("seconds", [-301, 301, 86400])
def test_more_than_five_minutes_are_refused(seconds: int) -> None:
    raw = stored("standard", "01")
    with pytest.raises(InvalidSignature):
        connect("standard").verify(inbound(raw, signed(raw, at=NOW + timedelta(seconds=seconds))))


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s + "," + s,
        lambda s: s + ";" + s,
        lambda s: s + "," + " " + s,
        lambda s: s + ", ",
        lambda s: " ",
        lambda s: s.replace("v1,", "v2,"),
        lambda s: s.replace("v1,", "v1a,"),
        lambda s: s.removesuffix("="),
        lambda s: s + "=",
        lambda s: s[3:],
        lambda s: "v1," + "A" * 43 + "=",
        lambda s: "v1,é" + s[4:],
        lambda s: " ".join(["v1," + "A" * 43 + "="] * 30),
    ],
)
def test_a_signature_in_another_form_is_refused(change: Any) -> None:
    raw = stored("standard", "01")
    headers = signed(raw)
    headers["webhook-signature"] = change(headers["webhook-signature"])
    with pytest.raises(InvalidSignature):
        connect("standard").verify(inbound(raw, headers))


@pytest.mark.parametrize(
    "form", ["0{}", "+{}", " {}", "{} ", "{}.0", "{}000", "{}e0", "-{}", "1_{}", "0x{:x}"]
)
def test_a_time_in_another_form_is_refused(form: str) -> None:
    raw, written = stored("standard", "01"), form.format(int(NOW.timestamp()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.digest(key, f"msg_1.{written}.".encode() + raw, "sha256")
    headers = {**signed(raw), "webhook-timestamp": written}
    headers["webhook-signature"] = "v1," + base64.b64encode(mac).decode()
    with pytest.raises(InvalidSignature):
        connect("standard").verify(inbound(raw, headers))


def test_one_good_entry_in_a_list_is_enough() -> None:
    raw = stored("standard", "01")
    headers = signed(raw)
    good, bad = headers["webhook-signature"], "v1," + "A" * 43 + "="
    for entries in (f"{good} {bad}", f"{bad} {good}", f"v1a,{'A' * 86}== {good}"):
        connect("standard").verify(inbound(raw, {**headers, "webhook-signature": entries}))


@pytest.mark.parametrize(
    "form",
    ["{0}  {1}", "{1}  {0}", "{1}   {0}", "{0},{1}", "{1}, {0}"],
)
def test_entries_are_taken_apart_as_the_library_of_the_standard_does(form: str) -> None:
    """Any number of spaces between, as its packages for other languages do; a comma makes one of two headers.

    Spaces around the whole never arrive: the server takes them off.
    """
    raw, now = stored("standard", "01"), datetime.now(UTC)  # the library asks the clock
    headers = signed(raw, at=now)
    headers["webhook-signature"] = form.format(headers["webhook-signature"], "v1," + "A" * 43 + "=")
    try:
        Webhook(SECRET).verify(raw, headers)
    except (WebhookVerificationError, ValueError):
        taken = "," not in form
    else:
        taken = True
    with nullcontext() if taken else pytest.raises(InvalidSignature):
        connect("standard").verify(inbound(raw, headers, now))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "plain", "whsec_é"])
def test_an_unusable_secret_refuses_and_is_reported(secret: str) -> None:
    raw = stored("standard", "01")
    with pytest.raises(InvalidSignature):
        connect("standard", secrets=(secret,)).verify(inbound(raw, signed(raw)))
    assert connect("standard", secrets=(secret,)).problems()


def test_two_secrets_are_accepted_while_one_is_replaced() -> None:
    raw = stored("standard", "01")
    for secret in (SECRET, OTHER):
        connect("standard", secrets=(SECRET, OTHER)).verify(inbound(raw, signed(raw, secret)))
    with pytest.raises(InvalidSignature):
        connect("standard", secrets=(OTHER,)).verify(inbound(raw, signed(raw)))


def test_the_documented_body_is_read_whole() -> None:
    notice = parse(body())
    found = notice.booking
    assert found is not None
    assert notice.external_id == "b-1001"
    assert (found.status, found.start) == (BookingStatus.confirmed, datetime(2026, 11, 27, 14, tzinfo=UTC))
    assert (found.client.name, found.client.email) == ("Zoë Łuć", "zoe@example.org")
    assert (found.zone, found.client.zone, found.client.language) == ("Europe/Berlin", "Europe/Warsaw", "pl")
    assert found.created_at == notice.occurred_at


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("booking.created", None, BookingStatus.confirmed),
        ("booking.created", "pending", BookingStatus.pending),
        ("booking.updated", "cancelled", BookingStatus.cancelled),
        ("booking.cancelled", "confirmed", BookingStatus.cancelled),
        ("booking.no_show", None, BookingStatus.no_show),
        ("BOOKING_NO_SHOW", None, BookingStatus.no_show),
        ("Booking created", None, BookingStatus.confirmed),
        ("bookingCanceled", "confirmed", BookingStatus.cancelled),
        ("booking.deleted", "confirmed", BookingStatus.cancelled),
        ("booking.rescheduled", "pending", BookingStatus.pending),
    ],
)
def test_type_and_status_give_the_state(kind: str, status: str | None, expected: BookingStatus) -> None:
    found = parse(body(kind, status=status)).booking
    assert found is not None
    assert found.status is expected


def test_an_id_is_enough_to_cancel_or_to_mark() -> None:
    cancelled = parse({"type": "booking.cancelled", "data": {"id": "b-1"}})
    assert (cancelled.gone, cancelled.booking, cancelled.occurred_at) == (True, None, NOW)
    missed = parse({"type": "booking.no_show", "data": {"id": 7}})
    assert (missed.external_id, missed.no_show, missed.gone) == ("7", True, False)


def test_another_type_says_nothing() -> None:
    assert connect("standard").parse(inbound({"type": "invoice.paid", "data": {}})) == []


def test_every_wrong_field_of_the_core_is_named_at_once_without_its_value() -> None:
    wrong = body(id="a b-x", start="tomorrow-x", end="later-x")
    with pytest.raises(UnknownPayload) as refused:
        parse(wrong)
    text = str(refused.value)
    for field in ("data.id", "data.start", "data.end"):
        assert field in text
    assert "-x" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "a b"},
        {"id": None},
        {"id": ["b-1"]},
        {"start": None},
        {"end": "2026-11-27T13:00:00Z"},
        {"client": None},
        {"client": []},
        {"client": {"email": "x@@y"}},
    ],
)
def test_a_body_that_cannot_be_a_booking_is_not_understood(changes: dict[str, Any]) -> None:
    with pytest.raises(UnknownPayload):
        parse(body(**changes))


CLIENT = {"name": "Zap", "email": "zap@example.org"}
SIDE: list[tuple[dict[str, Any], str, object, tuple[str, ...]]] = [
    ({"client": {**CLIENT, "phone": 5550100123}}, "client.phone", "5550100123", ()),
    ({"client": {**CLIENT, "email": "zap@example.org "}}, "client.email", "zap@example.org", ()),
    (
        {"client": {**CLIENT, "email": "a@b.example, c@d.example"}},
        "client.email",
        "a@b.example",
        ("client.email",),
    ),
    ({"client": {**CLIENT, "email": "none"}}, "client.email", "", ("client.email",)),
    ({"client": {**CLIENT, "name": 7}}, "client.name", "7", ()),
    ({"client": {"email": "zap@example.org"}}, "client.name", "", ()),
    ({"client": [CLIENT]}, "client.name", "Zap", ()),
    ({"remote": "false"}, "remote", False, ()),
    ({"remote": "yes"}, "remote", True, ()),
    ({"remote": "perhaps"}, "remote", False, ("remote",)),
    ({"remote": None}, "remote", False, ()),
    ({"version": "3"}, "version", 3, ()),
    ({"version": 3.0}, "version", 3, ()),
    ({"version": -1}, "version", None, ()),
    ({"version": [1, 2]}, "version", None, ("version",)),
    ({"service": 4711}, "service", "4711", ()),
    ({"zone": 4}, "zone", "", ()),
    ({"replaces": {}}, "replaces", "", ("replaces",)),
    ({"replaces": 7}, "replaces", "7", ()),
    ({"status": "CONFIRMED"}, "status", BookingStatus.confirmed, ()),
    ({"status": "Canceled"}, "status", BookingStatus.cancelled, ()),
    ({"status": "no-show"}, "status", BookingStatus.no_show, ()),
    ({"status": "on the moon"}, "status", BookingStatus.pending, ("status",)),
    ({"status": [1, 2]}, "status", BookingStatus.confirmed, ("status",)),
]


@pytest.mark.parametrize(("changes", "where", "expected", "noted"), SIDE)
def test_a_side_field_of_another_type_is_read_or_dropped_with_a_note(
    changes: dict[str, Any], where: str, expected: object, noted: tuple[str, ...]
) -> None:
    notice = parse(body(**changes))
    found: Any = notice.booking
    for step in where.split("."):
        found = getattr(found, step)
    assert found == expected
    assert notice.notes == tuple(f"data.{name}" for name in noted)


@pytest.mark.parametrize("more", [{}, {"start": "odd"}, {"client": "odd"}, {"version": "4"}])
def test_what_cancels_needs_no_more_than_the_identifier(more: dict[str, Any]) -> None:
    for kind in ("booking.cancelled", "booking.canceled"):
        found = parse({"type": kind, "data": {"id": "b-1", **more}})
        assert (found.external_id, found.gone, found.booking) == ("b-1", True, None)
    assert parse({"type": "booking.no_show", "data": {"id": "b-1", **more}}).no_show


@pytest.mark.parametrize(
    "foreign", ["v2,x", "v1a,short", "v1,short", "garbage", "=", "v1", "hmac-sha256=00", "v1,é", "a,b,c"]
)
def test_an_unreadable_entry_beside_a_good_one_does_not_spoil_it(foreign: str) -> None:
    raw = stored("standard", "01")
    headers = signed(raw)
    good = headers["webhook-signature"]
    for entries in (f"{good} {foreign}", f"{foreign} {good}", f"{foreign} {good} {foreign}"):
        connect("standard").verify(inbound(raw, {**headers, "webhook-signature": entries}))
    with pytest.raises(InvalidSignature):
        connect("standard").verify(inbound(raw, {**headers, "webhook-signature": foreign}))


def test_the_published_schema_is_the_current_one() -> None:
    published = Path(__file__).parents[3] / "docs" / "schedulers" / "standard.schema.json"
    assert published.read_text() == printed(), "run: make schema"


def test_the_published_schema_holds_what_is_read() -> None:
    schema = json_schema()
    data = schema["properties"]["data"]["properties"]
    assert set(data) == {"id", "start", "end", "client", *READ_AT_THE_SIDE}
    assert set(data["client"]["properties"]) == set(READ_OF_A_CLIENT)
    assert set(schema["properties"]["type"]["enum"]) < set(READ_TYPES)
    assert schema["else"]["properties"]["data"]["required"] == ["id", "start", "end", "client"]
    assert schema["then"]["properties"]["data"]["required"] == ["id"]


def test_the_documented_example_fits_the_published_schema() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    assert list(validator.iter_errors(body())) == []
    assert list(validator.iter_errors({"type": "booking.cancelled", "data": {"id": 7}})) == []
    wrong: list[dict[str, Any]] = [
        {"id": "a b"},
        {"start": 7},
        {"client": {}},
        {"remote": "yes"},
        {"version": -1},
    ]
    for changes in [*wrong, {"status": "x"}]:
        assert list(validator.iter_errors(body(**changes))), changes
