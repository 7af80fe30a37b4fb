"""Bodies are read strictly at the core and tolerantly at the side; nothing repeats what stood there."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import UnknownPayload
from integrations.payload import Part, addresses, clean, is_email, moment, phone, read_json, span, zone
from schemas.webhook import Notice

HOSTILE = {
    "nan": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "float beyond range": b'{"a":1e999}',
    "duplicate key": b'{"a":1,"a":2}',
    "duplicate key below": b'{"a":{"b":1,"b":1}}',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "utf-16": '{"a":1}'.encode("utf-16"),
    "invalid utf-8": b'{"a":"\xff"}',
    "trailing data": b'{"a":1} x',
    "two documents": b'{"a":1}{"a":1}',
    "list": b"[1]",
    "scalar": b'"text"',
    "null": b"null",
    "empty": b"",
    "nul": b'{"a":"\\u0000"}',
    "nul in a key": b'{"\\u0000":1}',
    "raw control character": b'{"a":"\n"}',
    "lone surrogate": b'{"a":"\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff":1}',
    "5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "too deep": b'{"a":' * 70 + b"1" + b"}" * 70,
    "very deep": b'{"a":' * 100_000,
    "very deep and whole": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused(name: str) -> None:
    with pytest.raises(UnknownPayload):
        read_json(HOSTILE[name])


def test_a_plain_body_is_read_in_any_spelling() -> None:
    assert read_json(b' {"b":[{"c":"\\u017b\\/"}],\n"a":1.5} ').values == {"b": [{"c": "Ż/"}], "a": 1.5}


def test_64_levels_are_read() -> None:
    assert read_json(b'{"a":' * 64 + b"1" + b"}" * 64).has("a")


@given(st.recursive(st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text("abż"), st.lists))
def test_whatever_json_writes_is_read(value: object) -> None:
    assert read_json(json.dumps({"a": value}).encode()).values["a"] == value


@given(st.binary(max_size=200))
def test_any_bytes_give_an_object_or_a_refusal(body: bytes) -> None:
    try:
        assert isinstance(read_json(body), Part)
    except UnknownPayload:
        return


def test_a_refusal_names_the_field_and_not_its_value() -> None:
    with pytest.raises(UnknownPayload) as refused:
        Part({"visits": [{"start": "secret"}]}).parts("visits")[0].needed_moment("start")
    assert "visits[0].start" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("value", ["a@b.example", "zoë.o'neil+x@sub.example", "x" * 64 + "@b.example"])
def test_an_address_is_accepted(value: str) -> None:
    assert is_email(value)


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "a@b,c@d",
        "a@b;c@d",
        "a@b c@d",
        "A <a@b>",
        "a@b\nBcc: c@d",
        "a@b\r",
        "a@b@c",
        "a@" + "b" * 250 + ".example",
        "a@b\u2028",
        "x" * 64 + "@" + "b" * 200,
        "a\u202e@b",
    ],
)
def test_what_is_not_one_address_is_refused(value: str) -> None:
    assert not is_email(value)


@pytest.mark.parametrize(
    ("value", "hour"),
    [
        ("2026-11-27T14:00:00Z", 14),
        ("2026-11-27T15:00:00+0100", 14),
        ("2026-11-27T15:00:00.123456+01:00", 14),
        ("2026-11-27T14:00Z", 14),
        ("2026-11-27t14:00:00z", 14),
        ("2026-11-27 15:00:00+01", 14),
        ("2026-11-27 14:00:00 UTC", 14),
        ("2026-11-27 15:00:00.5 +0100", 14),
        ("2026-11-27T15:00+01:00[Europe/Berlin]", 14),
    ],
)
def test_a_time_with_an_offset_becomes_utc(value: str, hour: int) -> None:
    found = moment(value)
    assert found is not None
    assert (found.hour, found.tzinfo) == (hour, UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-27",
        "2026-11-27T14:00:00",
        "2026-02-30T14:00:00Z",
        "2026-11-27T25:00:00Z",
        "2026-11-27T14:00:60Z",
        "1999-11-27T14:00:00Z",
        "9999-12-31T23:59:59-2300",
        "0001-01-01T00:00:00+2300",
        "2026-W48-5T14:00:00Z",
        "٢٠٢٦-11-27T14:00:00Z",
        "2026-11-27T14:00:00+99:99",
        "2026-11-27T14:00:00[Europe/Berlin]",
        "2026-11-27 14:00:00 CET",
        "",
    ],
)
def test_what_is_not_a_time_is_none(value: str) -> None:
    assert moment(value) is None


def test_a_visit_cannot_end_before_it_starts_or_last_a_month() -> None:
    start = datetime(2026, 11, 27, 14, tzinfo=UTC)
    assert span(start, start + timedelta(hours=1))
    for wrong in (timedelta(seconds=-1), timedelta(days=30)):
        with pytest.raises(UnknownPayload):
            span(start, start + wrong)


def test_a_name_becomes_one_clean_line() -> None:
    assert clean("  Zoë\r\n\tŁuć\x1b[31m\u2028x\u202e ") == "Zoë Łuć [31m x"
    assert len(clean("x" * 5000)) == 200


@pytest.mark.parametrize("value", ["Mars/Olympus", "../../etc/passwd", "localtime", "", "europe/berlin"])
def test_an_unknown_zone_is_left_empty(value: str) -> None:
    assert zone(value) == ""


def test_a_known_zone_and_a_number_are_kept() -> None:
    assert zone("Europe/Warsaw") == "Europe/Warsaw"
    assert phone(" +49 (151) 123-45678 ") == "+49 (151) 123-45678"
    assert phone("call me") == phone("1" * 60) == ""


ONE = "ann@example.org"


@pytest.mark.parametrize(
    ("written", "first", "noted"),
    [
        (ONE, ONE, False),
        (f" {ONE} ", ONE, False),
        ("", "", False),
        (None, "", False),
        (f"{ONE}, bob@example.org", ONE, True),
        (f"{ONE},bob@example.org", ONE, True),
        (f"{ONE}; bob@example.org", ONE, True),
        (f"{ONE}\nbob@example.org", ONE, True),
        (f"Ann <{ONE}>", ONE, True),
        (f"mailto:{ONE}", ONE, True),
        (f"{ONE}.", ONE, True),
        (f"{ONE}\u200b", ONE, True),
        (f"'{ONE}'", ONE, True),
        (f"MAILTO:{ONE}?subject=Hello", ONE, True),
        (f"E-mail:{ONE}", ONE, True),
        ([ONE], ONE, False),
        ({"value": ONE}, ONE, False),
        ([ONE, "bob@example.org"], "", True),
        ("none", "", True),
        ("-", "", True),
        ("n/a", "", True),
        ("x@@y", "", True),
        ("a" * 300 + "@example.org", "", True),
        (7, "", True),
        (True, "", True),
        ({"a": ONE}, "", True),
    ],
)
def test_an_address_field_holds_none_one_or_several(written: object, first: str, noted: bool) -> None:
    who = Part({"email": written}, "client")
    assert who.email("email") == first
    assert who.dropped == (["client.email"] if noted else [])


SIDE: list[tuple[str, Callable[[Part], object], object]] = [
    ("a number as text", lambda part: part.text("n"), "5550100123"),
    ("a number as a phone", lambda part: part.phone("n"), "5550100123"),
    ("a phone as a link", lambda part: part.phone("tel"), "+15550100124"),
    ("a text as a number", lambda part: part.number("text"), 60),
    ("a length with its unit", lambda part: part.number("minutes"), 90),
    ("a number with a point", lambda part: part.number("point"), 60),
    ("a word as a flag", lambda part: (part.flag("yes"), part.flag("no")), (True, False)),
    ("a number as a flag", lambda part: (part.flag("one"), part.flag("zero")), (True, False)),
    ("one text in a list", lambda part: part.text("listed"), "x"),
    ("a text with a label", lambda part: part.text("labelled"), "x"),
    ("one object in a list", lambda part: part.part("objects").text("a"), "x"),
    ("an object in place of a list", lambda part: [each.text("a") for each in part.parts("object")], ["x"]),
]
SIDE_VALUES: dict[str, Any] = {
    "n": 5550100123,
    "tel": "tel:+15550100124",
    "text": "60",
    "minutes": "90 min",
    "point": 60.0,
    "yes": "True",
    "no": "false",
    "one": 1,
    "zero": "0",
    "listed": ["x"],
    "labelled": {"label": "L", "value": "x"},
    "objects": [{"a": "x"}],
    "object": {"a": "x"},
}


@pytest.mark.parametrize(("name", "read", "expected"), SIDE, ids=[each[0] for each in SIDE])
def test_a_side_field_is_read_in_any_sensible_form(
    name: str, read: Callable[[Part], object], expected: object
) -> None:
    part = Part(SIDE_VALUES)
    assert read(part) == expected
    assert part.dropped == []


READERS = (
    "text",
    "word",
    "identifier",
    "number",
    "flag",
    "part",
    "parts",
    "moment",
    "email",
    "zone",
    "phone",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(value=JSON, reader=st.sampled_from(READERS))
def test_whatever_stands_at_the_side_is_read_or_dropped_with_a_note(value: Any, reader: str) -> None:
    part = Part({"side": value}, "payload")
    found = getattr(part, reader)("side")
    assert set(part.dropped) <= {"payload.side"}
    if found in ("", None, []) and reader in ("number", "flag", "moment", "identifier"):
        assert part.dropped or value in (None, "") or not str(value).strip("[]'{} ") or value is False
    if reader == "email" and found:
        assert is_email(found)


@pytest.mark.parametrize("value", [["2026-11-27T14:00:00Z"], {"value": "x1"}, True, None, "", 1.5, []])
def test_the_core_is_read_strictly(value: Any) -> None:
    for read in (Part({"core": value}).needed, Part({"core": value}).needed_moment):
        with pytest.raises(UnknownPayload, match="core"):
            read("core")


def test_what_was_dropped_is_noted_once_and_by_name_only() -> None:
    body = Part({"a": {"b": ["secret", "secret"]}, "c": ["secret", "secret"]})
    for _ in range(2):
        body.part("a").text("b")
        body.text("c")
    (noted,) = body.noted([Notice("1", "created")])
    assert noted.notes == ("a.b", "c")


@given(st.lists(st.sampled_from(["a@b.example", "Ann", "none", "c@d.example", "-"]), max_size=5))
def test_addresses_are_found_in_their_order(words: list[str]) -> None:
    wanted = [word for word in words if "@" in word]
    for between in (", ", ";", " ", " <"):
        assert addresses(between.join(words)) == wanted
