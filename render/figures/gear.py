"""What a person holds, lies on or pulls: one short function each, and a table of them."""

from collections.abc import Callable

from render.figures.canvas import Canvas, blob, capsule, circle, number, pair, polygon
from render.figures.geometry import Frame, frame, lerp, polar
from render.figures.prop_parts import DARK, WOOD, WOOD_DARK, points, span, spot
from render.figures.skeleton import Skeleton
from schemas.figure import Prop, PropKind

CLOTH, CLOTH_DARK, PILLOW = "#a9d2ee", "#5b93bd", "#e4ebf1"
BAND, RUBBER, RUBBER_LIGHT = "#b3261e", "#4c6ef5", "#c9d4ff"
AIR, BELT, BUCKLE = "#5b9bd5", "#9a6a34", "#e2c044"

Draw = Callable[[Canvas, Prop, Skeleton], None]


def _soft(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    canvas.see((left, prop.y))
    canvas.see((left + width, prop.y + prop.h))
    canvas.rect((left, prop.y), (width, prop.h), DARK, min(prop.h / 2, 2.6))
    canvas.rect(
        (left + 0.5, prop.y + 0.5),
        (width - 1, prop.h - 1),
        CLOTH if prop.kind is PropKind.PAD else PILLOW,
        min(prop.h / 2, 2.4),
    )


def _roll(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A rolled towel seen from its end: a coil."""
    centre, radius = spot(prop, body), prop.r or 3
    canvas.see(centre, radius)
    canvas.fill(circle(centre, radius), CLOTH_DARK)
    canvas.fill(circle(centre, radius - 0.5), CLOTH)
    turns = [polar(centre, 40 * step, radius * (0.12 + 0.04 * step)) for step in range(19)]
    canvas.stroke("M" + "L".join(pair(point) for point in turns), CLOTH_DARK, 0.6)


def _roller(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A foam roller: its end, or its length when two points are given."""
    if prop.points:
        start, end = points(prop, body)
        canvas.fill(capsule(start, end, prop.r, prop.r), RUBBER)
        canvas.see(start, prop.r)
        canvas.see(end, prop.r)
        return
    centre, radius = spot(prop, body), prop.r or 5.2
    canvas.see(centre, radius)
    canvas.fill(circle(centre, radius), RUBBER)
    canvas.fill(circle(centre, radius * 0.42), RUBBER_LIGHT)


def _ball(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    centre, radius = spot(prop, body), prop.r or 3.4
    canvas.see(centre, radius)
    canvas.fill(circle(centre, radius), BAND)
    canvas.stroke(
        f"M{pair(polar(centre, 130, radius * 0.6))}L{pair(polar(centre, 100, radius * 0.62))}", "#fff", 0.8
    )


def _pin(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A rolling pin from handle to handle; `r` is its half width."""
    start, end = points(prop, body)
    canvas.see(start, 2)
    canvas.see(end, 2)
    radius, barrel = prop.r or 2.6, (lerp(start, end, 0.24), lerp(start, end, 0.76))
    canvas.fill(capsule(start, end, 1.5, 1.5), WOOD_DARK)
    canvas.fill(capsule(*barrel, radius, radius), WOOD, f' stroke="{WOOD_DARK}" stroke-width="0.7"')


def _line(canvas: Canvas, prop: Prop, body: Skeleton, color: str, width: float, dash: str = "") -> None:
    places = points(prop, body)
    for point in places:
        canvas.see(point, width / 2)
    canvas.stroke("M" + "L".join(pair(point) for point in places), color, width, dash)


def _band(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    _line(canvas, prop, body, BAND, prop.w or 1.8)


def _belt(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A belt with its buckle in the middle."""
    _line(canvas, prop, body, BELT, prop.w or 2.4)
    places = points(prop, body)
    x, y = lerp(places[0], places[-1], 0.5)
    y = min(y, *(point[1] for point in places))
    canvas.stroke(f"M{pair((x - 2, y + 1.9))}h4v3.8h-4z", BUCKLE, 1.1)


def _towel(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    _line(canvas, prop, body, CLOTH_DARK, (prop.w or 2.4) + 1)
    _line(canvas, prop, body, CLOTH, prop.w or 2.4)


def _paces(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    """Shoe prints along the ground, `w` apart: how long a step is."""
    left, width = span(prop)
    canvas.see((left, prop.y - 2))
    canvas.see((left + width, prop.y + 2))
    for step in range(int(width / prop.w) + 1):
        x = left + prop.w * step
        canvas.fill(capsule((x, prop.y), (x + 4, prop.y), 1.6, 2.0), DARK)
        canvas.fill(circle((x - 3, prop.y), 1.4), DARK)


def _dash(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    _line(canvas, prop, body, DARK, prop.w or 0.9, "2.5 2.2")


def _speed(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """Three short lines behind somebody who moves."""
    x, y = spot(prop, body)
    length = prop.w or 10
    canvas.see((x, y))
    canvas.see((x - length, y - 18))
    rows = ((0, 1.0), (-9, 0.7), (-18, 0.9))
    canvas.stroke("".join(f"M{pair((x, y + dy))}h-{length * share:g}" for dy, share in rows), DARK, 1.3)


def _breath(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """Soft waves of air that start at the mouth."""
    x, y = spot(prop, body)
    length = prop.w or 14
    canvas.see((x, y))
    canvas.see((x + length, y + 4))
    half, quarter = number(length / 2), number(length / 4)
    starts = [(pair((x, y + dy * 0.5)), number(-dy / 4), number(-dy / 2)) for dy in (5, 0, -5)]
    waves = [f"M{start}q{quarter}-2.4 {half} {rise}t{half} {fall}" for start, rise, fall in starts]
    canvas.stroke("".join(waves), AIR, 1.3)


def _bottle(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A small water bottle held in the middle; `r` is half its height."""
    x, y = spot(prop, body)
    half = prop.r or 5.0
    wide = half * 0.42
    canvas.see((x - wide, y - half))
    canvas.see((x + wide, y + half))
    canvas.rect((x - wide - 0.4, y - half - 0.4), (2 * wide + 0.8, 1.55 * half + 0.8), CLOTH_DARK, 1.4)
    canvas.rect((x - wide, y - half), (2 * wide, 1.55 * half), CLOTH, 1.2)
    canvas.rect((x - wide * 0.55, y + half * 0.5), (wide * 1.1, half * 0.5), RUBBER, 0.5)


def _bag(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A full shopping bag that hangs from a hand at `at`; `r` is half its width."""
    x, y = spot(prop, body)
    half = prop.r or 6.0
    canvas.see((x - half, y - 7 - 1.9 * half))
    canvas.see((x + half, y))
    canvas.stroke(
        f"M{pair((x - half * 0.6, y - 7))}Q{pair((x, y + 5))} {pair((x + half * 0.6, y - 7))}", BELT, 1.4
    )
    low = y - 7 - 1.9 * half
    corners = [(x - half * 0.8, y - 6.6), (x + half * 0.8, y - 6.6), (x + half, low), (x - half, low)]
    canvas.fill(polygon(corners), "#e2c79a", f' stroke="{BELT}" stroke-width="0.8" stroke-linejoin="round"')


FINGERS = ((-4.9, 9.4), (-1.7, 11.2), (1.6, 10.4), (4.7, 7.8))
"""Where each finger starts on the palm, and how long it is, in units of `r`."""
SKIN, SKIN_LINE = "#dba881", "#8a5a38"


def _hand(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A hand seen from its palm, fingers up; `r` is its unit, `w` how far it is closed (0 open, 1 a fist)."""
    origin, unit, closed = spot(prop, body), prop.r or 1.0, prop.w
    place = frame(origin, 90, unit)
    rim = f' stroke="{SKIN_LINE}" stroke-width="{number(0.5 * unit)}" stroke-linejoin="round"'
    canvas.see(place(-12, -9))
    canvas.see(place(25, 9))
    canvas.fill(capsule(place(-12, 0), place(3, 0), 4.6 * unit, 5.2 * unit), SKIN, rim)
    for v, long in FINGERS:
        canvas.fill(
            capsule(place(9, v * 0.9), place(12 + long * (1 - closed), v), 1.75 * unit, 1.55 * unit),
            SKIN,
            rim,
        )
    canvas.fill(blob([place(*at) for at in PALM]), SKIN, rim)
    for v, long in FINGERS if closed > 0.5 else ():
        tip = 12 - (2 * closed - 1) * long * 0.62
        canvas.fill(capsule(place(12.4, v * 0.95), place(tip, v * 0.9), 1.75 * unit, 1.6 * unit), SKIN, rim)
    canvas.fill(_thumb(place, closed, unit), SKIN, rim)


PALM = ((0, -4.6), (4, -6.6), (11, -6.6), (13, -3.4), (13, 3.2), (11, 6.4), (4, 6.4), (0, 4.6))


def _thumb(place: Frame, closed: float, unit: float) -> str:
    """The thumb stands off an open hand and lies over the fingers of a fist."""
    foot, tip = place(4, -5 + closed * 1.5), place(11 - closed * 4.2, -12 + closed * 14)
    return capsule(foot, tip, 2.3 * unit, 1.7 * unit)


GEAR: dict[PropKind, Draw] = {
    PropKind.BAG: _bag,
    PropKind.BELT: _belt,
    PropKind.BALL: _ball,
    PropKind.BAND: _band,
    PropKind.BOTTLE: _bottle,
    PropKind.BREATH: _breath,
    PropKind.DASH: _dash,
    PropKind.HAND: _hand,
    PropKind.PACES: _paces,
    PropKind.PAD: _soft,
    PropKind.PILLOW: _soft,
    PropKind.PIN: _pin,
    PropKind.ROLL: _roll,
    PropKind.ROLLER: _roller,
    PropKind.SPEED: _speed,
    PropKind.TOWEL: _towel,
}
