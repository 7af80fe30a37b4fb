"""Bodies are read strictly, and a refusal never repeats what stood there."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.base import UnknownPayload
from integrations.payload import Part, clean, is_email, moment, phone, read_json, span, zone

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
        Part({"who": [{"email": "secret@@example.org"}]}).parts("who")[0].email("email")
    assert "who[0].email" in str(refused.value)
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
