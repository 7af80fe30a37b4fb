"""The pose data of one exercise figure: what content/figures/<exercise id>.toml says, checked.

Lengths are figure units: the floor is y = 0, y grows upwards, an adult stands about 100 units tall.
Angles are absolute degrees: 0 right, 90 up, 180 left, -90 down. A side view faces right when the torso
points up. Limb ends in `_n` are near the viewer (or right on the page), those in `_f` far (or left).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

Point = tuple[float, float]


class FigureError(ValueError):
    """The pose data is wrong; the message names the exercise and the place in its file."""


class View(StrEnum):
    """From where the person is seen."""

    SIDE = "side"
    FRONT = "front"
    BACK = "back"


class Face(StrEnum):
    """How the head is drawn; it may differ from the view of the body."""

    SIDE = "side"
    FRONT = "front"
    BACK = "back"


class PropKind(StrEnum):
    """The things that a person uses, and the few lines that help to read a move."""

    BALL = "ball"
    BAND = "band"
    BENCH = "bench"
    BLADES = "blades"
    BREATH = "breath"
    CHAIR = "chair"
    CHAIR_FRONT = "chair_front"
    COUNTER = "counter"
    COUNTER_WIDE = "counter_wide"
    DASH = "dash"
    DESK = "desk"
    DOORWAY = "doorway"
    FLOOR = "floor"
    GROUND = "ground"
    MAT = "mat"
    MAT_ABOVE = "mat_above"
    PAD = "pad"
    PILLOW = "pillow"
    PIN = "pin"
    POST = "post"
    RAIL = "rail"
    ROLL = "roll"
    ROLLER = "roller"
    SPEED = "speed"
    STEP = "step"
    STOOL = "stool"
    TOWEL = "towel"
    WALL = "wall"
    WALL_WIDE = "wall_wide"


@dataclass(frozen=True, slots=True)
class Spot:
    """A fixed point, or a joint with an offset (`["kn_f", 0, 4]`)."""

    x: float
    y: float
    joint: str = ""


@dataclass(frozen=True, slots=True)
class Limb:
    """An arm or a leg: two angles, or a reach to a spot; `end` is the angle of the hand or foot."""

    upper: float = -90
    lower: float = -90
    end: float | None = None
    to: Spot | None = None
    bend: int = 1
    mid: Spot | None = None
    scale: Point = (1, 1)
    grip: bool = False
    thumb: int = 1


@dataclass(frozen=True, slots=True)
class Pose:
    """One position of the body. `pin` holds a joint at a point; without it the hip is at `hip`."""

    hip: Point = (0, 50)
    pin: Spot | None = None
    torso: float = 90
    torso_scale: float = 1
    head: float | None = None
    face: Face | None = None
    glide: float = 0
    turn: float = 0
    arch: float = 0
    belly: float = 0
    shoulder: float = 0
    shrug: float = 0
    arm_n: Limb | None = None
    arm_f: Limb | None = None
    leg_n: Limb | None = None
    leg_f: Limb | None = None


@dataclass(frozen=True, slots=True)
class Prop:
    """One thing in the picture; `only` limits it to one panel, `front` draws it over the person."""

    kind: PropKind
    at: Spot | None = None
    x: Point | None = None
    y: float = 0
    h: float = 0
    w: float = 0
    r: float = 0
    points: tuple[Spot, ...] = ()
    only: str = ""
    front: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """The way a part moves, from a spot in the start pose to a spot in the finish pose."""

    start: Spot
    to: Spot
    bulge: float = 0
    only: str = "end"


@dataclass(frozen=True, slots=True)
class Focus:
    """A ring around the place where the work or the pull is felt."""

    at: Spot
    r: float = 5.5
    only: str = "end"


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything needed to draw the two panels of one exercise."""

    exercise: str
    alt_start: str
    alt_end: str
    start: Pose
    end: Pose
    view: View = View.SIDE
    from_above: bool = False
    crop: tuple[float, float, float, float] | None = None
    order: tuple[str, ...] = ()
    ghost: bool = True
    props: tuple[Prop, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    focus: tuple[Focus, ...] = ()


ORDER_WORDS = ("arm_f", "arm_n", "leg_f", "leg_n", "torso", "pelvis", "head")


def figure_from(exercise: str, data: Mapping[str, Any]) -> Figure:
    """Check parsed TOML and build the figure; `end` inherits what it does not name from `start`.

    Raises FigureError naming the exercise and the key.
    """
    try:
        return _figure(exercise, data)
    except FigureError as error:
        raise FigureError(f"{exercise}: {error}") from error


def _figure(exercise: str, data: Mapping[str, Any]) -> Figure:
    known = {field.name for field in fields(Figure)} - {"exercise"}
    _refuse_unknown(data, known, "the file")
    for key in ("alt_start", "alt_end", "start", "end"):
        if not data.get(key):
            raise FigureError(f"{key} is missing")
    start = _pose(data["start"], Pose(), "start")
    return Figure(
        exercise=exercise,
        alt_start=_text(data["alt_start"], "alt_start"),
        alt_end=_text(data["alt_end"], "alt_end"),
        start=start,
        end=_pose(data["end"], start, "end"),
        view=_word(View, data.get("view", "side"), "view"),
        from_above=bool(data.get("from_above", False)),
        crop=_box(data.get("crop")),
        order=_order(data.get("order", [])),
        ghost=bool(data.get("ghost", True)),
        props=_each(data.get("props", []), _prop, "props"),
        arrows=_each(data.get("arrows", []), _arrow, "arrows"),
        focus=_each(data.get("focus", []), _focus, "focus"),
    )


def _each[T](rows: Sequence[Any], build: Callable[[Any, str], T], where: str) -> tuple[T, ...]:
    return tuple(build(row, f"{where}[{index}]") for index, row in enumerate(rows))


def _refuse_unknown(data: Any, known: set[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise FigureError(f"{where} must be a table")
    if unknown := sorted(set(data) - known):
        raise FigureError(f"{where} has unknown keys: {', '.join(unknown)}")


def _pose(data: Any, base: Pose, where: str) -> Pose:
    _refuse_unknown(data, {field.name for field in fields(Pose)}, where)
    if "hip" in data:
        base = replace(base, pin=None)
    return replace(base, **{key: _pose_value(key, value, f"{where}.{key}") for key, value in data.items()})


def _pose_value(key: str, value: Any, where: str) -> Any:
    if key.startswith(("arm_", "leg_")):
        return _limb(value, where)
    if key == "hip":
        return _point(value, where)
    if key == "pin":
        return _spot(value, where)
    if key == "face":
        return _word(Face, value, where)
    return _number(value, where)


def _limb(value: Any, where: str) -> Limb:
    if isinstance(value, list):
        numbers = [_number(item, where) for item in value]
        if len(numbers) not in (2, 3):
            raise FigureError(f"{where} must be [upper, lower] or [upper, lower, end]")
        return Limb(*numbers)
    _refuse_unknown(value, {field.name for field in fields(Limb)}, where)
    return Limb(**{key: _limb_value(key, item, f"{where}.{key}") for key, item in value.items()})


def _limb_value(key: str, value: Any, where: str) -> Any:
    if key in ("to", "mid"):
        return _spot(value, where)
    if key == "scale":
        return _point(value, where)
    if key == "grip":
        return bool(value)
    return _number(value, where)


def _prop(data: Any, where: str) -> Prop:
    _refuse_unknown(data, {field.name for field in fields(Prop)}, where)
    builders: dict[str, Callable[[Any, str], Any]] = {
        "kind": lambda value, place: _word(PropKind, value, place),
        "at": _spot,
        "x": _point,
        "points": lambda value, place: _each(value, _spot, place),
        "only": _panel,
        "front": lambda value, place: bool(value),
    }
    return Prop(**{k: builders.get(k, _number)(v, f"{where}.{k}") for k, v in data.items()})


def _arrow(data: Any, where: str) -> Arrow:
    _refuse_unknown(data, {"from", "to", "bulge", "only"}, where)
    return Arrow(
        start=_spot(data.get("from"), f"{where}.from"),
        to=_spot(data.get("to"), f"{where}.to"),
        bulge=_number(data.get("bulge", 0), f"{where}.bulge"),
        only=_panel(data.get("only", "end"), f"{where}.only"),
    )


def _focus(data: Any, where: str) -> Focus:
    _refuse_unknown(data, {"at", "r", "only"}, where)
    return Focus(
        at=_spot(data.get("at"), f"{where}.at"),
        r=_number(data.get("r", 5.5), f"{where}.r"),
        only=_panel(data.get("only", "end"), f"{where}.only"),
    )


def _panel(value: Any, where: str) -> str:
    if value not in ("start", "end"):
        raise FigureError(f"{where} must be start or end")
    return str(value)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FigureError(f"{where} must be a number")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise FigureError(f"{where} must be a text")
    return value


def _word[W: StrEnum](words: type[W], value: Any, where: str) -> W:
    if value not in list(words):
        raise FigureError(f"{where} must be one of {', '.join(words)}")
    return words(value)


def _point(value: Any, where: str) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise FigureError(f"{where} must be [x, y]")
    return _number(value[0], where), _number(value[1], where)


def _spot(value: Any, where: str) -> Spot:
    if isinstance(value, str):
        return Spot(0, 0, value)
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return Spot(*_point(value[1:], where), value[0])
    return Spot(*_point(value, where))


def _box(value: Any) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4:
        raise FigureError("crop must be [left, bottom, right, top]")
    left, bottom, right, top = (_number(item, "crop") for item in value)
    return left, bottom, right, top


def _order(words: Sequence[str]) -> tuple[str, ...]:
    if words and sorted(words) != sorted(ORDER_WORDS):
        raise FigureError(f"order must name each of {', '.join(ORDER_WORDS)} once")
    return tuple(words)
