"""The exam that every scheduler sits, over the registry and every stored body."""

import json
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import IntegrationError, InvalidSignature, Scheduler, UnknownPayload, Unsupported
from integrations.payload import is_text
from integrations.schedulers import SCHEDULERS
from schemas.booking import BookingState
from schemas.webhook import Notice
from tests.helpers.exam import CANDIDATES, Candidate
from tests.helpers.fake_vendor import FakeVendor, response
from tests.helpers.vendors import VENDORS, Vendor
from tests.helpers.wire import NOW, PAYLOADS, connect, inbound
from tests.helpers.worlds import UNREADABLE

BODIES = sorted(PAYLOADS.glob("*/*.body"))
ORACLE = tomllib.loads((PAYLOADS / "oracle.toml").read_text())
each_candidate = pytest.mark.parametrize("candidate", CANDIDATES.values(), ids=CANDIDATES)
each_body = pytest.mark.parametrize(
    "file", BODIES, ids=[f"{file.parent.name}/{file.stem}" for file in BODIES]
)


def a_body(candidate: Candidate) -> bytes:
    """The first stored body of a scheduler."""
    return next(file for file in BODIES if file.parent.name == candidate.name).read_bytes()


def accepts(
    candidate: Candidate, headers: dict[str, str], body: bytes, ours: Scheduler | None = None
) -> bool:
    """Whether a request is taken for genuine; anything but InvalidSignature breaks the test."""
    try:
        (ours or connect(candidate.name)).verify(inbound(body, headers))
    except InvalidSignature:
        return False
    return True


def test_every_scheduler_sits_the_exam_and_has_bodies_and_a_page() -> None:
    docs = Path(__file__).parent.parent / "docs" / "schedulers"
    with_webhooks = {name for name, kind in SCHEDULERS.items() if kind.has_webhooks}
    assert with_webhooks == set(CANDIDATES)
    assert {file.parent.name for file in BODIES} == with_webhooks
    assert {file.stem for file in docs.glob("*.md")} - {"README"} == set(SCHEDULERS)


@each_body
def test_a_stored_body_has_its_description(file: Path) -> None:
    described = json.loads(file.with_suffix(".json").read_text())
    assert described["event"]
    assert described["kind"]


def test_a_recorded_answer_has_its_source() -> None:
    sources = tomllib.loads((PAYLOADS / "sources.toml").read_text())
    named = {f"{vendor}/{stem}" for vendor in sources for stem in sources[vendor]}
    assert named == {f"{file.parent.name}/{file.stem}" for file in PAYLOADS.glob("*/api-*.json")}
    words = {said.split()[0].rstrip(":") for vendor in sources.values() for said in vendor.values()}
    assert words <= {"captured", "documented"}


# Signatures


@each_body
def test_a_genuine_request_is_accepted(file: Path) -> None:
    candidate, body = CANDIDATES[file.parent.name], file.read_bytes()
    assert accepts(candidate, candidate.headers(body), body)


@each_candidate
def test_a_request_without_the_header_is_refused(candidate: Candidate) -> None:
    body = a_body(candidate)
    for name in candidate.headers(body):
        headers = candidate.headers(body)
        assert not accepts(candidate, {k: v for k, v in headers.items() if k != name}, body)
        assert not accepts(candidate, {**headers, name: ""}, body)


FORGERIES: dict[str, Callable[[str], str]] = {
    "one bit": lambda v: v[:-2] + ("A" if v[-2] != "A" else "B") + v[-1],
    "first character": lambda v: ("0" if v[0] != "0" else "1") + v[1:],
    "truncated": lambda v: v[:-1],
    "extended": lambda v: v + "0",
    "upper case": lambda v: v.upper() if v.upper() != v else v.lower(),
    "leading space": lambda v: " " + v,
    "trailing space": lambda v: v + " ",
    "trailing line": lambda v: v + "\n",
    "quoted": lambda v: f'"{v}"',
    "prefixed": lambda v: "sha256=" + v,
    "twice in one header": lambda v: f"{v}, {v}",
    "joined with a bad one": lambda v: f"{v}, x",
    "padding removed": lambda v: v.rstrip("=") if v.endswith("=") else v[:-1],
    "padding doubled": lambda v: v + "=",
    "url-safe": lambda v: v.replace("+", "-").replace("/", "_") + "_",
    "not ascii": lambda v: "é" + v[1:],
    "surrogate": lambda v: "\udcff" + v[1:],
    "lone surrogate": lambda v: "\ud800" + v[1:],
    "nul": lambda v: v + "\0",
    "full-width": lambda v: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in v),
    "literal of no secret": lambda _: "no-secret-provided",
    "null": lambda _: "null",
    "very long": lambda v: v * 1000,
}


