"""The drawn person: what all parts share, and the trunk. Limbs and head have their own modules."""

from dataclasses import dataclass

from render.figures.canvas import Canvas, Shape, blob, capsule, circle, pair
from render.figures.geometry import Frame, bearing, distance, frame, lerp, polar, ribbon, through
from render.figures.look import Hair, Look, darken, mix
from render.figures.skeleton import HEAD, Skeleton
from schemas.figure import Point, Pose, View

FAR_SHADE = 0.2


@dataclass(frozen=True, slots=True)
class Person:
    """All that the drawing functions share."""

    canvas: Canvas
    skeleton: Skeleton
    pose: Pose
    look: Look
    view: View
    ghost: bool = False

    @property
    def side_view(self) -> bool:
        """Whether one side of the body lies behind the other."""
        return self.view is View.SIDE

    def at(self, joint: str) -> Point:
        """The place of a joint."""
        return self.skeleton.joints[joint]

    def paint(self, color: str, shade: float = 0) -> str:
        """A colour of the look, darker on the far side; none for the start shape behind."""
        return "" if self.ghost else darken(color, shade)

    def shade(self, side: str) -> float:
        """How much darker the limbs of a side are."""
        return FAR_SHADE if self.side_view and side == "f" else 0.0

    def rim(self, shapes: list[Shape]) -> None:
        """Put only the pale line around shapes on the canvas."""
        if not self.ghost:
            self.canvas.rim(shapes)

    def layer(self, shapes: list[Shape], halo: bool = True) -> None:
        """Put shapes on the canvas; the start shape behind has no halo."""
        self.canvas.layer(shapes, halo and not self.ghost)


def see_person(person: Person) -> None:
    """Make room in the picture for the whole body."""
    wide = person.look.build
    if person.look.hair_style is Hair.BUN:
        person.canvas.see(polar(person.at("head"), person.skeleton.angles["head"], HEAD * 1.3), HEAD * 0.5)
    for name, place in person.skeleton.joints.items():
        radius = {"he": 8.4, "hi": 7.2, "mi": 7.0, "hp": 7.4, "sh": 4.6, "kn": 4.4}.get(name[:2], 3.0)
        person.canvas.see(place, radius * wide if name != "head" else radius)


def torso(person: Person) -> None:
    """The shirt, and in a side view the seat of the shorts."""
    person.layer(_torso_side(person) if person.side_view else _torso_front(person), person.side_view)


def _torso_side(person: Person) -> list[Shape]:
    wide, belly = person.look.build, person.pose.belly + (person.look.build - 1) * 8
    hip, neck = person.at("hip"), person.at("neck")
    curve = through(hip, person.at("mid"), neck)
    radii = [
        (0, 6.2 * wide, 5.9 * wide),
        (0.32, 5.2 * wide, 6.0 * wide + belly),
        (0.66, 6.4 * wide, 6.7 * wide + belly * 0.3),
        (0.9, 5.0, 4.6),
        (1, 2.9, 2.5),
    ]
    shirt, cloth = person.paint(person.look.shirt), person.paint(person.look.bottoms)
    waist = bearing(hip, lerp(hip, person.at("mid"), 0.9))
    seat = frame(hip, waist)
    outline = [(5.4, -5.6), (2.4, -7.3), (-2, -7.7), (-6.2, -4.6), (-7, 0), (-4, 5.2), (1.5, 6.3), (5.4, 6.0)]
    return [
        (blob(ribbon(curve, radii)), shirt),
        (blob([seat(u, v * (0.5 + wide / 2)) for u, v in outline]), cloth),
    ]


FRONT_TRUNK = (
    (1.045, 2.8, 0.0), (1.01, 4.4, 0.0), (0.975, -2.2, 1.0), (0.93, 1.6, 1.0), (0.84, 1.9, 1.0),
    (0.72, -0.4, 1.0), (0.55, 8.6, 0.0), (0.34, 7.8, 0.0), (0.14, 9.4, 0.0), (0.02, 10.3, 0.0),
    (-0.045, 9.9, 0.0), (-0.06, 5.0, 0.0),
)  # fmt: skip


