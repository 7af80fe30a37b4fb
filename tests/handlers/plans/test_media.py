"""What a phone writes into a photo or clip is taken out; a file that is not understood is refused."""

import struct
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handlers.plans.media import PNG, clean
from render.paper.raster import png
from schemas.media import Unsuitable
from tests.helpers.photos import SECRET, jpeg, segment

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'


def exif(turned: int, order: str) -> bytes:
    """Exif data as a phone writes it: which way up, and a text beside it."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, turned, 0)
    entries += struct.pack(f"{order}HHII", 0x010F, 2, len(SECRET), 40)
    body = mark + struct.pack(f"{order}IH", 8, 2) + entries
    return b"Exif\0\0" + body.ljust(40, b"\0") + SECRET


OTHERS = st.lists(
    st.builds(
        segment,
        st.sampled_from([*range(0xE0, 0xEE), 0xEF, 0xFE]),
        st.binary(max_size=20).map(lambda more: SECRET + more),
    ),
    max_size=5,
)


@given(OTHERS, st.binary(max_size=40))
def test_a_photo_keeps_what_draws_it_and_nothing_else(others: list[bytes], after: bytes) -> None:
    made = clean(jpeg(*others, after=SECRET + after))
    assert made.data == jpeg()
    assert made.kind == "image/jpeg"
    assert clean(made.data) == made


@pytest.mark.parametrize("turned", range(9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_photo_stays_the_way_up_that_it_was_held(turned: int, order: str) -> None:
    made = clean(jpeg(segment(0xE1, exif(turned, order))))
    assert SECRET not in made.data
    assert (b"Exif" in made.data) == (2 <= turned <= 8)
    if turned >= 2:
        assert struct.pack(">HHIH", 0x0112, 3, 1, turned) in made.data
    assert clean(made.data) == made


def chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def test_a_picture_in_png_keeps_what_draws_it_and_nothing_else() -> None:
    plain = clean(png(SVG, 8)).data
    head = plain[: len(PNG) + 25]
    spoiled = head + chunk(b"tEXt", SECRET) + chunk(b"eXIf", SECRET) + plain[len(head) :] + SECRET
    assert clean(spoiled).data == plain


def box(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + name + payload


PICTURE, PLACES = b"picture" * 9, SECRET * 2
BY = b"Ann's encoder"
HEAD = 16 + 8 + len(SECRET) + 8  # bytes before the samples


def track(
    handler: bytes = b"vide", codec: bytes = b"avc1", at: int = HEAD, size: int = len(PICTURE)
) -> bytes:
    """One track with one chunk of two samples at a place in the file."""
    described = box(codec, bytes(42) + (BY if handler == b"vide" else b"").ljust(32, b"\0") + bytes(4))
    stsd = box(b"stsd", bytes(4) + struct.pack(">I", 1) + described)
    groups = box(b"sgpd", SECRET) + box(b"sbgp", SECRET)
    sizes = box(b"stsz", bytes(4) + struct.pack(">IIII", 0, 2, 7, size - 7))
    chunks = box(b"stsc", bytes(4) + struct.pack(">IIII", 1, 1, 2, 1))
    places = box(b"stco", bytes(4) + struct.pack(">II", 1, at))
    stbl = box(
        b"stbl", stsd + box(b"stts", bytes(8)) + chunks + sizes + places + box(b"sbtl", SECRET) + groups
    )
    hdlr = box(b"hdlr", bytes(8) + handler + bytes(12) + SECRET)
    ours = box(b"hdlr", bytes(4) + b"dhlrurl " + bytes(12) + SECRET)
    mdia = box(b"mdia", box(b"mdhd", b"\0\0\0\0" + b"\x11" * 20) + hdlr + box(b"minf", ours + stbl))
    return box(b"trak", box(b"tkhd", b"\0\0\0\0" + b"\x11" * 80) + mdia + box(b"udta", SECRET))


def mp4(*tracks: bytes, end: bytes = b"") -> bytes:
    """Samples of a picture, then those of another track, then what no track names."""
    moov = box(b"mvhd", b"\0\0\0\0" + b"\x11" * 96) + b"".join(tracks) + box(b"meta", SECRET)
    whole = box(b"ftyp", b"isom" + bytes(4)) + box(b"uuid", SECRET)
    return whole + box(b"mdat", PICTURE + PLACES + SECRET) + box(b"moov", moov) + end


PLACES_AT = HEAD + len(PICTURE)
OF_PLACES = {"at": PLACES_AT, "size": len(PLACES)}
CLIPS = {
    "picture alone": mp4(track()),
    "with sound": mp4(track(), track(b"soun", b"mp4a")),
    "a box of the maker's own": mp4(track(), end=box(b"sefd", SECRET)),
    "a phone's track of places": mp4(track(), track(b"meta", b"mebx", **OF_PLACES)),
    "sound in space, which few can play": mp4(track(), track(b"soun", b"apac", **OF_PLACES)),
}


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_keeps_its_places_and_loses_what_else_is_in_it(name: str) -> None:
    before = CLIPS[name]
    made = clean(before)
    assert made.kind == "video/mp4"
    assert len(made.data) == len(before), "the picture is found by offsets"
    assert SECRET not in made.data
    assert BY not in made.data
    assert made.data.find(PICTURE) == before.find(PICTURE)
    clocks = [made.data.find(name) + 8 for name in (b"mvhd", b"tkhd", b"mdhd")]
    assert all(made.data[at : at + 8] == bytes(8) for at in clocks), "when it was taken"
    assert clean(made.data) == made


SAID = {
    "what Apple's phones record if they are let": (mp4(track(codec=b"hvc1")), "Most Compatible"),
    "what a browser records": (mp4(track(), end=box(b"moof", SECRET)), "in pieces"),
    "what some browsers record": (b"\x1a\x45\xdf\xa3" + bytes(40), "WebM"),
    "more bytes than are kept": (mp4(track(), end=box(b"free", bytes(16_000_000))), "too large"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_clip_that_is_not_taken_says_what_to_do(name: str) -> None:
    data, words = SAID[name]
    with pytest.raises(Unsuitable, match=words):
        clean(data)


REFUSED = {
    "nothing": b"",
    "text": b"hello",
    "a page": b"<html><script>alert(1)</script>",
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "a moving picture of another kind": b"GIF89a" + bytes(40),
    "what Apple's phones keep": box(b"ftyp", b"heic" + bytes(4)) + box(b"meta", SECRET),
    "a page behind the sign of a photo": b"\xff\xd8\xff<script>alert(1)</script>",
    "half a photo": jpeg()[:40],
    "a photo without a picture": b"\xff\xd8\xff\xd9",
    "a photo as large as a town": jpeg(down=60_000, across=60_000),
    "more bytes than are kept": jpeg(*[segment(0xDB, bytes(65_000))] * 70),
    "half a picture": png(SVG, 8)[:-20],
    "a picture with a wrong sum": png(SVG, 8).replace(b"IDAT", b"IDAT", 1)[:-5] + b"12345",
    "a clip of a kind that few can play": mp4(track(codec=b"hvc1")),
    "places alone": mp4(track(b"meta", b"mebx")),
    "a clip of a kind that nobody knows": mp4(track(codec=b"xxxx")),
    "a picture that is not in the file": mp4(track(at=60_000)),
    "a picture that lies in another part": mp4(track(at=4)),
    "sound alone": mp4(track(b"soun", b"mp4a")),
    "a clip in pieces": mp4(track(), end=box(b"moof", SECRET)),
    "a box longer than the file": mp4(track())[:-30],
    "a box of no length": box(b"ftyp", b"isom") + struct.pack(">I", 3) + b"moov",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_cleaned_is_refused(name: str) -> None:
    with pytest.raises(Unsuitable):
        clean(REFUSED[name])


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", PNG, box(b"ftyp", b"isom"), jpeg()[:60], mp4(track())]),
)
@example(struct.pack(">I4sQ", 1, b"moov", 2**63), box(b"ftyp", b"isom"))
def test_no_bytes_at_all_bring_it_down(noise: bytes, start: bytes) -> None:
    try:
        made = clean(start + noise)
    except Unsuitable:
        return
    assert clean(made.data) == made


@given(st.sampled_from([*CLIPS]), st.integers(0, 1000), st.integers(0, 255))
def test_a_clip_with_one_wrong_byte_is_refused_or_clean(name: str, at: int, byte: int) -> None:
    data = bytearray(CLIPS[name])
    data[at % len(data)] = byte
    try:
        made = clean(bytes(data))
    except Unsuitable:
        return
    assert clean(made.data) == made


def header(side: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))


DRAWN, END = chunk(b"IDAT", zlib.compress(bytes(25 * 8))), chunk(b"IEND", b"")
FIRST_SMALL = chunk(b"tEXt", struct.pack(">II", 8, 8))


@pytest.mark.parametrize(
    "chunks",
    [
        (FIRST_SMALL, header(60_000), DRAWN, END),
        (header(8), header(60_000), DRAWN, END),
        (FIRST_SMALL, DRAWN, END),
        (header(8), chunk(b"gAMA", SECRET), DRAWN, END),
        (header(8), DRAWN, chunk(b"IEND", SECRET)),
        (header(8), chunk(b"tRNS", SECRET * 20), DRAWN, END),
    ],
    ids=["huge behind a text", "huge second", "no header", "more than a figure", "behind the end", "long"],
)
def test_a_png_that_hides_its_size_or_more_than_a_picture_is_refused(chunks: tuple[bytes, ...]) -> None:
    assert clean(PNG + header(8) + DRAWN + END).data
    with pytest.raises(Unsuitable):
        clean(PNG + b"".join(chunks))


def test_a_part_of_a_jpeg_that_draws_nothing_is_taken_out() -> None:
    assert clean(jpeg(segment(0xC8, SECRET))).data == jpeg()