@each_candidate
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_credential_is_refused(candidate: Candidate, forgery: str) -> None:
    body = a_body(candidate)
    headers = candidate.headers(body)
    forged = FORGERIES[forgery](headers[candidate.credential])
    assert forged != headers[candidate.credential]
    assert not accepts(candidate, {**headers, candidate.credential: forged}, body)


@each_candidate
@given(data=st.data())
def test_no_text_in_a_header_raises_anything_else(candidate: Candidate, data: st.DataObject) -> None:
    body = a_body(candidate)
    anything = st.text(st.characters(codec=None), max_size=80)
    headers = {name: data.draw(anything) for name in candidate.headers(body)}
    assert not accepts(candidate, headers, body)


@pytest.mark.parametrize(
    "candidate", [each for each in CANDIDATES.values() if each.signs_body], ids=lambda each: each.name
)
def test_another_body_is_refused(candidate: Candidate) -> None:
    body = a_body(candidate)
    for other in (body + b" ", b" " + body, body.replace(b"1", b"2", 1), b"", body[:-1]):
        assert not accepts(candidate, candidate.headers(body), other)


@each_candidate
def test_a_body_that_is_not_text_can_be_refused_too(candidate: Candidate) -> None:
    body = b"\xff\xfe\x00"
    headers = {**candidate.headers(body), candidate.credential: "x" * 44}
    assert not accepts(candidate, headers, body)


@each_candidate
def test_a_connection_without_a_secret_refuses_everything(candidate: Candidate) -> None:
    body = a_body(candidate)
    empty = "whsec_" if candidate.name == "standard" else ""
    for secrets in ((), ("",)):
        ours = connect(candidate.name, secrets=secrets)
        assert not accepts(candidate, candidate.headers(body), body, ours)
        assert not accepts(candidate, candidate.headers(body, secret=empty), body, ours)
        assert ours.problems()


@each_candidate
def test_secrets_are_rotated(candidate: Candidate) -> None:
    body, new = a_body(candidate), candidate.other_secret
    both = connect(candidate.name, secrets=(candidate.secret, new))
    only = connect(candidate.name, secrets=(new,))
    assert accepts(candidate, candidate.headers(body), body, both)
    assert accepts(candidate, candidate.headers(body, secret=new), body, both)
    assert accepts(candidate, candidate.headers(body, secret=new), body, only)
    assert not accepts(candidate, candidate.headers(body), body, only)


@each_candidate
def test_a_time_window_is_as_wide_as_its_page_says_both_ways(candidate: Candidate) -> None:
    body, window = a_body(candidate), candidate.window
    for seconds in (0, window, -window, window + 1, -window - 1, 10**7):
        headers = candidate.headers(body, NOW + timedelta(seconds=seconds))
        assert accepts(candidate, headers, body) is (abs(seconds) <= window or not window)


@each_candidate
def test_a_check_changes_nothing(candidate: Candidate) -> None:
    body = a_body(candidate)
    request = inbound(body, candidate.headers(body))
    ours = connect(candidate.name, FakeVendor().http())
    for _ in range(2):
        ours.verify(request)
    assert ours.parse(request) == ours.parse(request)


POLLED = [name for name, kind in SCHEDULERS.items() if not kind.has_webhooks]


@pytest.mark.parametrize("name", POLLED)
def test_a_scheduler_without_webhooks_takes_none_and_subscribes_none(name: str) -> None:
    ours = connect(name, FakeVendor().http(), secrets=())
    with pytest.raises(InvalidSignature):
        ours.verify(inbound(b"{}"))
    with pytest.raises(UnknownPayload):
        ours.parse(inbound(b"{}"))
    for attempt in (lambda: ours.register("s"), ours.unregister, ours.is_subscribed):
        with pytest.raises(Unsupported, match="has no webhooks: its bookings are read"):
            attempt()


# Bodies


