"""The head from the side, from the front and from behind, with its hair."""

from render.figures.body import Person, dot, neck
from render.figures.canvas import Shape, blob, circle, pair
from render.figures.geometry import Frame, frame
from render.figures.look import Hair, darken, mix
from render.figures.skeleton import HEAD
from schemas.figure import Face, Point

EYE, EYE_WHITE, GLASSES, LIP = "#2b2320", "#fbfaf8", "#3b4048", "#b4443f"
FACE_SIDE = (
    (1, 0), (0.62, 0.74), (0.18, 0.9), (-0.1, 1.17), (-0.28, 0.95), (-0.6, 0.9), (-0.98, 0.6),
    (-0.98, 0.05), (-0.62, -0.7), (0, -0.98), (0.62, -0.72),
)  # fmt: skip
CAP_SIDE = (
    (0.5, 0.84), (0.95, 0.42), (1.12, -0.2), (0.74, -0.9), (0, -1.13), (-0.62, -0.9), (-0.5, -0.4),
    (0.1, -0.22), (0.42, 0.2),
)  # fmt: skip
BOB_SIDE = (
    (0.42, 0.9), (0.96, 0.46), (1.14, -0.2), (0.76, -0.95), (0, -1.24), (-0.8, -1.16), (-1.12, -0.7),
    (-0.9, 0.0), (-0.1, -0.02), (0.36, 0.3),
)  # fmt: skip
RECEDING_SIDE = (
    (0.62, -0.4), (0.7, -0.86), (0, -1.12), (-0.62, -0.9), (-0.5, -0.4), (0.1, -0.24), (0.3, -0.36),
)  # fmt: skip
SCARF_SIDE = (
    (0.5, 0.82), (1.0, 0.45), (1.18, -0.2), (0.78, -0.98), (0, -1.22), (-0.9, -1.05), (-1.6, -0.9),
    (-1.75, 0.2), (-1.25, 0.68), (-0.92, 0.5), (-0.4, 0.3), (0.1, 0.34), (0.42, 0.62),
)  # fmt: skip
OVAL_FRONT = (
    (1.05, 0), (0.7, 0.68), (0, 0.88), (-0.6, 0.66), (-1.05, 0), (-0.6, -0.66), (0, -0.88), (0.7, -0.68),
)  # fmt: skip
SKULL_TURNED = ((1.1, 0), (0.7, 0.75), (0, 0.85), (-0.62, 0.4), (-0.7, -0.3), (0, -0.95), (0.7, -0.75))
BEARD_SIDE = ((-0.3, -0.1), (-0.42, 0.3), (-0.5, 0.9), (-1.0, 0.68), (-1.08, 0.2), (-0.8, -0.4))
BEARD_FRONT = ((-0.3, -0.8), (-0.45, 0), (-0.3, 0.8), (-0.85, 0.6), (-1.12, 0), (-0.85, -0.6))
CAP_FRONT = (
    (-0.1, -0.92), (0.5, -0.9), (1.02, -0.5), (1.18, 0), (1.02, 0.5), (0.5, 0.9), (-0.1, 0.92),
    (0.3, 0.68), (0.56, 0.3), (0.6, -0.2), (0.36, -0.66),
)  # fmt: skip
CAP_TURNED = (
    (0.0, -1.0), (0.6, -0.95), (1.05, -0.5), (1.16, 0.1), (0.95, 0.62), (0.6, 0.78), (0.62, 0.4),
    (0.5, -0.1), (0.2, -0.45), (-0.2, -0.6),
)  # fmt: skip
BOB_BACK = ((-1.1, -0.75), (-0.3, -1.08), (0.6, -0.96), (1.16, 0), (0.6, 0.96), (-0.3, 1.08), (-1.1, 0.75))
SCARF_BACK = ((-1.75, -1.0), (-0.6, -0.98), (0.6, -0.96), (1.18, 0), (0.6, 0.96), (-0.6, 0.98), (-1.75, 1.0))
RIM_BACK = ((-0.7, -0.6), (-0.2, -0.95), (0.35, -0.9), (0.1, 0), (0.35, 0.9), (-0.2, 0.95), (-0.7, 0.6))


