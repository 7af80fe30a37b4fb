"""Photos and clips of own exercises: what they show is kept, what else a phone writes into them is taken out.

Of each photo only the parts that draw it are copied; then it is drawn once, so that no client gets one that
nobody can see.
Sources: ITU-T T.81 (JPEG), https://www.w3.org/TR/png-3/.
"""

import logging
import struct
import zlib
from collections.abc import Iterator

from handlers.context import Context
from handlers.plans import clips
from integrations.base import IntegrationError
from render.paper import photos
from schemas.media import BROKEN, INFECTED, NO_KIND, NOT_SCANNED, TOO_LARGE, Media, Unsuitable

log = logging.getLogger("aftercare.media")
MOST_PHOTO, MOST_CLIP = 4_000_000, 16_000_000  # bytes
MOST_PIXELS = 50_000_000


def taken(context: Context, data: bytes) -> Media:
    """The photo or clip as clients get it, of a file that was sent. Raises `Unsuitable`."""
    return drawn(clean(scanned(context, _within(data, MOST_CLIP))))


def scanned(context: Context, data: bytes) -> bytes:
    """The file, after the virus scanner has seen it, where there is one. Raises `Unsuitable`."""
    try:
        clean_of_viruses = context.scanner is None or context.scanner.is_clean(data)
    except IntegrationError:
        log.exception("a file was not scanned")
        raise Unsuitable(NOT_SCANNED) from None
    if not clean_of_viruses:
        raise Unsuitable(INFECTED)
    return data


def clean(data: bytes) -> Media:
    """The photo or clip without anything that says where, when or with what it was taken.

    Raises `Unsuitable`.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return Media("image/jpeg", _within(_jpeg(data), MOST_PHOTO))
        if data.startswith(PNG):
            return Media("image/png", _within(_png(data), MOST_PHOTO))
        if clips.is_clip(data):
            return Media("video/mp4", clips.cleaned(_within(data, MOST_CLIP)))
    except (struct.error, IndexError):
        raise Unsuitable(BROKEN) from None
    raise Unsuitable(clips.WEBM if data.startswith(clips.WEBM_SIGN) else NO_KIND)


def drawn(media: Media) -> Media:
    """The same photo or clip, once the photo could be drawn. Raises `Unsuitable`."""
    if media.kind.startswith("image/") and not photos.is_drawable(media.kind, media.data):
        raise Unsuitable(BROKEN)
    return media


def _within(data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise Unsuitable(TOO_LARGE)
    return data


# JPEG: tables, frames and scans stay; of all else only which way up it is held.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
KEPT_MARKERS = FRAMES | {0xC4, 0xCC, 0xDA, 0xDB, 0xDD, 0xEE}
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
SIZES = {b"IHDR": 13, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"IEND": 0}
MOST_SIZES = {b"PLTE": 768, b"tRNS": 256}
"""Bytes of a chunk: in a longer one more would stand than what draws the picture."""


def _png(data: bytes) -> bytes:
    parts, at, name = [PNG], len(PNG), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if len(chunk) != 12 + length or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise Unsuitable(BROKEN)
        first = at == len(PNG)
        if first != (name == b"IHDR") or not _has_its_size(name, length):
            raise Unsuitable(BROKEN)
        if first:
            _check_pixels(*struct.unpack_from(">II", chunk, 8))
        parts += [chunk] if name in KEPT_CHUNKS else []
        at += len(chunk)
    return b"".join(parts)


def _has_its_size(name: bytes, length: int) -> bool:
    return length == SIZES.get(name, length) and length <= MOST_SIZES.get(name, length)