def told(notice: Notice) -> dict[str, Any]:
    """A notice in the words of the oracle."""
    found: dict[str, Any] = {"id": notice.external_id}
    found |= described(notice.booking) if notice.booking else {"fetch": True}
    if notice.no_show is not None:
        found["no_show"] = notice.no_show
    if notice.version is not None:
        found["version"] = notice.version
    return found | {name: True for name in ("gone", "hint", "of_client") if getattr(notice, name)}


def described(booking: BookingState) -> dict[str, Any]:
    """A booking in the words of the oracle."""
    plain = {"status": str(booking.status), "start": booking.start, "end": booking.end}
    chain = {name: getattr(booking, name) for name in ("replaces", "replaced_by") if getattr(booking, name)}
    return {**plain, "email": booking.client.email, **chain}


def of_a_body(scheduler: str, body: bytes) -> dict[str, Any]:
    """What one body says, in the words of the oracle."""
    notices = connect(scheduler).parse(inbound(body))
    if not notices:
        return {"nothing": True}
    (notice,) = notices
    return told(notice)


@each_body
def test_a_stored_body_gives_the_state_that_the_oracle_says(file: Path) -> None:
    assert of_a_body(file.parent.name, file.read_bytes()) == ORACLE[file.parent.name][file.stem]


def respelled(file: Path) -> list[bytes]:
    """The same content in other spellings, and with fields that nobody knows."""
    if file.parent.name == "acuity":
        pairs = parse_qsl(file.read_text())
        return [urlencode(pairs[::-1]).encode(), urlencode([*pairs, ("new", "field")]).encode()]
    body = json.loads(file.read_bytes())
    payload = {name: {**value, "new": [{}]} for name, value in body.items() if isinstance(value, dict)}
    return [
        json.dumps(body, indent=2, ensure_ascii=False).encode(),
        json.dumps(dict(reversed(body.items())), ensure_ascii=True).replace("/", "\\/").encode(),
        json.dumps({**body, **payload, "new": {"field": None}}).encode(),
    ]


@each_body
def test_another_spelling_says_the_same(file: Path) -> None:
    for body in respelled(file):
        assert of_a_body(file.parent.name, body) == ORACLE[file.parent.name][file.stem]


def test_the_oracle_speaks_of_stored_bodies_only() -> None:
    known = {f"{file.parent.name}/{file.stem}" for file in BODIES}
    assert {f"{name}/{stem}" for name in CANDIDATES for stem in ORACLE[name]} == known


def test_a_recorded_answer_gives_the_state_that_the_oracle_says() -> None:
    for stem, expected in ORACLE["answers"]["acuity"].items():
        answer = json.loads((PAYLOADS / "acuity" / f"{stem}.json").read_text())
        vendor = FakeVendor().on("GET", f"/api/v1/appointments/{expected['id']}", answer)
        ours = connect("acuity", vendor.http(), api_key="k", account="a", api_base="https://vendor.example")
        (found,) = ours.fetch(expected["id"])
        assert {"id": found.external_id, **described(found)} == expected


@each_candidate
def test_an_unknown_event_says_nothing(candidate: Candidate) -> None:
    assert connect(candidate.name).parse(inbound(candidate.unknown)) == []


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        [
            "x" * 5000,
            "../../etc",
            "a@b.example\r\nBcc: c@d.example",
            "a@b.example,c@d.example",
            "2026-02-30T00:00:00Z",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "\u202e\x1b[31m",
            [],
            {},
            [[]],
            [None],
            [{}],
            {"a": {"b": []}},
        ]
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a decoded body."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, one in inside for each in [(*path, key), *places(one, (*path, key))]]


def mutated(body: Any, path: tuple[Any, ...], change: str, odd: Any) -> Any:
    """A copy of a decoded body with one place changed: dropped, replaced, or put into a list or an object."""
    copy = json.loads(json.dumps(body))
    parent = copy
    for step in path[:-1]:
        parent = parent[step]
    if change == "drop":
        del parent[path[-1]]
    else:
        kept = parent[path[-1]]
        parent[path[-1]] = {"replace": odd, "list": [kept], "object": {"value": kept}}[change]
    return copy


