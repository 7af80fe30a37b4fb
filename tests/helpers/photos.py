"""Photos as phones make them, without a picture in them: only the parts of the file count."""

import struct

SECRET = b"52.5200N 13.4050E Ann's phone"


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg(*extra: bytes, down: int = 8, across: int = 8, after: bytes = b"") -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, down, across, 1) + b"\x01\x11\x00")
    drawn = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    parts = (segment(0xDB, bytes(65)), frame, segment(0xC4, bytes(20)), drawn)
    return b"\xff\xd8" + b"".join((*extra, *parts)) + b"\xff\xd9" + after
