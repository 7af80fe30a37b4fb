"""Photos as phones make them: `jpeg` has the parts of one and draws nothing, `photo` is a grey square."""

import struct

SECRET = b"52.5200N 13.4050E Ann's phone"


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg(*extra: bytes, down: int = 8, across: int = 8, after: bytes = b"") -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, down, across, 1) + b"\x01\x11\x00")
    drawn = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    parts = (segment(0xDB, bytes(65)), frame, segment(0xC4, bytes(20)), drawn)
    return b"\xff\xd8" + b"".join((*extra, *parts)) + b"\xff\xd9" + after


def photo(*extra: bytes) -> bytes:
    """Eight by eight grey points: each table has one code, of one bit."""
    table = b"\x01" + bytes(16)
    parts = (
        segment(0xDB, b"\x00" + b"\x01" * 64),
        segment(0xC0, struct.pack(">BHHB", 8, 8, 8, 1) + b"\x01\x11\x00"),
        segment(0xC4, b"\x00" + table),
        segment(0xC4, b"\x10" + table),
        segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x3f",
    )
    return b"\xff\xd8" + b"".join((*extra, *parts)) + b"\xff\xd9"