def is_readable(scheduler: Scheduler, body: bytes) -> bool:
    """Parse; only an answer in the contract is accepted."""
    try:
        notices = scheduler.parse(inbound(body))
    except UnknownPayload:
        return False
    for notice in notices:
        assert isinstance(notice, Notice)
        assert notice.external_id
        if notice.booking:
            assert notice.booking.start <= notice.booking.end
            assert len(notice.booking.client.email) <= 254
            assert not set("\r\n\0") & set(notice.booking.client.name + notice.booking.client.email)
    return True


@each_body
@given(data=st.data())
def test_no_mutation_of_a_body_raises_anything_else(file: Path, data: st.DataObject) -> None:
    scheduler, raw = connect(file.parent.name), file.read_bytes()
    if file.parent.name == "acuity":
        body: Any = dict(parse_qsl(raw.decode()))
    else:
        body = json.loads(raw)
    path = data.draw(st.sampled_from(places(body)))
    change = data.draw(st.sampled_from(["drop", "replace", "replace", "list", "object"]))
    changed = mutated(body, path, change, data.draw(ODD))
    encoded = urlencode(changed) if file.parent.name == "acuity" else json.dumps(changed)
    is_readable(scheduler, encoded.encode())


# The fields that make a visit, by the names on the way to them; everything else is the side.
CORE = {
    "calcom": {"triggerEvent", "payload", "uid", "bookingUid", "startTime", "endTime"},
    "calendly": {"event", "payload", "uri", "scheduled_event", "start_time", "end_time"},
    "easyappointments": {"action", "payload", "id", "is_unavailability"},
    "mindbody": {"eventId", "eventData", "appointmentId", "startDateTime", "endDateTime"},
    "square": {"type", "data", "object", "booking", "id"},
    "standard": {"type", "data", "id", "start", "end", "client"},
}
MARKED = {"calcom/14-no-show-marked-docs": {"attendees", 0, "noShow"}}  # a mark is about somebody


@pytest.mark.parametrize(
    "file", [file for file in BODIES if file.parent.name in CORE], ids=lambda file: file.stem
)
@given(data=st.data())
def test_no_odd_field_of_the_side_loses_the_visit(file: Path, data: st.DataObject) -> None:
    scheduler, body = file.parent.name, json.loads(file.read_bytes())
    core = CORE[scheduler] | MARKED.get(f"{scheduler}/{file.stem}", set())
    side = [path for path in places(body) if not set(path) <= core]
    change = data.draw(st.sampled_from(["drop", "replace", "replace", "list", "object"]))
    odd = data.draw(ODD.filter(lambda value: not isinstance(value, str) or is_text(value)))
    changed = mutated(body, data.draw(st.sampled_from(side)), change, odd)
    expected = ORACLE[scheduler][file.stem]
    found = of_a_body(scheduler, json.dumps(changed).encode())
    for name in ("id", "start", "end", "nothing"):
        assert found.get(name) == expected.get(name)


@each_body
@given(data=st.data())
def test_no_damage_to_the_bytes_raises_anything_else(file: Path, data: st.DataObject) -> None:
    raw = file.read_bytes()
    at = data.draw(st.integers(0, len(raw)))
    damage = data.draw(st.binary(max_size=4))
    is_readable(connect(file.parent.name), raw[:at] + damage + raw[at + data.draw(st.integers(0, 3)) :])


HOSTILE = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "empty object": b"{}",
    "nan": b'{"triggerEvent":NaN}',
    "duplicate": b'{"event":"invitee.created","event":"invitee.created"}',
    "deep": b'{"payload":' * 5000 + b"1" + b"}" * 5000,
    "5000 digits": b'{"type":' + b"9" * 5000 + b"}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"type":"booking.created"}'.encode("utf-16"),
    "not text": b"\xff\xfe\xfd",
    "lone surrogate": b'{"type":"\\ud800"}',
    "nul": b'{"type":"\\u0000"}',
    "a megabyte of brackets": b"[" * 1_000_000,
    "a megabyte of form": b"a=1&" * 250_000,
}


@each_candidate
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_not_understood(candidate: Candidate, name: str) -> None:
    with pytest.raises(UnknownPayload):
        connect(candidate.name).parse(inbound(HOSTILE[name]))


# The API


@each_candidate
def test_what_cannot_be_done_is_said_in_a_sentence(candidate: Candidate) -> None:
    ours = connect(candidate.name, FakeVendor().http(), webhook_url="")
    for attempt in (
        lambda: ours.fetch("1.1"),
        lambda: ours.register("s"),
        lambda: list(ours.changed_since(NOW)),
    ):
        with pytest.raises(IntegrationError) as raised:
            attempt()
        assert raised.value.permanent
        assert str(raised.value).endswith((".", "docs/schedulers."))
        assert candidate.secret not in str(raised.value)