def _torso_front(person: Person) -> list[Shape]:
    """Rows of FRONT_TRUNK: share of the trunk's length, half width, whether that starts at the shoulder."""
    hip, length = person.at("hip"), distance(person.at("hip"), person.at("neck"))
    place = frame(hip, person.skeleton.angles["torso"])
    shoulders = distance(person.at("sh_n"), person.at("sh_f")) / 2
    lift = person.pose.shrug

    def half(share: float, width: float, from_shoulder: float) -> Point:
        if from_shoulder:
            return share * length + lift, shoulders + width
        hips, build = 0.45 + person.look.build * 0.55, person.look.build
        slim = 1 if share > 0.8 else build if share > 0.2 else hips
        return share * length, width * slim

    rows = [half(*row) for row in FRONT_TRUNK]
    outline = [place(u, -v) for u, v in rows] + [place(u, v) for u, v in reversed(rows)]
    return [(blob(outline), person.paint(person.look.shirt)), *_collar(person)]


def _collar(person: Person) -> list[Shape]:
    if person.ghost or person.view is View.BACK:
        return []
    place = frame(person.at("neck"), person.skeleton.angles["torso"])
    outline = [(2.8, -2.9), (-1.4, -1.9), (-2.4, 0), (-1.4, 1.9), (2.8, 2.9)]
    return [(blob([place(u, v) for u, v in outline]), person.paint(_neck_color(person), 0.12))]


def _neck_color(person: Person) -> str:
    return person.look.hair if person.look.hair_style is Hair.SCARF else person.look.skin


def pelvis(person: Person) -> None:
    """The seat of the shorts in a front or back view; a side view draws it with the torso."""
    if person.side_view:
        return
    wide = 0.45 + person.look.build * 0.55
    place = frame(person.at("hip"), person.skeleton.angles["torso"])
    half = [(4.4, 8.6), (0.5, 10.0), (-4.5, 9.6), (-7.6, 4.0)]
    outline = [place(u, -v * wide) for u, v in half] + [place(u, v * wide) for u, v in reversed(half)]
    person.layer([(blob(outline), person.paint(person.look.bottoms))], False)
    if person.view is View.BACK and not person.ghost:
        _seat_lines(person, place)


def _seat_lines(person: Person, place: Frame) -> None:
    """The creases that tell a back from a front."""
    creases = [
        (place(-7.2, side * 7.6), place(-9.2, side * 4.4), place(-7.4, side * 0.7)) for side in (-1, 1)
    ]
    lines = [f"M{pair(a)}Q{pair(b)} {pair(c)}" for a, b, c in creases]
    seam = f"M{pair(place(-1.5, 0))}L{pair(place(-7.4, 0))}"
    person.canvas.stroke("".join([*lines, seam]), mix(person.look.bottoms, "#ffffff", 0.3), 0.9)


def blades(person: Person, gap: float) -> list[Shape]:
    """Two shoulder blades on the back of the shirt, `gap` from the spine."""
    middle = lerp(person.at("sh_n"), person.at("sh_f"), 0.5)
    color = person.paint(person.look.shirt, 0.3)
    place = frame(middle, person.skeleton.angles["torso"])
    outline = [(-1.6, 0.6), (-1.4, 4.8), (-3.4, 6.2), (-8.5, 4.6), (-14, 1.6), (-12.4, 0.2), (-6.6, 0)]
    return [(blob([place(u, sign * (gap + v)) for u, v in outline]), color) for sign in (-1, 1)]


def neck(person: Person, head: Point) -> list[Shape]:
    """The neck, from between the shoulders into the head."""
    angle = person.skeleton.angles["head"]
    foot, top = polar(person.at("nape"), angle + 180, 1.5), polar(head, angle + 180, 1.5)
    return [(capsule(foot, top, 3.0, 2.9), person.paint(_neck_color(person), 0.12))]


def dot(person: Person, place: Point, radius: float, color: str) -> Shape:
    """A small round feature such as an eye."""
    return circle(place, radius), person.paint(color)
