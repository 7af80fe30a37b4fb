"""SVG to PNG for mails, through the same engine that makes the PDFs."""

import re
from functools import lru_cache

from render.paper.press import press

VIEW_BOX = re.compile(r'viewBox="([-\d.]+) ([-\d.]+) ([\d.]+) ([\d.]+)"')
TAG = re.compile(r"<svg\b[^>]*>")
SIZE = re.compile(r'\s(width|height)="([\d.]+)')
PAGE = b"""#let d = json("data.json")
#set page(width: d.width * 1pt, height: d.height * 1pt, margin: 0pt, fill: rgb(d.tile))
#image("picture.svg", width: 100%, height: 100%, fit: "contain", alt: "picture")"""
TILE = "#f5f7f9"


@lru_cache(maxsize=128)
def png(svg: str, width: int) -> bytes:
    """The drawing as a PNG of `width` pixels on a solid ground, so that dark mail programs cannot hide it.

    Raises ValueError when the drawing has no size, and `typst.TypstError` when it is not SVG.
    """
    across, down = size_of(svg)
    height = max(1, round(width * down / across))
    data = {"width": width, "height": height, "tile": TILE}
    return press(PAGE, data, {"picture.svg": svg.encode()}, format="png")


def size_of(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in its own units."""
    tag = TAG.search(svg)
    head = tag[0] if tag else ""
    if found := VIEW_BOX.search(head):
        return float(found[3]), float(found[4])
    sizes = dict(SIZE.findall(head))
    if "width" not in sizes or "height" not in sizes:
        raise ValueError("the drawing has no viewBox and no size")
    return float(sizes["width"]), float(sizes["height"])