def head(person: Person, face: Face) -> None:
    """Draw neck, face and hair."""
    middle = person.at("head")
    place = frame(middle, person.skeleton.angles["head"], HEAD)
    draw = {Face.SIDE: _side, Face.FRONT: _front, Face.BACK: _back}[face]
    behind = _hair_behind(person, place, face)
    person.layer([*behind, *neck(person, middle), *draw(person, place)])
    if person.ghost or face is Face.BACK:
        return
    if not person.look.beard:
        _mouth(person, place, face)
    if not person.look.glasses:
        _brows(person, place, face)
    if person.look.glasses:
        _glasses(person, place, face)


def _outline(place: Frame, points: tuple[Point, ...], shift: float = 0, turn: float = 0) -> str:
    """A smooth outline in head units, moved aside by `shift`; a turn to the left mirrors it."""
    side = -1 if turn < 0 else 1
    return blob([place(u, side * v + shift) for u, v in points])


def _hair(person: Person) -> str:
    return person.paint(person.look.hair)


def _hair_behind(person: Person, place: Frame, face: Face) -> list[Shape]:
    style, color = person.look.hair_style, _hair(person)
    if style is Hair.CURLY:
        centre = place(0.28, -0.26 if face is Face.SIDE else 0)
        return [(circle(centre, HEAD * 1.13), color)]
    if style is Hair.BUN:
        centre = place(0.98, -0.78) if face is Face.SIDE else place(1.22, 0)
        return [(circle(centre, HEAD * 0.5), color)]
    if style in (Hair.BOB, Hair.SCARF) and face is Face.FRONT:
        return [(_outline(place, BOB_BACK if style is Hair.BOB else SCARF_BACK), color)]
    return []


def _side(person: Person, place: Frame) -> list[Shape]:
    look = person.look
    outline = {Hair.BOB: BOB_SIDE, Hair.RECEDING: RECEDING_SIDE, Hair.SCARF: SCARF_SIDE}
    shapes = [(_outline(place, FACE_SIDE), person.paint(look.skin))]
    if look.beard:
        shapes.append((_outline(place, BEARD_SIDE), _hair(person)))
    shapes.append((_outline(place, outline.get(look.hair_style, CAP_SIDE)), _hair(person)))
    if person.ghost:
        return shapes
    if look.hair_style not in (Hair.BOB, Hair.SCARF):
        shapes.append(dot(person, place(-0.08, -0.1), 1.15, darken(look.skin, 0.2)))
    return [*shapes, *_eye(person, place(0.12, 0.62), (0.75, 0.95), place(0.12, 0.68))]


def _eye(person: Person, middle: Point, size: Point, pupil: Point) -> list[Shape]:
    """The white and the pupil of an eye, which show on every skin; behind glasses the pupil alone."""
    white = [] if person.look.glasses else [(circle(middle, *size), person.paint(EYE_WHITE))]
    return [*white, dot(person, pupil, 0.56 if white else 0.7, EYE)]


def _front(person: Person, place: Frame) -> list[Shape]:
    """The face turned by `pose.turn`: -1 to the left edge of the page, 1 to the right edge."""
    turn, skin = person.pose.turn, person.paint(person.look.skin)
    shapes = [(_outline(place, OVAL_FRONT, turn * 0.12), skin)]
    if turn:
        nose = ((0.1, turn * 0.7), (-0.14, turn * 1.24), (-0.34, turn * 0.7))
        skull = (_outline(place, SKULL_TURNED, -turn * 0.2), _hair(person))
        shapes = [skull, *shapes, (_outline(place, nose), skin)]
    if person.look.beard:
        shapes.append((_outline(place, BEARD_FRONT), _hair(person)))
    shapes += [*_hair_front(person, place, turn), *_ears(person, place)]
    return shapes if person.ghost else shapes + _features(person, place, turn)


def _features(person: Person, place: Frame, turn: float) -> list[Shape]:
    apart = 0.34 - 0.1 * abs(turn)
    eyes: list[Shape] = []
    for sign in (-1, 1):
        middle = place(0.0, turn * 0.5 + sign * apart)
        eyes += _eye(person, middle, (0.95, 0.8), place(0.0, turn * 0.56 + sign * apart))
    return eyes if turn else [*eyes, dot(person, place(-0.28, 0), 0.7, darken(person.look.skin, 0.15))]


