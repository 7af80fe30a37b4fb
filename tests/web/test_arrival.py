"""The end of a request is found however its bytes are cut, and nobody waits for one that never comes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.arrival import MOST_BODY, MOST_BYTES, MOST_HEAD, Arrival

PLAIN = b"GET /healthz HTTP/1.1\r\nHost: care.test\r\n\r\n"
KNOWN = b"POST /x HTTP/1.1\r\nhost: care.test\r\ncontent-length: 7\r\n\r\nab\r\n\r\nc"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: care.test\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = CHUNKED + b"3\r\nabc\r\n000a;x=y\r\n0\r\n\r\n12345\r\n0\r\n\r\n"
TRAILED = CHUNKED + b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n"


def offered(data: bytes, *, step: int = 65536) -> Arrival:
    """What became of bytes that came in pieces."""
    arrival = Arrival()
    for at in range(0, len(data), step):
        if arrival.add(data[at : at + step]):
            break
    return arrival


@pytest.mark.parametrize("request_bytes", [PLAIN, KNOWN, CHUNKS, TRAILED, b"\r\n\r\n" + PLAIN])
@given(cuts=st.lists(st.integers(1, 140), max_size=8))
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_bytes: bytes, cuts: list[int]) -> None:
    marks = sorted({0, len(request_bytes), *(each for each in cuts if each < len(request_bytes))})
    arrival = Arrival()
    told = [arrival.add(request_bytes[a:b]) for a, b in itertools.pairwise(marks)]
    assert told == [False] * (len(told) - 1) + [True]
    assert bytes(arrival.held) == request_bytes.lstrip(b"\r\n")
    assert (arrival.refusal, arrival.cut) == ("", False)


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 3\r\nContent-Length: 3",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Content-Length : 3",
        "Content-Length: +3",
        "Content-Length: 3, 3",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding:\r\n chunked",
    ],
)
def test_an_end_that_is_told_oddly_is_not_waited_for(framing: str) -> None:
    assert offered(f"POST / HTTP/1.1\r\n{framing}\r\n\r\n".encode()).refusal.startswith("400")


@pytest.mark.parametrize(
    "chunks", [b"zz\r\n", b"-1\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"1" * 9000, b"\r\n", b" 1\r\n"]
)
def test_broken_chunks_are_refused_at_once(chunks: bytes) -> None:
    assert offered(CHUNKED + chunks).refusal.startswith("400")


def test_more_than_anybody_reads_is_given_on_or_refused() -> None:
    assert offered(b"POST / HTTP/1.1\r\nContent-Length: 10000000000\r\n\r\nx").cut
    assert offered(CHUNKED + b"FFFFFFFFFF\r\n" + b"x" * (MOST_BODY + 1)).cut
    assert offered(CHUNKED + b"1\r\nx\r\n" * (MOST_BYTES // 6 + 20)).refusal.startswith("413")
    assert offered(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (MOST_HEAD // 6 + 20)).refusal.startswith("431")


def test_a_large_webhook_that_is_allowed_comes_in_whole() -> None:
    body = b"x" * 1024 * 1024
    arrival = offered(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body, step=5000)
    assert (arrival.refusal, arrival.cut) == ("", False)
    assert arrival.held.endswith(body)
