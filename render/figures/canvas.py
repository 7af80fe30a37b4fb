"""Collects SVG elements (presentation attributes only: a strict CSP blocks style) and the box they fill."""

from collections.abc import Sequence
from math import acos, degrees

from render.figures.geometry import bearing, distance, polar
from schemas.figure import Point

Shape = tuple[str, str]


def number(value: float) -> str:
    """A coordinate with one decimal at most, without a negative zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def pair(point: Point) -> str:
    """A point as SVG writes it; SVG counts y downwards."""
    return f"{number(point[0])} {number(-point[1])}".replace(" -", "-")


def circle(centre: Point, radius: float, other: float | None = None) -> str:
    """Path data of a circle, or of an upright ellipse with `other` as its half height."""
    rx, ry = number(radius), number(radius if other is None else other)
    across = number(2 * radius)
    arcs = f"a{rx} {ry} 0 1 0 {across} 0a{rx} {ry} 0 1 0 -{across} 0z"
    return f"M{pair((centre[0] - radius, centre[1]))}{arcs}"


def capsule(a: Point, b: Point, start: float, end: float) -> str:
    """Path data of a tapered limb with round ends of the radii `start` and `end`."""
    length = distance(a, b)
    if length < 1e-3 or length <= abs(start - end):
        return circle(a if start >= end else b, max(start, end))
    along, half = bearing(a, b), degrees(acos((start - end) / length))
    cap_a, cap_b = int(half < 90), int(half > 90)
    first, second = polar(a, along + half, start), polar(b, along + half, end)
    third, fourth = polar(b, along - half, end), polar(a, along - half, start)
    round_a, round_b = f"A{number(start)} {number(start)} 0", f"A{number(end)} {number(end)} 0"
    return (
        f"M{pair(first)}L{pair(second)}{round_b} {cap_b} 1 {pair(third)}"
        f"L{pair(fourth)}{round_a} {cap_a} 1 {pair(first)}z"
    )


def tube(a: Point, b: Point, start: float, end: float) -> str:
    """Path data of a sleeve or a trouser leg: round at `a`, cut off with a slightly curved hem at `b`."""
    if distance(a, b) < end:
        return capsule(a, b, start, end)
    along = bearing(a, b)
    first, second = polar(a, along + 90, start), polar(b, along + 90, end)
    third, fourth = polar(b, along - 90, end), polar(a, along - 90, start)
    hem, cap = pair(polar(b, along, end * 0.35)), f"A{number(start)} {number(start)} 0 1 1"
    return f"M{pair(first)}L{pair(second)}Q{hem} {pair(third)}L{pair(fourth)}{cap} {pair(first)}z"


def polygon(points: Sequence[Point]) -> str:
    """Path data of straight edges."""
    return "M" + "L".join(pair(point) for point in points) + "z"


def blob(points: Sequence[Point]) -> str:
    """Path data of a smooth closed outline through the points (Catmull-Rom)."""
    count, parts = len(points), ["M" + pair(points[0])]
    for index in range(count):
        before, here, after, later = (points[(index + step - 1) % count] for step in range(4))
        one = (here[0] + (after[0] - before[0]) / 6, here[1] + (after[1] - before[1]) / 6)
        two = (after[0] - (later[0] - here[0]) / 6, after[1] - (later[1] - here[1]) / 6)
        lead = "S" if index else f"C{pair(one)} "  # S mirrors the last handle, which is just what is wanted
        parts.append(f"{lead}{pair(two)} {pair(after)}".replace(" -", "-"))
    return "".join(parts) + "z"


class Canvas:
    """An SVG under construction. `box` is left, bottom, right, top of what must be seen."""

    def __init__(self) -> None:
        self.elements: list[str] = []
        self.box = [1e9, 1e9, -1e9, -1e9]

    def see(self, point: Point, radius: float = 0) -> None:
        """Widen the box so that the point, with room around it, stays in the picture."""
        x, y = point
        low, high = (min, max)
        self.box = [
            low(self.box[0], x - radius),
            low(self.box[1], y - radius),
            high(self.box[2], x + radius),
            high(self.box[3], y + radius),
        ]

    def fill(self, data: str, color: str, extra: str = "") -> None:
        """One filled path; without a colour it takes that of the group it is in."""
        paint = f' fill="{color}"' if color else ""
        self.elements.append(f'<path d="{data}"{paint}{extra}/>')

    def rect(self, corner: Point, size: Point, color: str, radius: float = 0) -> None:
        """A rectangle from its lower left corner."""
        x, y = number(corner[0]), number(-corner[1] - size[1])
        self.elements.append(
            f'<rect x="{x}" y="{y}" width="{number(size[0])}" height="{number(size[1])}" '
            f'rx="{number(radius)}" fill="{color}"/>'
        )

    def stroke(self, data: str, color: str, width: float, dash: str = "") -> None:
        """One open path with round ends."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.elements.append(
            f'<path d="{data}" fill="none" stroke="{color}" stroke-width="{number(width)}" '
            f'stroke-linecap="round" stroke-linejoin="round"{dashes}/>'
        )

    def rim(self, shapes: Sequence[Shape]) -> None:
        """A pale line around the union of shapes, so that a limb stands out from what lies behind."""
        joined = "".join(data for data, _ in shapes)
        self.fill(joined, "#fff", ' stroke="#fff" stroke-width="1.5" stroke-linejoin="round"')

    def layer(self, shapes: Sequence[Shape], halo: bool = True) -> None:
        """Shapes in their colours, with a pale line around their union."""
        if halo:
            self.rim(shapes)
        for data, color in shapes:
            self.fill(data, color)