# As the vendor really answers


each_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)


def test_every_scheduler_that_can_be_read_answers_here() -> None:
    assert set(VENDORS) == set(SCHEDULERS) - UNREADABLE


def without(row: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A copy of a row with one field left out."""
    return cast("dict[str, Any]", mutated(row, path, "drop", None))


def listed(vendor: Vendor, *rows: dict[str, Any]) -> list[str]:
    """The bookings that one reading finds, each once."""
    found = vendor.serving(*rows).changed_since(NOW)
    return sorted({each.external_id for each in found})


@each_vendor
def test_a_real_answer_names_client_address_and_practitioner(vendor: Vendor) -> None:
    (found,) = vendor.serving(vendor.row(1)).fetch(vendor.name_of(1))
    assert (found.client.name, found.client.email, found.practitioner) == vendor.client
    assert found.service_name.startswith("Deep tissue 60")
    assert timedelta(0) < found.end - found.start <= timedelta(hours=2)


@each_vendor
@given(data=st.data())
def test_the_order_of_a_list_says_nothing(vendor: Vendor, data: st.DataObject) -> None:
    rows = [vendor.row(number) for number in data.draw(st.permutations(range(1, 5)))]
    assert listed(vendor, *rows) == sorted(map(vendor.name_of, range(1, 5)))


@each_vendor
def test_an_odd_neighbour_and_a_booking_of_others_do_not_hide_the_rest(vendor: Vendor) -> None:
    odd = vendor.row(2)
    for path in vendor.core:
        odd = mutated(odd, path, "replace", [[]])
    rows = [vendor.row(1), odd, vendor.row(3)]
    if vendor.not_ours:
        rows.append({**vendor.row(4), **vendor.not_ours})
    assert listed(vendor, *rows) == [vendor.name_of(1), vendor.name_of(3)]


@each_vendor
def test_an_empty_list_ends(vendor: Vendor) -> None:
    assert listed(vendor) == []


@each_vendor
def test_no_time_of_booking_is_unknown_and_no_reason_to_lose_it(vendor: Vendor) -> None:
    row = without(vendor.row(1), vendor.made)
    (found,) = vendor.serving(row).fetch(vendor.name_of(1))
    assert found.created_at is None
    assert listed(vendor, row) == [vendor.name_of(1)]


@each_vendor
@pytest.mark.parametrize("named", [{}, {"Retry-After": "7"}])
def test_a_limit_says_how_long_to_wait(vendor: Vendor, named: dict[str, str]) -> None:
    fake = FakeVendor()
    vendor.publish(fake, [vendor.row(1)])
    for waiting in fake.answers.values():
        waiting[:] = [response(429, None, named)]
    for attempt in (
        lambda: vendor.ours(fake).fetch(vendor.name_of(1)),
        lambda: list(vendor.ours(fake).changed_since(NOW)),
    ):
        with pytest.raises(IntegrationError) as raised:
            attempt()
        wait = raised.value.retry_after
        assert not raised.value.permanent
        assert wait
        assert 6 < wait <= 7 if named else wait > 59


@each_vendor
@given(data=st.data())
def test_no_side_field_in_any_form_loses_the_visit(vendor: Vendor, data: st.DataObject) -> None:
    row = vendor.row(1)
    core = {path[:depth] for path in vendor.core for depth in (1, 2)}
    side = [path for path in places(row) if path not in core]
    change = data.draw(st.sampled_from(["drop", "replace", "replace", "list", "object"]))
    changed = mutated(row, data.draw(st.sampled_from(side)), change, data.draw(ODD))
    (found,) = vendor.serving(changed).fetch(vendor.name_of(1))
    assert found.external_id == vendor.name_of(1)
    assert found.start < found.end


@each_vendor
def test_what_was_left_out_of_an_answer_is_named(vendor: Vendor) -> None:
    ours = vendor.serving(mutated(vendor.row(1), vendor.made, "replace", [["odd"]]))
    ours.fetch(vendor.name_of(1))
    assert any(vendor.made[-1] in each for each in ours.left_out)
    assert "odd" not in " ".join(ours.left_out)
