"""A request is whole when its parser has no need to wait, however its bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.arrival import MOST_BODY, MOST_FILE, MOST_HEAD, MOST_READ, TAIL, Arrival, State

REQUESTS = (
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /webhooks/main HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello\r\n\r\n12",
    b"POST /x HTTP/1.1\r\nX: content-length: 9\r\ncontent-LENGTH:\t4\r\n\r\nabcd",
    b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n",
    b"POST /x HTTP/1.1\r\ntransfer-encoding:chunked\r\n\r\n2\r\nab\r\n0\r\nTrailer: x\r\n\r\n",
    b"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
)


@given(request_=st.sampled_from(REQUESTS), cuts=st.sets(st.integers(1, 120)))
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_: bytes, cuts: set[int]) -> None:
    arrival, at = Arrival(), 0
    for cut in [*sorted(cut for cut in cuts if cut < len(request_)), len(request_)]:
        state = arrival.add(request_[at:cut])
        assert state is (State.whole if cut == len(request_) else State.more)
        at = cut
    assert bytes(arrival.data) == request_


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", State.whole),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n", State.whole),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n\r\n", State.whole),
        (b"POST /x HTTP/1.1\r\nContent-Length: -5\r\n\r\n", State.whole),
        (b"\r\n\r\n", State.whole),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MOST_HEAD, State.long_head),
        (b"POST /x HTTP/1.1\r\nContent-Length: 10737418240\r\n\r\n", State.large_body),
        (
            b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + b"x" * (MOST_BODY + 1),
            State.large_body,
        ),
    ],
    ids=lambda value: value.name if isinstance(value, State) else "",
)
def test_what_is_broken_or_too_large_is_not_waited_for(data: bytes, state: State) -> None:
    assert Arrival().add(data) is state


def test_who_waits_to_be_asked_for_the_body_is_asked_once() -> None:
    arrival = Arrival()
    head = b"POST /x HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
    assert arrival.add(head) is State.more
    assert arrival.wants_continue
    assert arrival.add(b"ab") is State.whole
    assert b"xpect" not in arrival.data


@pytest.mark.parametrize(
    ("line", "size", "state"),
    [
        ("POST /console/bookings/7/plan/change", MOST_FILE, State.more),
        ("POST /console/bookings/7/plan/change?x=1", MOST_BODY + 1, State.more),
        ("POST /console/bookings/7/plan/change", MOST_READ, State.more),
        ("POST /console/bookings/7/plan/change", MOST_READ + 1, State.large_body),
        ("GET /console/bookings/7/plan/change", MOST_BODY + 1, State.large_body),
        ("POST /console/bookings/x/plan/change", MOST_BODY + 1, State.large_body),
        ("POST /x?/console/bookings/7/plan/change", MOST_BODY + 1, State.large_body),
    ],
)
def test_only_a_form_that_brings_a_clip_may_be_as_large_as_one(line: str, size: int, state: State) -> None:
    assert Arrival().add(f"{line} HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode()) is state


@pytest.mark.parametrize("piece", [65_536, 1_000_003, MOST_FILE - TAIL, 40_000_000])
@pytest.mark.parametrize("over", [1, TAIL, TAIL + 1, 9_000_000])
def test_of_a_file_that_is_too_large_both_ends_are_kept_and_no_more(piece: int, over: int) -> None:
    size = MOST_FILE + over
    body = b"begin" + bytes(size - 8) + b"end"
    arrival, longest = Arrival(), 0
    whole = f"POST /console/bookings/7/plan/change HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode() + body
    for at in range(0, len(whole), piece):
        state = arrival.add(whole[at : at + piece])
        longest = max(longest, len(arrival.data))
        assert (state is State.whole) == (at + piece >= len(whole))
    head, _, kept = bytes(arrival.data).partition(b"\r\n\r\n")
    assert head.endswith(b"Content-Length: %d" % MOST_FILE)
    assert (len(kept), kept[:5], kept[-3:]) == (MOST_FILE, b"begin", b"end")
    assert longest <= MOST_FILE + 1000
