"""What is known of one identifier does not depend on the order in which it was told."""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.bookings.records import fold, is_off
from schemas.booking import BookingState, BookingStatus, Person, Record
from schemas.webhook import Notice
from tests.helpers.clinic import NOW

START = NOW + timedelta(days=7)

STATES = st.builds(
    BookingState,
    external_id=st.just("u1"),
    status=st.sampled_from(BookingStatus),
    start=st.sampled_from([START, START + timedelta(days=1)]),
    end=st.just(START + timedelta(days=1, hours=1)),
    client=st.just(Person("Zoë Łuć", "zoe@example.org")),
    replaces=st.sampled_from(["", "u0"]),
    replaced_by=st.sampled_from(["", "u2"]),
)
TIMES = st.one_of(st.none(), st.integers(0, 4).map(lambda hours: NOW + timedelta(hours=hours)))


def notice(booking: BookingState | None, **more: Any) -> Notice:
    """A notice about one identifier."""
    return Notice("u1", "test", booking=booking, **more)


NOTICES = st.one_of(
    st.builds(notice, STATES, occurred_at=TIMES),
    st.builds(notice, STATES, occurred_at=TIMES, version=st.integers(0, 3)),
    st.builds(notice, STATES, hint=st.just(True)),
    st.builds(notice, st.none(), occurred_at=TIMES, no_show=st.booleans()),
    st.builds(notice, st.none(), occurred_at=TIMES, gone=st.just(True)),
)


def folded(notices: Iterable[Notice], *, final: bool) -> Record:
    """A record after these notices."""
    record = Record("main", "u1", "")
    for each in notices:
        record = fold(record, each, cancel_is_final=final)
    return record


@pytest.mark.parametrize("final", [True, False])
@given(st.lists(NOTICES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_folding_does_not_depend_on_order_or_copies(
    final: bool, notices: list[Notice], chance: random.Random
) -> None:
    mixed = notices + chance.choices(notices, k=len(notices))
    chance.shuffle(mixed)
    assert folded(mixed, final=final) == folded(notices, final=final)


@given(st.lists(NOTICES, min_size=1, max_size=6))
def test_a_final_cancellation_is_never_undone(notices: list[Notice]) -> None:
    cancelled = any(
        each.gone or (each.booking is not None and each.booking.status is BookingStatus.cancelled)
        for each in notices
    )
    assert is_off(folded(notices, final=True)) is cancelled
