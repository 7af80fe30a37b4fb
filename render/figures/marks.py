"""Arrows, focus rings and the small panel numbers."""

from render.figures.canvas import Canvas, number, pair, polygon
from render.figures.canvas import circle as circle_path
from render.figures.geometry import bearing, distance, lerp, polar
from schemas.figure import Point

ARROW = "#d9480f"
FOCUS = "#b35900"
BADGE_RIM, BADGE_INK = "#8795a3", "#3c4650"


def arrow(canvas: Canvas, start: Point, end: Point, bulge: float = 0, size: float = 1) -> None:
    """A curved arrow; `bulge` moves the middle of its curve to the left of start to end.

    `size` scales its thickness, for a picture that shows a part of the body enlarged.
    """
    middle = polar(lerp(start, end, 0.5), bearing(start, end) + 90, bulge * 2)
    heading, head = bearing(middle, end), min(5.0 * size, distance(start, end) * 0.55)
    stop = polar(end, heading + 180, head * 0.75)
    canvas.see(start, 2)
    canvas.see(lerp(middle, lerp(start, end, 0.5), 0.5), 2)
    canvas.see(end, 3)
    for color, width, grow in (("#fff", 3.9 * size, 0.9 * size), (ARROW, 2.0 * size, 0.0)):
        canvas.stroke(f"M{pair(start)}Q{pair(middle)} {pair(stop)}", color, width)
        canvas.fill(polygon(_arrow_head(end, heading, head, grow)), color)


def _arrow_head(tip: Point, heading: float, length: float, grow: float) -> list[Point]:
    foot = polar(tip, heading + 180, length + grow)
    half = length * 0.6 + grow * 1.3
    return [polar(tip, heading, grow * 1.5), polar(foot, heading + 90, half), polar(foot, heading - 90, half)]


def focus(canvas: Canvas, centre: Point, radius: float) -> None:
    """A ring around the place that works."""
    canvas.see(centre, radius + 1)
    for color, width in (("#fff", 2.8), (FOCUS, 1.5)):
        canvas.stroke(circle_path(centre, radius), color, width)


def badge(centre: Point, digit: int, scale: float = 1) -> str:
    """A small round mark with 1 or 2, drawn as lines so that no font is needed; `centre` in SVG's own y."""
    line = {1: "M-1.1-1.1L.3-2.2V2.2", 2: "M-1.3-1A1.4 1.4 0 1 1 1.1-.2L-1.3 2.1H1.5"}[digit]
    pen = f'fill="none" stroke="{BADGE_INK}" stroke-linecap="round" stroke-linejoin="round"'
    rim = f'<circle r="4" fill="#fff" stroke="{BADGE_RIM}" stroke-width="0.6"/>'
    place = f"translate({number(centre[0])} {number(centre[1])}) scale({scale:.2f})"
    return f'<g transform="{place}">{rim}<path d="{line}" {pen}/></g>'
