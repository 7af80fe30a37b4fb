"""Clips of own exercises: picture and sound stay, what else a phone writes into the file is blanked.

Taken are MP4 and Apple's .mov with H.264, which every browser plays. Nothing is decoded, and every box keeps
its place, since samples are found by offsets: what is not needed becomes free space of zeros, and of the data
only the samples of picture and sound stay. So tracks of places and faces go as well.
Source: https://developer.apple.com/documentation/quicktime-file-format.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from schemas.media import BROKEN, NO_KIND, Unsuitable

HEVC = (
    "This clip is in HEVC, which many phones cannot play. On an iPhone choose Settings, Camera, Formats,"
    " Most Compatible, and take it again."
)
IN_PIECES = "This clip was recorded in pieces, which cannot be cleaned: take it with the camera of the phone."
WEBM = "A WebM clip does not play on every phone: take an MP4 or MOV clip (H.264)."

WEBM_SIGN = b"\x1a\x45\xdf\xa3"
CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf", b"edts", b"stbl"})
KEPT = frozenset(
    {
        *(b"ftyp", b"mvhd", b"tkhd", b"elst", b"mdhd", b"hdlr", b"vmhd", b"smhd", b"dref", b"stsd"),
        *(b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stco", b"co64", b"stss", b"sdtp"),
    }
)
CLOCKS = frozenset({b"mvhd", b"tkhd", b"mdhd"})
PLAYED = {b"vide": (b"avc1", b"avc3"), b"soun": (b"mp4a",)}
COMPRESSOR = slice(50, 82)
"""Of a picture's description: who made the encoder, in words; a phone may write its own name."""
DEEPEST = 6
MOST_ROWS = 200_000
"""Of one table: more than an hour of film has."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the file: where it and its contents begin, and where it ends, in bytes."""

    name: bytes
    start: int
    body: int
    end: int


def is_clip(data: bytes) -> bool:
    """True for what begins as an MP4 or MOV file does."""
    return data[4:8] == b"ftyp"


def cleaned(data: bytes) -> bytes:
    """The clip with nothing in it but what is seen and heard. Raises `Unsuitable`, or `struct.error`."""
    made, samples = bytearray(data), list[tuple[int, int]]()
    top = list(_boxes(data, 0, len(data)))
    if any(box.name == b"moof" for box in top):
        raise Unsuitable(IN_PIECES)
    for box in top:
        if box.name == b"moov":
            samples += _movie(data, made, box)
        elif box.name not in (b"mdat", b"ftyp"):
            _blank(made, box)
    if not samples:
        raise Unsuitable(NO_KIND)
    _keep_samples(data, made, [box for box in top if box.name == b"mdat"], samples)
    return bytes(made)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    while at < end:
        size, name = struct.unpack_from(">I4s", data, at)
        head = 16 if size == 1 else 8
        size = struct.unpack_from(">Q", data, at + 8)[0] if size == 1 else size or end - at
        if size < head or at + size > end:
            raise Unsuitable(BROKEN)
        yield Box(name, at, at + head, at + size)
        at += size


def _blank(made: bytearray, box: Box) -> None:
    made[box.start + 4 : box.start + 8] = b"free"
    made[box.body : box.end] = bytes(box.end - box.body)


def _movie(data: bytes, made: bytearray, moov: Box) -> list[tuple[int, int]]:
    """Clean what describes the film, and say where the samples of the tracks that stay are."""
    found, films = list[tuple[int, int]](), 0
    for box in _boxes(data, moov.body, moov.end):
        if box.name != b"trak":
            _clean(data, made, box)
            continue
        track = {each.name: each for each in _inside(data, box)}
        if not _is_played(data, track):
            _blank(made, box)
            continue
        films += _handler(data, track) == b"vide"
        _clean(data, made, box)
        found += _samples(data, track)
    return found if films else []


def _inside(data: bytes, box: Box, depth: int = 0) -> Iterator[Box]:
    """The boxes below a track; of two descriptions of data the first counts, the second is of the file."""
    if depth > DEEPEST:
        raise Unsuitable(BROKEN)
    for each in _boxes(data, box.body, box.end):
        if each.name in CONTAINERS:
            yield from _inside(data, each, depth + 1)
        elif each.name != b"hdlr" or data[each.body + 4 : each.body + 8] != b"dhlr":
            yield each


