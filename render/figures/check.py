"""The pose checker: what is wrong with a figure that a person would notice only by looking."""

from collections.abc import Callable
from itertools import chain

from render.figures.geometry import distance
from render.figures.motion import between
from render.figures.panels import Box, drawn_box, frame_of
from render.figures.skeleton import FOREARM, SHIN, SIDES, THIGH, UPPER_ARM, Skeleton, solve
from schemas.figure import Arrow, Figure, Limb, Point, Pose, Prop, PropKind, View

FLOOR_ROOM = {
    "hand": 1.0,
    "wr": 1.4,
    "el": 2.2,
    "kn": 3.6,
    "an": 2.4,
    "toe": 0.0,
    "hip": 5.4,
    "head": 4.8,
    "neck": 2.6,
}
Solid = tuple[float, float, float, float]
STANDS_ON = (PropKind.FLOOR, PropKind.GROUND, PropKind.MAT)
EMPTY_SHARE = 0.35
SLACK = 0.6


def problems_between(figure: Figure, steps: int = 8) -> list[str]:
    """Return where a moving figure would sink into the floor or pass through furniture on its way."""
    rows: list[str] = []
    for step in range(1, steps):
        body, name = between(figure, step / steps), f"{step} of {steps}"
        rows += [*_below_floor(figure, name, body, SLACK), *_in_furniture(figure, name, body)]
    return rows


def problems(figure: Figure) -> list[str]:
    """Everything that is wrong with the poses, arrows and frame of a figure; empty when it is sound."""
    poses = {"start": figure.start, "end": figure.end}
    bodies = {name: solve(figure, pose) for name, pose in poses.items()}
    box = frame_of(figure)
    return list(
        chain(
            *(_below_floor(figure, name, body) for name, body in bodies.items()),
            *(_too_far(name, poses[name], body) for name, body in bodies.items()),
            *(_in_furniture(figure, name, body) for name, body in bodies.items()),
            _marks_outside(figure, bodies, box),
            _empty_above(figure, box),
        )
    )


def _below_floor(figure: Figure, name: str, body: Skeleton, slack: float = 0) -> list[str]:
    if figure.from_above or not any(prop.kind in STANDS_ON for prop in figure.props):
        return []
    return [
        f"{name}: {joint} is below the floor ({place[1]:.1f})"
        for joint, place in body.joints.items()
        if place[1] < FLOOR_ROOM.get(joint.split("_")[0], -99) - slack
        and not (joint.startswith("toe") and figure.view is not View.SIDE)
    ]


def _too_far(name: str, pose: Pose, body: Skeleton) -> list[str]:
    rows = []
    for side in SIDES:
        rows += [(f"arm_{side}", f"sh_{side}", pose.arm_f if side == "f" else pose.arm_n, UPPER_ARM, FOREARM)]
        rows += [(f"leg_{side}", f"hp_{side}", pose.leg_f if side == "f" else pose.leg_n, THIGH, SHIN)]
    return [
        f"{name}: {limb_name} reaches for a point out of reach"
        for limb_name, root, limb, first, second in rows
        if limb and _is_too_far(limb, body, body.joints[root], (first, second))
    ]


def _is_too_far(limb: Limb, body: Skeleton, root: Point, lengths: tuple[float, float]) -> bool:
    if limb.to is None:
        return False
    first, second = lengths[0] * limb.scale[0], lengths[1] * limb.scale[1]
    target = body.at(limb.to)
    if limb.mid is None:
        return distance(root, target) > first + second + SLACK
    middle = body.at(limb.mid)  # drawn foreshortened, so only too long is wrong
    return distance(root, middle) > lengths[0] * 1.15 or distance(middle, target) > lengths[1] * 1.15


def _in_furniture(figure: Figure, name: str, body: Skeleton) -> list[str]:
    """Joints inside a thing that a side view shows with its edges: nothing can pass there."""
    if figure.view is not View.SIDE:
        return []
    return [
        f"{name}: {joint} is inside a {prop.kind}"
        for prop in figure.props
        if prop.kind in SOLID
        for joint, (x, y) in body.joints.items()
        for left, right, low, top in [SOLID[prop.kind](prop)]
        if left < x < right and low < y < top
    ]


def _wall(prop: Prop) -> Solid:
    left, right = prop.x or (0, 0)
    return left, right, -9, prop.h


def _counter(prop: Prop) -> Solid:
    left = prop.at.x if prop.at else 0
    return left + 3, left + (prop.w or 20), -9, prop.h - 3.4


def _board(prop: Prop) -> Solid:
    """The top of a table, a stool or a shelf."""
    left = prop.at.x if prop.at else 0
    return left, left + (prop.w or 18), prop.h - 3, prop.h


def _seat(prop: Prop) -> Solid:
    one = prop.at.x if prop.at else 0
    ends = sorted((one, one + (prop.w or 26)))
    return ends[0], ends[1], (prop.h or 22) - 3.6, prop.h or 22


SOLID: dict[PropKind, Callable[[Prop], Solid]] = {
    PropKind.WALL: _wall,
    PropKind.STEP: _wall,
    PropKind.COUNTER: _counter,
    PropKind.TABLE: _board,
    PropKind.STOOL: _board,
    PropKind.SHELF: _board,
    PropKind.CHAIR: _seat,
}
"""Left and right edge, bottom and top of what is solid."""


def _marks_outside(figure: Figure, bodies: dict[str, Skeleton], box: Box) -> list[str]:
    spots = [("focus", bodies[ring.only].at(ring.at)) for ring in figure.focus]
    for arrow in figure.arrows:
        spots += [("arrow", place) for place in _ends(arrow, bodies)]
    return [
        f"{kind} at {x:.0f}, {y:.0f} is out of the frame"
        for kind, (x, y) in spots
        if not _inside((x, y), box)
    ]


def _ends(arrow: Arrow, bodies: dict[str, Skeleton]) -> tuple[Point, Point]:
    return bodies["start"].at(arrow.start), bodies[arrow.only].at(arrow.to)


def _inside(place: Point, box: Box) -> bool:
    return box[0] <= place[0] <= box[2] and box[1] <= place[1] <= box[3]


def _empty_above(figure: Figure, box: Box) -> list[str]:
    empty = (box[3] - drawn_box(figure)[3]) / (box[3] - box[1])
    return [f"{empty:.0%} of the picture is empty above the person"] if empty > EMPTY_SHARE else []