def _ears(person: Person, place: Frame) -> list[Shape]:
    if person.look.hair_style in (Hair.BOB, Hair.SCARF, Hair.CURLY):
        return []
    turn, skin = person.pose.turn, person.paint(person.look.skin, 0.1)
    seen = [sign for sign in (-1, 1) if sign * turn <= 0]
    return [(circle(place(-0.08, sign * 0.9 + turn * 0.5), 1.2, 1.6), skin) for sign in seen]


def _hair_front(person: Person, place: Frame, turn: float) -> list[Shape]:
    style, color = person.look.hair_style, _hair(person)
    if style is Hair.RECEDING:
        rims = [
            ((0.4, 0.7), (0.3, 0.95), (-0.2, 0.95), (0.0, 0.78)),
            ((0.4, -0.7), (0.3, -0.95), (-0.2, -0.95), (0.0, -0.78)),
        ]
        return [(_outline(place, rim), color) for rim in rims]
    return [(_outline(place, CAP_TURNED if turn else CAP_FRONT, 0, turn), color)]


def _back(person: Person, place: Frame) -> list[Shape]:
    style, skin = person.look.hair_style, person.paint(person.look.skin)
    oval = ((1.08, 0), (0.7, 0.7), (0, 0.9), (-0.6, 0.68), (-1.0, 0), (-0.6, -0.68), (0, -0.9), (0.7, -0.7))
    if style is Hair.RECEDING:
        return [(_outline(place, oval), skin), (_outline(place, RIM_BACK), _hair(person))]
    outline = {Hair.BOB: BOB_BACK, Hair.SCARF: SCARF_BACK}.get(style, oval)
    ears = [] if style is Hair.SCARF else _ears(person, place)
    return [*ears, (_outline(place, oval), skin), (_outline(place, outline), _hair(person))]


def _mouth(person: Person, place: Frame, face: Face) -> None:
    turn = person.pose.turn * 0.6
    ends = [(-0.5, 0.9), (-0.56, 0.66)] if face is Face.SIDE else [(-0.52, turn - 0.22), (-0.52, turn + 0.22)]
    dip = (-0.56, 0.78) if face is Face.SIDE else (-0.66, turn)
    line = f"M{pair(place(*ends[0]))}Q{pair(place(*dip))} {pair(place(*ends[1]))}"
    person.canvas.stroke(line, mix(darken(person.look.skin, 0.25), LIP, 0.55), 0.7)


def _brows(person: Person, place: Frame, face: Face) -> None:
    covered = person.look.hair_style is Hair.SCARF
    hair = darken(person.look.skin, 0.5) if covered else person.look.hair
    color = mix(darken(hair, 0.2), person.look.skin, 0.3)
    if face is Face.SIDE:
        rows = [((0.32, 0.5), (0.42, 0.68), (0.36, 0.84))]
    else:
        turn, apart = person.pose.turn, 0.34 - 0.1 * abs(person.pose.turn)
        middles = [turn * 0.52 + sign * apart for sign in (-1, 1)]
        rows = [((0.25, v - 0.15), (0.37, v), (0.25, v + 0.15)) for v in middles]
    lines = [f"M{pair(place(*a))}Q{pair(place(*b))} {pair(place(*c))}" for a, b, c in rows]
    person.canvas.stroke("".join(lines), color, 0.5)


def _glasses(person: Person, place: Frame, face: Face) -> None:
    radius = HEAD * 0.27
    if face is Face.SIDE:
        person.canvas.stroke(circle(place(0.08, 0.66), radius), GLASSES, 0.6)
        person.canvas.stroke(f"M{pair(place(0.1, 0.4))}L{pair(place(0.06, -0.12))}", GLASSES, 0.6)
        return
    for sign in (-1, 1):
        person.canvas.stroke(circle(place(0.0, person.pose.turn * 0.5 + sign * 0.36), radius), GLASSES, 0.6)
