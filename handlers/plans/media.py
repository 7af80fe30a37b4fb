"""Photos and clips of own exercises: what they show is kept, what else a phone writes into them is taken out.

Nothing is decoded: of each file only the parts that draw it are copied, and a file with a part that is not
understood is refused. Sources: ITU-T T.81 (JPEG), https://www.w3.org/TR/png-3/,
https://developer.apple.com/documentation/quicktime-file-format.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MOST_PHOTO, MOST_CLIP = 4_000_000, 6_000_000  # bytes
MOST_PIXELS = 50_000_000
TOO_LARGE = "The file is too large: a photo may have 4 MB, a clip 6 MB."
NO_KIND = "This is no photo or clip that can be cleaned: take a JPEG or PNG photo, or an MP4 clip (H.264)."
BROKEN = "The file is damaged, or cut off: take it again."


class Unsuitable(ValueError):
    """A photo or clip that is not taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Media:
    """A cleaned photo or clip, with its media type."""

    kind: str
    data: bytes


def clean(data: bytes) -> Media:
    """The photo or clip without anything that says where, when or with what it was taken.

    Raises `Unsuitable`.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return Media("image/jpeg", _within(_jpeg(data), MOST_PHOTO))
        if data.startswith(PNG):
            return Media("image/png", _within(_png(data), MOST_PHOTO))
        if data[4:8] == b"ftyp":
            return Media("video/mp4", _within(_mp4(data), MOST_CLIP))
    except (struct.error, IndexError):
        raise Unsuitable(BROKEN) from None
    raise Unsuitable(NO_KIND)


def _within(data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise Unsuitable(TOO_LARGE)
    return data


# JPEG: tables, frames and scans stay; of all else only which way up it is held.
KEPT_MARKERS = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDD, 0xEE})
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
EXIF, ORIENTATION = b"Exif\0\0", 0x0112
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9


def _jpeg(data: bytes) -> bytes:
    parts, turned, framed = [], 1, False
    for marker, payload, scan in _segments(data):
        if marker == 0xE1 and payload.startswith(EXIF):
            turned = _orientation(payload[len(EXIF) :])
        if marker in FRAMES:
            _check_pixels(*struct.unpack(">HH", payload[1:5]))
            framed = True
        if marker in KEPT_MARKERS:
            parts.append(struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + scan)
    if not framed:
        raise Unsuitable(BROKEN)
    return b"".join((b"\xff\xd8", _held(turned), *parts, b"\xff\xd9"))


def shape(photo: Media) -> tuple[int, int, int]:
    """Points across and down of a cleaned photo, and which way up it is held (1 to 8, as Exif says)."""
    if photo.kind == "image/png":
        across, down = struct.unpack_from(">II", photo.data, len(PNG) + 8)
        return across, down, 1
    across = down = turned = 1
    for marker, payload, _scan in _segments(photo.data):
        if marker == 0xE1:
            turned = _orientation(payload[len(EXIF) :])
        elif marker in FRAMES:
            down, across = struct.unpack(">HH", payload[1:5])
    return across, down, turned


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, payload and what a scan draws, up to the end of the first picture."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise Unsuitable(BROKEN)
        while data[at] == 0xFF:
            at += 1
        marker, at = data[at], at + 1
        if marker == END_OF_IMAGE:
            return
        (length,) = struct.unpack_from(">H", data, at)
        payload = data[at + 2 : at + length]
        if length < 2 or len(payload) != length - 2:
            raise Unsuitable(BROKEN)
        at += length
        end = _end_of_scan(data, at) if marker == START_OF_SCAN else at
        yield marker, payload, data[at:end]
        at = end


def _end_of_scan(data: bytes, at: int) -> int:
    """The next marker that is none of the signs within a scan."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise Unsuitable(BROKEN)
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        else:
            return at


def _check_pixels(down: int, across: int) -> None:
    if not 0 < down * across <= MOST_PIXELS:
        raise Unsuitable(TOO_LARGE)


def _orientation(tiff: bytes) -> int:
    """Which way up: 1 to 8, as the first directory of the Exif data says."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for n in range(count):
            tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * n)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _held(turned: int) -> bytes:
    """Exif data with nothing in it but which way up."""
    if turned == 1:
        return b""
    tiff = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", ORIENTATION, 3, 1, turned, 0, 0)
    payload = EXIF + tiff
    return struct.pack(">BBH", 0xFF, 0xE1, len(payload) + 2) + payload


# PNG: only the chunks that draw it.
PNG = b"\x89PNG\r\n\x1a\n"
KEPT_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"gAMA", b"cHRM", b"sRGB", b"IEND"})


def _png(data: bytes) -> bytes:
    parts, at, name = [PNG], len(PNG), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if len(chunk) != 12 + length or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise Unsuitable(BROKEN)
        if at == len(PNG):
            _check_pixels(*struct.unpack_from(">II", chunk, 8))
        parts += [chunk] if name in KEPT_CHUNKS else []
        at += len(chunk)
    return b"".join(parts)


# MP4: every box keeps its place, since the picture is found by offsets; what is not needed is blanked.
CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf", b"edts", b"stbl"})
KEPT_BOXES = frozenset(
    {
        *(b"ftyp", b"mdat", b"mvhd", b"tkhd", b"elst", b"mdhd", b"hdlr", b"vmhd", b"smhd", b"dref", b"stsd"),
        *(b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"co64", b"stss", b"sgpd", b"sbgp", b"sdtp"),
    }
)
BLANKED = frozenset({b"udta", b"meta", b"uuid", b"free", b"skip", b"wide", b"iods", b"tref", b"tapt"})
CLOCKS = frozenset({b"mvhd", b"tkhd", b"mdhd"})
STREAMS = {b"vide": b"avc1", b"soun": b"mp4a"}
"""Picture as H.264 and sound as AAC, which every browser plays; a track of anything else is refused."""


def _mp4(data: bytes) -> bytes:
    made = bytearray(data)
    handlers = list(_boxes(made, 0, len(made)))
    if b"vide" not in handlers:
        raise Unsuitable(NO_KIND)
    return bytes(made)


def _boxes(made: bytearray, at: int, end: int, depth: int = 0) -> Iterator[bytes]:
    """Blank what is not needed, and yield what each track is for."""
    while at < end:
        size, name = struct.unpack_from(">I4s", made, at)
        head = 16 if size == 1 else 8
        size = struct.unpack_from(">Q", made, at + 8)[0] if size == 1 else size or end - at
        if size < head or at + size > end or depth > 6:
            raise Unsuitable(BROKEN)
        if name in CONTAINERS:
            yield from _boxes(made, at + head, at + size, depth + 1)
        elif name in BLANKED:
            made[at + 4 : at + 8] = b"free"
            made[at + head : at + size] = bytes(size - head)
        elif name not in KEPT_BOXES:
            raise Unsuitable(NO_KIND)
        yield from _looked_at(made, name, at + head)
        at += size


def _looked_at(made: bytearray, name: bytes, at: int) -> Iterator[bytes]:
    if name in CLOCKS:
        long = made[at] == 1
        made[at + 4 : at + (20 if long else 12)] = bytes(16 if long else 8)
    elif name == b"hdlr" and bytes(made[at + 4 : at + 8]) != b"dhlr":
        yield _stream(bytes(made[at + 8 : at + 12]))
    elif name == b"stsd" and bytes(made[at + 12 : at + 16]) not in STREAMS.values():
        raise Unsuitable(NO_KIND)


def _stream(handler: bytes) -> bytes:
    if handler not in STREAMS:
        raise Unsuitable(NO_KIND)
    return handler