def _handler(data: bytes, track: dict[bytes, Box]) -> bytes:
    at = track[b"hdlr"].body if b"hdlr" in track else len(data)
    return data[at + 8 : at + 12]


def _is_played(data: bytes, track: dict[bytes, Box]) -> bool:
    """True for picture and sound that every browser plays; a picture in another way is refused."""
    handler, codec = _handler(data, track), b""
    if b"stsd" in track:
        codec = data[track[b"stsd"].body + 12 : track[b"stsd"].body + 16]
    if handler == b"vide" and codec not in PLAYED[handler]:
        raise Unsuitable(HEVC if codec in (b"hvc1", b"hev1", b"dvh1", b"dvhe") else NO_KIND)
    return codec in PLAYED.get(handler, ())


def _clean(data: bytes, made: bytearray, box: Box, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise Unsuitable(BROKEN)
    if box.name in CONTAINERS:
        for each in _boxes(data, box.body, box.end):
            _clean(data, made, each, depth + 1)
    elif box.name not in KEPT:
        _blank(made, box)
    elif box.name in CLOCKS:
        size = 16 if data[box.body] == 1 else 8
        made[box.body + 4 : box.body + 4 + size] = bytes(size)
    elif box.name == b"hdlr":
        made[box.body + 24 : box.end] = bytes(max(0, box.end - box.body - 24))
    elif box.name == b"stsd":
        for each in _boxes(data, box.body + 8, box.end):
            if each.name in PLAYED[b"vide"] and each.end - each.start >= COMPRESSOR.stop:
                made[each.start + COMPRESSOR.start : each.start + COMPRESSOR.stop] = bytes(32)


def _table(data: bytes, box: Box | None, form: str, head: int = 4) -> list[tuple[int, ...]]:
    """The rows of a table, behind their number, which stands `head` bytes into it."""
    if box is None:
        return []
    (count,) = struct.unpack_from(">I", data, box.body + head)
    start = box.body + head + 4
    if count > MOST_ROWS or count * struct.calcsize(form) > box.end - start:
        raise Unsuitable(BROKEN)
    return list(struct.iter_unpack(form, data[start : start + count * struct.calcsize(form)]))


def _samples(data: bytes, track: dict[bytes, Box]) -> Iterator[tuple[int, int]]:
    """Where each chunk of a track begins and ends."""
    chunks = _table(data, track.get(b"stco"), ">I") or _table(data, track.get(b"co64"), ">Q")
    runs = _table(data, track.get(b"stsc"), ">III")
    sizes = track.get(b"stsz")
    same = struct.unpack_from(">I", data, sizes.body + 4)[0] if sizes else 0
    each = iter(() if same else [size for (size,) in _table(data, sizes, ">I", head=8)])
    for (start,), many in zip(chunks, _per_chunk(runs, len(chunks)), strict=False):
        yield start, start + (same * many if same else sum(islice(each, many)))


def _per_chunk(runs: Sequence[tuple[int, ...]], chunks: int) -> Iterator[int]:
    """How many samples each chunk has: a run goes on until the next one begins."""
    ends = (*(first for first, _many, _kind in runs[1:]), chunks + 1)
    for (first, many, _kind), until in zip(runs, ends, strict=False):
        if until < first or until > chunks + 1:
            raise Unsuitable(BROKEN)
        yield from (many for _chunk in range(first, until))


def _keep_samples(
    data: bytes, made: bytearray, stores: Sequence[Box], samples: Sequence[tuple[int, int]]
) -> None:
    """Of the data only the samples stay; they are joined first, so that each byte is copied once."""
    for box in stores:
        made[box.body : box.end] = bytes(box.end - box.body)
    for start, end in _joined(samples):
        if not any(box.body <= start and end <= box.end for box in stores):
            raise Unsuitable(BROKEN)
        made[start:end] = data[start:end]


def _joined(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    begun, until = 0, 0
    for start, end in sorted(ranges):
        if start > until:
            if until > begun:
                yield begun, until
            begun = start
        until = max(until, end)
    if until > begun:
        yield begun, until
