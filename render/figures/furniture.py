"""What stands on the floor and the floor itself: one short function each, and a table of them."""

from collections.abc import Callable

from render.figures.canvas import Canvas, pair, polygon
from render.figures.prop_parts import DARK, LIGHT, MID, WOOD, WOOD_DARK, box, points, span, spot
from render.figures.skeleton import Skeleton
from schemas.figure import Prop, PropKind

WALL, WALL_LINE = "#e3e9ee", "#d3dbe2"
GRASS = (0.05, 0.3, 0.62, 0.93)
MAT, MAT_EDGE = "#b9d8cd", "#86b5a4"

Draw = Callable[[Canvas, Prop, Skeleton], None]


def _floor(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    box(canvas, (left, -1.6), (width, 1.6), MID, 0.8)


def _ground(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    box(canvas, (left, -3.4), (width, 3.4), "#cfd8c4", 1.2)
    canvas.stroke(f"M{pair((left + 5, -1.8))}L{pair((left + width - 5, -1.8))}", "#fff", 0.7, "6 5")
    tufts = [f"M{pair((left + width * share, 0.4))}l-1.6-3.4m1.6 3.4l.3-4.4m-.3 4.4l2-3" for share in GRASS]
    canvas.stroke("".join(tufts), "#a3b58c", 0.8)


def _mat(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    box(canvas, (left, -3.4), (width, 4.2), MAT, 1.6)
    canvas.rect((left, -3.4), (width, 1.6), MAT_EDGE, 0.8)


def _mat_above(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    """A mat seen from above; `w` pushes its far edge to the right, as when seen from one side too."""
    left, width = span(prop)
    if prop.w:
        _mat_slanted(canvas, prop, left, left + width)
        return
    box(canvas, (left, prop.y), (width, prop.h), MAT_EDGE, 3)
    canvas.rect((left + 1.4, prop.y + 1.4), (width - 2.8, prop.h - 2.8), MAT, 2)


def _mat_slanted(canvas: Canvas, prop: Prop, left: float, right: float) -> None:
    low, high = prop.y, prop.y + prop.h
    corners = [(left, low), (left + prop.w, high), (right + prop.w, high), (right, low)]
    for corner in corners:
        canvas.see(corner, 2)
    join = ' stroke="{}" stroke-width="3" stroke-linejoin="round"'
    canvas.fill(polygon([(x, y - 2) for x, y in corners]), MAT_EDGE, join.format(MAT_EDGE))
    canvas.fill(polygon(corners), MAT, join.format(MAT))


def _wall(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    box(canvas, (left, 0), (width, prop.h or 104), MID, 0.6)


def _wall_wide(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    canvas.rect((left, prop.y), (width, prop.h or 120), WALL)
    rows = range(int((prop.h or 120) // 14))
    lines = [f"M{pair((left, prop.y + 14 * row + 7))}h{width:g}" for row in rows]
    bricks = [
        f"M{pair((left + 12 + 24 * step + 12 * (row % 2), prop.y + 14 * row + 7))}v-14"
        for row in rows
        for step in range(int(width // 24))
    ]
    canvas.stroke("".join(lines + bricks), WALL_LINE, 0.6)


def _chair(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A chair from the side, its back at `at`; a negative width lets it face left."""
    (x, _), seat, width, back = spot(prop, body), prop.h or 22, prop.w or 26, prop.r or 34
    left, right = min(x, x + width), max(x, x + width)
    for leg in (left + 0.4, right - 3):
        box(canvas, (leg, 0), (2.6, seat - 2), DARK)
    box(canvas, (left - 1.6 if width > 0 else right - 1.2, seat - 3), (2.8, back), DARK, 1.2)
    box(canvas, (left - 1, seat - 3.6), (right - left + 2, 3.6), MID, 1.4)


def _chair_front(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    (x, _), seat, width, back = spot(prop, body), prop.h or 22, prop.w or 30, prop.r or 34
    half = width / 2
    for post in (x - half, x + half - 2.6):
        box(canvas, (post, 0), (2.6, seat + back), DARK, 1.2)
    box(canvas, (x - half, seat + back - 15), (width, 13), MID, 2)
    box(canvas, (x - half - 1, seat - 4), (width + 2, 4.4), MID, 1.4)


def _counter(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    (x, _), width = spot(prop, body), prop.w or 20
    box(canvas, (x + 3, 0), (width - 3, prop.h - 3), LIGHT, 0.6)
    canvas.stroke(f"M{pair((x + 7, prop.h - 14))}v-6", DARK, 1.2)
    box(canvas, (x, prop.h - 3.4), (width + 1, 3.4), DARK, 1)


def _counter_wide(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    box(canvas, (left + 2, 0), (width - 4, prop.h - 3), LIGHT, 0.6)
    doors = "".join(f"M{pair((left + width * share, prop.h - 6))}V-3" for share in (0.25, 0.5, 0.75))
    canvas.stroke(doors, MID, 0.8)
    box(canvas, (left, prop.h - 3.4), (width, 3.4), DARK, 1)


def _desk(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    (x, _), width = spot(prop, body), prop.w or 34
    box(canvas, (x + width - 5, 0), (2.6, prop.h - 2), DARK)
    box(canvas, (x, prop.h - 3), (width, 3), WOOD_DARK, 1)
    screen = [(x + 17, prop.h), (x + 22, prop.h + 17), (x + 24, prop.h + 17), (x + 19, prop.h)]
    canvas.see((x + 24, prop.h + 17))
    canvas.fill(polygon(screen), "#4b5563")
    box(canvas, (x + 7, prop.h), (11, 1.3), "#6b7683", 0.6)


def _doorway(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A door frame seen at a slant: far post, beam, near post."""
    (x, _), tall = spot(prop, body), prop.h or 112
    box(canvas, (x + 9, 4), (3.4, tall + 3), WOOD, 0.6)
    beam = [(x, tall - 1), (x + 9, tall + 7), (x + 12.4, tall + 7), (x + 4, tall - 1)]
    canvas.see((x, tall + 7))
    canvas.fill(polygon([*beam, (x + 4, tall - 4), (x, tall - 4)]), WOOD)
    box(canvas, (x, -1), (4, tall), WOOD_DARK, 0.6)


def _post(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    x, _ = spot(prop, body)
    box(canvas, (x, 0), (4.4, prop.h or 84), DARK, 1.2)
    box(canvas, (x - 3, 0), (10.4, 2.4), DARK, 1)


def _rail(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A hand rail along the points, each held by a post of the height `h`."""
    places = points(prop, body)
    for x, y in places:
        canvas.stroke(f"M{pair((x, y))}L{pair((x, max(0, y - prop.h)))}", MID, 2.2)
    canvas.stroke("M" + "L".join(pair(point) for point in places), DARK, 2.6)
    for point in places:
        canvas.see(point, 2)


def _step(canvas: Canvas, prop: Prop, _body: Skeleton) -> None:
    left, width = span(prop)
    box(canvas, (left, 0), (width, prop.h), LIGHT, 0.8)
    box(canvas, (left - 0.8, prop.h - 2.4), (width + 1.6, 2.4), DARK, 0.8)


def _stool(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    (x, _), width = spot(prop, body), prop.w or 18
    for leg in (x + 1, x + width - 3.2):
        box(canvas, (leg, 0), (2.2, prop.h - 2), WOOD_DARK)
    box(canvas, (x, prop.h - 3), (width, 3), WOOD, 1.2)


def _table(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A table from the side, its left edge at `at`; only its near end is wanted, so one leg is enough."""
    (x, _), width = spot(prop, body), prop.w or 34
    box(canvas, (x + width - 6, 0), (2.8, prop.h - 2), WOOD_DARK)
    box(canvas, (x, prop.h - 3), (width, 3), WOOD, 1)


def _shelf(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """A shelf on a wall, its left edge at `at`, its top at `h`."""
    (x, _), width = spot(prop, body), prop.w or 18
    box(canvas, (x, prop.h - 2.6), (width, 2.6), WOOD_DARK, 0.8)
    canvas.stroke(f"M{pair((x + width - 9, prop.h - 3))}l8 8", WOOD_DARK, 1.4)


FURNITURE: dict[PropKind, Draw] = {
    PropKind.CHAIR: _chair,
    PropKind.CHAIR_FRONT: _chair_front,
    PropKind.COUNTER: _counter,
    PropKind.COUNTER_WIDE: _counter_wide,
    PropKind.DESK: _desk,
    PropKind.DOORWAY: _doorway,
    PropKind.FLOOR: _floor,
    PropKind.GROUND: _ground,
    PropKind.MAT: _mat,
    PropKind.MAT_ABOVE: _mat_above,
    PropKind.POST: _post,
    PropKind.RAIL: _rail,
    PropKind.SHELF: _shelf,
    PropKind.STEP: _step,
    PropKind.STOOL: _stool,
    PropKind.TABLE: _table,
    PropKind.WALL: _wall,
    PropKind.WALL_WIDE: _wall_wide,
}
