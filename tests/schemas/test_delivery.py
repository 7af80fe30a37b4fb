"""The key of a delivery: a value with one text form."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.checkin import CheckInKind
from schemas.delivery import (
    ESCALATION,
    NUMBERS,
    AlertCause,
    Channel,
    CheckInQuestion,
    DeliveryKey,
    NoteStatus,
    Number,
    Purpose,
    Urgency,
)

COUNTS = st.integers(0, 10_000)
CAUSES = st.from_regex(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*", fullmatch=True).filter(
    lambda name: not name.startswith(("soon-", "again")) and "-again" not in name
)
ALERTS = st.builds(AlertCause, CAUSES, st.sampled_from([Urgency.at_once, Urgency.soon]))
NUMBERED: dict[Purpose, st.SearchStrategy[Number]] = {
    **dict.fromkeys(
        (
            *(Purpose.intake, Purpose.intake_reminder, Purpose.plan, Purpose.plan_held, Purpose.summary),
            *(Purpose.book_again, Purpose.my_day, Purpose.confirm, Purpose.answer),
        ),
        COUNTS,
    ),
    Purpose.checkin: st.builds(CheckInQuestion, st.sampled_from(CheckInKind), st.booleans()),
    Purpose.alert: st.just(ESCALATION) | ALERTS,
    Purpose.attach: st.sampled_from(NoteStatus),
}


@st.composite
def keys(draw: st.DrawFn) -> DeliveryKey:
    """A key of any purpose, with a number of its type."""
    purpose = draw(st.sampled_from(Purpose))
    number, channel = draw(NUMBERED[purpose]), draw(st.sampled_from(Channel))
    return DeliveryKey(draw(COUNTS), purpose, number, channel, draw(st.integers(0, 99)))


@given(keys())
def test_a_key_is_read_as_it_was_written(key: DeliveryKey) -> None:
    assert DeliveryKey.parse(str(key)) == key
    assert len(str(key)) <= 120 or len(str(key.number)) > 60  # the column


@given(keys(), keys())
def test_two_keys_are_the_same_text_only_when_they_are_equal(one: DeliveryKey, other: DeliveryKey) -> None:
    assert (str(one) == str(other)) is (one == other)


@given(keys(), st.integers(1, 99))
def test_what_is_sent_again_is_the_same_message_under_another_key(key: DeliveryKey, times: int) -> None:
    again = key.again(key.booking + 1, key.recipient, times)
    assert again.slot == key.slot
    assert again != key


def test_every_purpose_has_its_type_of_number() -> None:
    assert set(NUMBERS) == set(NUMBERED) == set(Purpose)
    assert set(get_args(Number)) == {int, CheckInQuestion, AlertCause, NoteStatus}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "12:plan:0",
        "x:plan:0:email",
        "12:plane:0:email",
        "12:plan:zero:email",
        "12:plan:0:pigeon",
        "12:checkin:w3:email",
        "12:checkin:w1-again1-again:email",
        "12:attach:somewhere:note",
        "12:plan:0:email ",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        DeliveryKey.parse(text)
