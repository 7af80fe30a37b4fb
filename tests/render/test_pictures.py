"""Square codes and PNGs for mails."""

import struct
import xml.etree.ElementTree as ET

import pytest

from render.paper import qr
from render.paper.raster import png, size_of
from tests.helpers.printed import DRAWING, LINK


def test_a_png_has_the_asked_width_and_the_shape_of_the_drawing() -> None:
    data = png(DRAWING, 1088)
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) == (1088, 400)


def test_a_png_is_small_enough_for_a_mail() -> None:
    assert len(png(DRAWING, 1088)) < 60_000


@pytest.mark.parametrize(
    ("svg", "size"),
    [
        ('<svg viewBox="-10 -5 30.5 20"/>', (30.5, 20)),
        ('<svg width="40" height="20"/>', (40, 20)),
        ('<svg height="20" width="40px"/>', (40, 20)),
    ],
)
def test_the_size_of_a_drawing_is_read_from_it(svg: str, size: tuple[float, float]) -> None:
    assert size_of(svg) == size


def test_a_drawing_without_a_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no size"):
        size_of("<svg/>")


def test_a_square_code_is_paths_alone() -> None:
    root = ET.fromstring(qr.svg(LINK))
    assert {node.tag.rpartition("}")[2] for node in root.iter()} == {"svg", "path"}
    assert "viewBox" in root.attrib
    assert qr.svg(LINK) == qr.svg(LINK) != qr.svg(LINK + "x")


def test_a_link_too_long_for_a_code_is_refused() -> None:
    with pytest.raises(ValueError):
        qr.svg("https://clinic.example/" + "x" * 5000)
