"""Any position between the start and the finish of a figure: limbs keep their lengths on the way.

The trunk and the limbs turn by the shorter way. A hand or a foot that reaches for a place in both poses goes
there in a straight line, so that one that stays does stay; elbow and knee follow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import copysign

from render.figures.geometry import bearing, distance, lerp, polar, two_bone
from render.figures.skeleton import SIDES, Skeleton, solve
from schemas.figure import Figure, Limb, Point, Pose

STAYS = 0.6
"""A joint that moves less than this stands still."""
BLENDED = ("belly", "shoulder", "shrug", "glide", "arch", "nod", "turn", "torso_scale")


@dataclass(frozen=True, slots=True)
class Way:
    """The two ends of a movement, and how far along it is: 0 at the start, 1 at the finish."""

    start: Skeleton
    end: Skeleton
    share: float

    def angle(self, first: float, second: float) -> float:
        """The angle on the shorter way between two."""
        return first + ((second - first + 180) % 360 - 180) * self.share

    def number(self, first: float, second: float) -> float:
        """The number on the way between two."""
        return first + (second - first) * self.share

    def place(self, joint: str) -> Point:
        """The place of a joint on the straight way."""
        return lerp(self.start.joints[joint], self.end.joints[joint], self.share)

    def stays(self, joint: str) -> bool:
        """Whether a joint stands still from start to finish."""
        return distance(self.start.joints[joint], self.end.joints[joint]) < STAYS

    def bone(self, root: str, tip: str) -> tuple[float, float]:
        """The angle and the length of the line from one joint to another."""
        ends = [(body.joints[root], body.joints[tip]) for body in (self.start, self.end)]
        (one, other), (far, near) = [bearing(*pair) for pair in ends], [distance(*pair) for pair in ends]
        return self.angle(one, other), self.number(far, near)


def between(figure: Figure, share: float) -> Skeleton:
    """Return the joints of a figure at `share` of its way, 0 to 1."""
    way = Way(solve(figure, figure.start), solve(figure, figure.end), share)
    if share <= 0 or share >= 1:
        return way.start if share <= 0 else way.end
    angles = {name: way.angle(angle, way.end.angles[name]) for name, angle in way.start.angles.items()}
    body = Skeleton(_trunk(way), angles)
    for side in SIDES:
        _limb(body, way, _limbs(figure, f"leg_{side}"), (f"hp_{side}", f"kn_{side}", f"an_{side}"))
        _tip(body, way, f"an_{side}", f"toe_{side}")
    for side in SIDES:
        _limb(body, way, _limbs(figure, f"arm_{side}"), (f"sh_{side}", f"el_{side}", f"wr_{side}"))
        _tip(body, way, f"wr_{side}", f"hand_{side}")
    return body


def pose_between(figure: Figure, share: float) -> Pose:
    """Return what a pose says beside its joints (belly, shrug, face) at `share` of the way."""
    start, end = figure.start, figure.end
    values = {name: getattr(start, name) * (1 - share) + getattr(end, name) * share for name in BLENDED}
    return replace(start if share < 0.5 else end, **values)


def _trunk(way: Way) -> dict[str, Point]:
    """Hip and neck, whichever stands still as the anchor, and what hangs on them."""
    angle, length = way.bone("hip", "neck")
    hip = polar(way.place("neck"), angle + 180, length) if way.stays("neck") else way.place("hip")
    joints = {"hip": hip, "neck": polar(hip, angle, length)}
    for name, root in _hanging():
        own, far = way.bone(root, name)
        joints[name] = polar(joints[root], own, far)
    return joints


def _hanging() -> Iterator[tuple[str, str]]:
    yield from (("mid", "hip"), ("nape", "neck"), ("head", "neck"))
    for side in SIDES:
        yield f"sh_{side}", "neck"
        yield f"hp_{side}", "hip"


def _limbs(figure: Figure, name: str) -> list[Limb]:
    """A limb at the start and at the finish; the far one is like the near one where it is not said."""
    near = f"{name[:-1]}n"
    both = (getattr(pose, name) or getattr(pose, near) for pose in (figure.start, figure.end))
    return [limb or Limb() for limb in both]


def _limb(body: Skeleton, way: Way, limbs: Sequence[Limb], names: tuple[str, str, str]) -> None:
    root, middle, end = names
    if any(limb.mid for limb in limbs):
        _foreshortened(body, way, names)
        return
    reaches = all(limb.to for limb in limbs)
    (upper, first), (lower, second) = way.bone(root, middle), way.bone(middle, end)
    rise = 4 * limbs[1].lift * way.share * (1 - way.share)
    goal, origin = (way.place(end)[0], way.place(end)[1] + rise), body.joints[root]
    near = abs(first - second) < distance(origin, goal) < first + second
    if near and (reaches or way.stays(end)):
        body.joints[middle] = two_bone(origin, goal, first, second, _bend(way, names))
        body.joints[end] = goal
        return
    body.joints[middle] = polar(origin, upper, first)
    body.joints[end] = polar(body.joints[middle], lower, second)


def _foreshortened(body: Skeleton, way: Way, names: tuple[str, str, str]) -> None:
    """A limb that points at the viewer grows and shrinks on the page: its ends go straight ahead."""
    for root, tip in pairwise(names):
        (a, b), (c, d) = ((at.joints[root], at.joints[tip]) for at in (way.start, way.end))
        x, y = lerp((b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1]), way.share)
        body.joints[tip] = (body.joints[root][0] + x, body.joints[root][1] + y)


def _bend(way: Way, names: tuple[str, str, str]) -> float:
    """To which side a limb is bent: that of the end at which it is bent more."""
    bends = [_fold(body, names) for body in (way.start, way.end)]
    return -copysign(1, max(bends, key=abs))


def _fold(body: Skeleton, names: tuple[str, str, str]) -> float:
    root, middle, end = (body.joints[name] for name in names)
    return (bearing(middle, end) - bearing(root, middle) + 180) % 360 - 180


def _tip(body: Skeleton, way: Way, root: str, tip: str) -> None:
    angle, length = way.bone(root, tip)
    body.joints[tip] = polar(body.joints[root], angle, length)
