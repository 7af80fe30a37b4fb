"""Plane geometry for the figures: y grows upwards, angles are degrees counter-clockwise from the right."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import acos, atan2, cos, degrees, hypot, radians, sin

from schemas.figure import Point

Frame = Callable[[float, float], Point]
Radii = Sequence[tuple[float, float, float]]


def polar(origin: Point, angle: float, distance: float) -> Point:
    """The point `distance` away from `origin` at `angle`."""
    return origin[0] + distance * cos(radians(angle)), origin[1] + distance * sin(radians(angle))


def lerp(a: Point, b: Point, share: float) -> Point:
    """The point that lies `share` of the way from `a` to `b`."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def bearing(a: Point, b: Point) -> float:
    """The angle of the line from `a` to `b`."""
    return degrees(atan2(b[1] - a[1], b[0] - a[0]))


def distance(a: Point, b: Point) -> float:
    """How far `a` is from `b`."""
    return hypot(b[0] - a[0], b[1] - a[1])


def two_bone(root: Point, target: Point, first: float, second: float, bend: float) -> Point:
    """The elbow or knee of a limb that reaches `target`; bend +1 puts it left of root to target."""
    reach = max(1e-6, distance(root, target))
    if reach >= first + second:
        return lerp(root, target, first / (first + second))
    cosine = (first**2 + reach**2 - second**2) / (2 * first * reach)
    return polar(root, bearing(root, target) + bend * degrees(acos(max(-1.0, min(1.0, cosine)))), first)


def frame(origin: Point, along: float, unit: float = 1) -> Frame:
    """A local frame: (u, v) is u units towards the angle `along`, v units to the right of it."""

    def place(u: float, v: float) -> Point:
        return polar(polar(origin, along, u * unit), along - 90, v * unit)

    return place


def ribbon(ends: tuple[Point, Point, Point], radii: Radii, steps: int = 6) -> list[Point]:
    """The outline of a part along a quadratic curve (start, control, end).

    radii: rows of (share of the length, radius on the left, radius on the right), rising in share.
    """
    rows = [_ribbon_step(ends, radii, index / steps) for index in range(steps + 1)]
    return [left for left, _ in rows] + [right for _, right in reversed(rows)]


def through(a: Point, middle: Point, b: Point) -> tuple[Point, Point, Point]:
    """The quadratic curve from `a` to `b` that passes through `middle` half way."""
    control = (2 * middle[0] - (a[0] + b[0]) / 2, 2 * middle[1] - (a[1] + b[1]) / 2)
    return a, control, b


def _ribbon_step(ends: tuple[Point, Point, Point], radii: Radii, t: float) -> tuple[Point, Point]:
    start, control, end = ends
    here = lerp(lerp(start, control, t), lerp(control, end, t), t)
    direction = bearing(lerp(start, control, t), lerp(control, end, t))
    left, right = _radii_at(radii, t)
    return polar(here, direction + 90, left), polar(here, direction - 90, right)


def _radii_at(radii: Radii, t: float) -> tuple[float, float]:
    for low, high in pairwise(radii):
        if low[0] <= t <= high[0]:
            u = (t - low[0]) / (high[0] - low[0])
            ease = u * u * (3 - 2 * u)
            return low[1] + (high[1] - low[1]) * ease, low[2] + (high[2] - low[2]) * ease
    return radii[-1][1], radii[-1][2]
