"""Arms with hands and legs with shoes, drawn around the joints of a skeleton."""

from render.figures.body import Person
from render.figures.canvas import Shape, blob, capsule, pair, tube
from render.figures.geometry import bearing, distance, frame, lerp, polar
from render.figures.look import darken
from schemas.figure import Limb, Point


def arm(person: Person, side: str) -> None:
    """Upper arm, forearm, hand and sleeve."""
    wide, shade = 0.5 + person.look.build / 2, person.shade(side)
    shoulder, elbow, wrist = (person.at(f"{joint}_{side}") for joint in ("sh", "el", "wr"))
    skin, shirt = person.paint(person.look.skin, shade), person.paint(person.look.shirt, shade)
    sleeve, lower = (skin, skin) if not person.look.long_sleeves else (shirt, shirt)
    shapes = [
        (capsule(lerp(shoulder, elbow, 0.3), elbow, 3.0 * wide, 2.8 * wide), sleeve),
        (capsule(elbow, wrist, 2.8 * wide, 2.0 * wide), lower),
        *_hand(person, side, skin),
        _sleeve(person, shoulder, elbow, wide, shirt),
    ]
    # The sleeve grows out of the shirt without a rim; from the front the forearm may lie over it.
    if person.side_view:
        cut = (capsule(lerp(shoulder, elbow, 0.42), lerp(shoulder, elbow, 0.6), 3.9 * wide, 3.6 * wide), "")
        person.rim([cut, *shapes[:-1]])
        person.layer(shapes, False)
    else:
        person.rim([(capsule(lerp(shoulder, elbow, 0.6), elbow, 2.8 * wide, 2.8 * wide), ""), *shapes[1:-1]])
        person.layer([shapes[0], shapes[-1], *shapes[1:-1]], False)
    if _limb(person, f"arm_{side}").grip:
        _knuckles(person, side, skin)


def _sleeve(person: Person, shoulder: Point, elbow: Point, wide: float, color: str) -> Shape:
    hem, top = (0.72, 4.3) if person.side_view else (0.66, 3.6)
    if person.look.long_sleeves:
        return capsule(shoulder, lerp(shoulder, elbow, 0.55), top * wide, 3.6 * wide), color
    return tube(shoulder, lerp(shoulder, elbow, hem), top * wide, 3.7 * wide), color


def _knuckles(person: Person, side: str, skin: str) -> None:
    """The lines between the fingers of a fist."""
    if person.ghost:
        return
    place = frame(person.at(f"wr_{side}"), person.skeleton.angles[f"hand_{side}"])
    lines = [f"M{pair(place(2.4, v))}L{pair(place(4.0, v))}" for v in (-1.2, 0, 1.2)]
    person.canvas.stroke("".join(lines), darken(skin, 0.35), 0.5)


def _limb(person: Person, name: str) -> Limb:
    own: Limb | None = getattr(person.pose, name)
    return own or getattr(person.pose, f"{name[:-1]}n") or Limb()


def _hand(person: Person, side: str, skin: str) -> list[Shape]:
    limb, wrist = _limb(person, f"arm_{side}"), person.at(f"wr_{side}")
    place = frame(wrist, person.skeleton.angles[f"hand_{side}"])
    if limb.grip:
        return [(capsule(place(0, 0), place(2.2, 0), 2.1, 2.5), skin)]
    turn = limb.thumb
    palm = capsule(place(0, 0), place(2.6, 0), 1.9, 2.2)
    fingers = capsule(place(2.4, 0), place(5.4, -0.2 * turn), 2.1, 1.3)
    thumb = capsule(place(1.2, -1.2 * turn), place(3.4, -2.9 * turn), 1.1, 0.8)
    return [(palm, skin), (fingers, skin), (thumb, skin)]


