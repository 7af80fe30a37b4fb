"""The body map: one body at a time, seen from the front or from behind, over a list of check boxes.

The list is the control and says everything in words; the drawing is hidden from screen readers. Page CSS
may colour these classes: body-edge, body-skin, body-lines, body-region (with `on`, and `main`), body-hit,
body-side. In the interactive drawing every `body-hit` names its check box in `data-for`, and every
`body-region` its place in `data-region`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from render.body import shapes
from render.body.shapes import HEIGHT, MIDDLE, WIDTH, Points

EDGE, SKIN, GREY, LIGHT, ON, MAIN = "#5b6875", "#eef2f4", "#8a97a3", "#c9d3da", "#e8894a", "#c2410c"


class BodyView(StrEnum):
    """From where the body is seen."""

    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Region:
    """One place: its id (`knee_front_l`; no ending in the middle) and its outline in the picture's pixels."""

    id: str
    points: Points


@cache
def regions(view: BodyView) -> tuple[Region, ...]:
    """The places that belong to a view, each to one alone.

    From the front, the left of the body is on the right, as when facing someone.
    """
    front = view is BodyView.FRONT
    pairs = shapes.FRONT_PAIRS if front else shapes.BACK_PAIRS
    middle = shapes.FRONT_MIDDLE if front else {}
    whole = tuple(Region(name, placed(points, 1)) for name, points in middle.items())
    return _both_sides(view, pairs) + whole


@cache
def drawn(view: BodyView) -> tuple[Region, ...]:
    """Everything that can be tapped in a view: its places, and from behind the hands once more."""
    again = () if view is BodyView.FRONT else _both_sides(view, shapes.HANDS)
    return regions(view) + again


def _both_sides(view: BodyView, pairs: Mapping[str, Points]) -> tuple[Region, ...]:
    left = 1 if view is BodyView.FRONT else -1
    return tuple(
        Region(f"{name}_{side}", placed(points, sign))
        for name, points in pairs.items()
        for side, sign in (("l", left), ("r", -left))
    )


def placed(points: Points, sign: int) -> Points:
    """Half-body points in the picture, mirrored when `sign` is -1."""
    return tuple((MIDDLE + sign * x, y) for x, y in points)


def svg(
    view: BodyView,
    chosen: Collection[str] = (),
    *,
    interactive: bool,
    main: str = "",
    sides: tuple[str, str] | None = None,
) -> str:
    """The drawing with the chosen places filled, `main` the strongest.

    `sides` are the words for the body's left and right, shown at the top. Without `interactive` it is a
    picture with colours of its own, for a PDF or for the practitioner.
    """
    marked = {*chosen, main} - {""}
    parts = [
        _defs(view),
        f'<g class="body-edge" fill="{EDGE}" stroke="{EDGE}" stroke-width="4" stroke-linejoin="round">',
        _outline(view),
        f'</g><g class="body-skin" fill="{SKIN}">{_outline(view)}</g>',
        f'<g clip-path="url(#body-{view}-clip)">',
        *(_region(region, region.id in marked, region.id == main) for region in drawn(view)),
        f'</g><g class="body-lines" fill="none" stroke="{GREY}" stroke-width="1.5" stroke-linecap="round" '
        f'transform="translate({MIDDLE} 0)">{_lines(view)}</g>',
        _sides(view, sides) if sides else "",
        *(_hit(region) for region in drawn(view) if interactive),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="body" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def _defs(view: BodyView) -> str:
    return f'<defs><clipPath id="body-{view}-clip">{_outline(view)}</clipPath></defs>'


def _region(region: Region, on: bool, main: bool) -> str:
    words = " ".join(word for word, holds in (("on", on), ("main", main)) if holds)
    fill = f'fill="{MAIN if main else ON}"' if on else 'fill="none"'
    return (
        f'<path class="body-region{" " if words else ""}{words}" data-region="{region.id}" {fill} '
        f'stroke="{LIGHT}" stroke-width="1" d="{straight(region.points)}"/>'
    )


def _hit(region: Region) -> str:
    return (
        f'<path class="body-hit" data-for="{region.id}" fill="#000" fill-opacity="0" pointer-events="all" '
        f'd="{straight(region.points)}"/>'
    )


def _sides(view: BodyView, sides: tuple[str, str]) -> str:
    left, right = sides
    at_left, at_right = (right, left) if view is BodyView.FRONT else (left, right)
    start = f'<text class="body-side" y="18" font-size="15" font-family="Noto Sans, sans-serif" fill="{EDGE}"'
    return f'{start} x="6">{at_left}</text>{start} x="{WIDTH - 6}" text-anchor="end">{at_right}</text>'


def _lines(view: BodyView) -> str:
    lines = shapes.LINES_FRONT if view is BodyView.FRONT else shapes.LINES_BACK
    return "".join(f'<path d="{line}"/>' for line in lines)


@cache
def _outline(view: BodyView) -> str:
    """The whole figure as overlapping closed paths."""
    foot = shapes.FOOT_FRONT if view is BodyView.FRONT else shapes.FOOT_BACK
    half = (*shapes.BODY_DOWN, *foot, *shapes.BODY_UP)
    whole = placed(half, 1) + placed(half[-2::-1], -1)
    head = placed(shapes.HEAD, 1) + placed(shapes.HEAD[-2:0:-1], -1)
    sides = [placed(points, sign) for points in (shapes.ARM, shapes.EAR) for sign in (1, -1)]
    return "".join(f'<path d="{smooth(points)}"/>' for points in (whole, head, *sides))


def straight(points: Points) -> str:
    """A closed path of straight lines."""
    return f"M{'L'.join(f'{x:g} {y:g}' for x, y in points)}Z"


def smooth(points: Points) -> str:
    """A closed path of curves through the points (Catmull-Rom)."""
    count = len(points)
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for index in range(count):
        before, start, end, after = (points[(index + step) % count] for step in (-1, 0, 1, 2))
        parts.append(
            f"C{start[0] + (end[0] - before[0]) / 6:.1f} {start[1] + (end[1] - before[1]) / 6:.1f} "
            f"{end[0] - (after[0] - start[0]) / 6:.1f} {end[1] - (after[1] - start[1]) / 6:.1f} "
            f"{end[0]:g} {end[1]:g}"
        )
    return "".join(parts) + "Z"