def leg(person: Person, side: str) -> None:
    """Thigh, shin, foot and the leg of the shorts or trousers."""
    wide, shade, look = 0.45 + person.look.build * 0.55, person.shade(side), person.look
    hip, knee, ankle = (person.at(f"{joint}_{side}") for joint in ("hp", "kn", "an"))
    skin, cloth = person.paint(look.skin, shade), person.paint(look.bottoms, shade)
    near = _points_at_viewer(person, hip, knee)
    lower, hem = (cloth, 0.97) if look.long_legs else (skin, 0.8 if near else 0.76)
    cover = capsule if near or look.long_legs else tube
    top, bulk = 6.9 if person.side_view else 5.9, wide * (1.15 if near else 1)
    shapes = [
        (_foot(person, side, ankle), person.paint(look.shoe, shade)),
        (capsule(knee, ankle, 4.2 * bulk, 2.6 * wide), lower),
        *_calf(person, knee, ankle, wide, lower),
        *([] if look.long_legs else [(capsule(lerp(hip, knee, 0.4), knee, 5.3 * bulk, 4.3 * bulk), lower)]),
        (cover(hip, lerp(hip, knee, hem), top * wide, (5.6 if hem < 0.9 else 4.6) * bulk), cloth),
    ]
    if person.side_view:  # the thigh grows out of the seat without a rim
        cut = cover(lerp(hip, knee, 0.42), lerp(hip, knee, hem), 6.3 * wide, 5.5 * wide)
        person.rim([*shapes[:-1], (cut, "")])
        person.layer(shapes, False)
    else:  # a bent knee points to the viewer, so that the shin lies in front of the thigh
        person.layer([*shapes[2:], shapes[1], shapes[0]])
    if near and not person.ghost:
        _kneecap(person, knee, ankle, bulk, lower)
    _sole(person, side, ankle)


def _points_at_viewer(person: Person, hip: Point, knee: Point) -> bool:
    """Whether a thigh is seen from its end, as when somebody who sits is seen from the front."""
    return not person.side_view and distance(hip, knee) < 14


def _kneecap(person: Person, knee: Point, ankle: Point, bulk: float, color: str) -> None:
    """The bend of a knee that points at the viewer."""
    place = frame(knee, bearing(knee, ankle))
    ends = [place(1.2, -3.0 * bulk), place(4.6, 0), place(1.2, 3.0 * bulk)]
    line = f"M{pair(ends[0])}Q{pair(ends[1])} {pair(ends[2])}"
    person.canvas.stroke(line, darken(color, 0.25), 0.7)


def _calf(person: Person, knee: Point, ankle: Point, wide: float, color: str) -> list[Shape]:
    if not person.side_view or distance(knee, ankle) < 15:
        return []
    along = bearing(knee, ankle)
    belly = polar(lerp(knee, ankle, 0.32), along - 90, 1.2 * wide)
    return [(capsule(belly, lerp(knee, ankle, 0.8), 3.9 * wide, 2.5 * wide), color)]


SOLE = "#e9edf1"
SHOE = (
    (-4.0, -1.8), (-4.0, -3.6), (-2.6, -4.0), (3.0, -3.8), (8.2, -4.0), (10.6, -3.2), (10.2, -1.2),
    (7.0, 0.0), (3.6, 1.2), (1.8, 2.6), (-2.4, 2.4),
)  # fmt: skip


def _sole(person: Person, side: str, ankle: Point) -> None:
    """The pale sole that tells a shoe from a sock."""
    toes = person.skeleton.angles[f"foot_{side}"]
    if person.ghost or not _foot_from_side(person, toes):
        return
    place = frame(ankle, toes)
    line = f"M{pair(place(-3.3, 3.4))}Q{pair(place(3, 3.1))} {pair(place(9.4, 3.3))}"
    person.canvas.stroke(line, darken(SOLE, person.shade(side)), 1.0)


def _foot_from_side(person: Person, toes: float) -> bool:
    return person.side_view or abs(toes % 360 - 270) > 35


def _foot(person: Person, side: str, ankle: Point) -> str:
    toes = person.skeleton.angles[f"foot_{side}"]
    place = frame(ankle, toes)
    if _foot_from_side(person, toes):
        return blob([place(u, -v) for u, v in SHOE])
    out = 0.7 if side == "n" else -0.7
    outline = [
        (-1.6, -2.5),
        (1, -3.1),
        (3.2, -3.7),
        (3.9, -2.4),
        (3.9, 2.4),
        (3.2, 3.7),
        (1, 3.1),
        (-1.6, 2.5),
    ]
    return blob([place(u, v + (out if u > 0 else 0)) for u, v in outline])
