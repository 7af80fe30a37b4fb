"""Reads the pose data of content/figures/<exercise id>.toml and names wrong keys clearly.

A translation of the same name says in its language what the two panels show, and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from library.reading import Reader
from schemas.figure import (
    Arrow,
    Face,
    Figure,
    FigureError,
    Focus,
    Limb,
    Point,
    Pose,
    Prop,
    PropKind,
    Spot,
    View,
)

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)
LIMB_JOINTS = ("sh", "el", "wr", "hand", "hp", "kn", "an", "toe")
JOINTS = {
    "hip",
    "mid",
    "neck",
    "nape",
    "head",
    *(f"{joint}_{side}" for joint in LIMB_JOINTS for side in "nf"),
}
DESCRIPTIONS = ("alt_start", "alt_end")
ORDER_WORDS = ("arm_f", "arm_n", "leg_f", "leg_n", "torso", "pelvis", "head")


def read_figures(reader: Reader) -> dict[str, Figure]:
    """Every figure, by exercise id, described in the reader's language; problems go to the reader."""
    names = sorted(path.stem for path in (reader.folder / "figures").glob("[!.]*.toml"))
    made = ((name, _read(reader, name)) for name in names)
    return {name: figure for name, figure in made if figure is not None}


def _read(reader: Reader, name: str) -> Figure | None:
    file = f"figures/{name}.toml"
    data = reader.toml(file)
    if data is None:
        return None
    try:
        return _described(reader, file, _figure(name, data))
    except FigureError as error:
        reader.complain(file, name, str(error))
        return None


def _described(reader: Reader, file: str, figure: Figure) -> Figure:
    """The figure in the reader's language; where one description is missing, both stay English."""
    given = reader.given(file)
    if given is None:
        return figure
    texts = reader.whole(file, given, DESCRIPTIONS)
    reader.left_over(file, given)
    return (
        replace(figure, alt_start=texts["alt_start"], alt_end=texts["alt_end"], language=reader.language)
        if texts
        else figure
    )


def figure_from(exercise: str, data: Mapping[str, Any]) -> Figure:
    """Check parsed TOML and build the figure; `end` inherits what it does not name from `start`.

    Raises FigureError naming the exercise and the key.
    """
    try:
        return _figure(exercise, data)
    except FigureError as error:
        raise FigureError(f"{exercise}: {error}") from error


def _figure(exercise: str, data: Mapping[str, Any]) -> Figure:
    known = {field.name for field in fields(Figure)} - {"exercise", "language"}
    _refuse_unknown(data, known, "the file")
    for key in (*DESCRIPTIONS, "start", "end"):
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


def _each(rows: Sequence[Any], build: Callable[[Any, str], T], where: str) -> tuple[T, ...]:
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
        angles = [_number(item, where) for item in value]
        if len(angles) not in (2, 3):
            raise FigureError(f"{where} must be [upper, lower] or [upper, lower, end]")
        return Limb(angles[0], angles[1], angles[2] if len(angles) == 3 else None)
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
    if "kind" not in data:
        raise FigureError(f"{where}.kind is missing")
    return Prop(**{key: _prop_value(key, value, f"{where}.{key}") for key, value in data.items()})


def _prop_value(key: str, value: Any, where: str) -> Any:
    if key == "kind":
        return _word(PropKind, value, where)
    if key == "points":
        return _each(value, _spot, where)
    if key == "front":
        return bool(value)
    readers: dict[str, Callable[[Any, str], Any]] = {"at": _spot, "x": _point, "only": _panel}
    read = readers.get(key)
    return read(value, where) if read else _number(value, where)


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


def _word(words: type[W], value: Any, where: str) -> W:
    if value not in list(words):
        raise FigureError(f"{where} must be one of {', '.join(words)}")
    return words(value)


def _point(value: Any, where: str) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise FigureError(f"{where} must be [x, y]")
    return _number(value[0], where), _number(value[1], where)


def _spot(value: Any, where: str) -> Spot:
    if isinstance(value, str):
        return Spot(0, 0, _joint(value, where))
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return Spot(*_point(value[1:], where), _joint(value[0], where))
    return Spot(*_point(value, where))


def _joint(name: str, where: str) -> str:
    if name not in JOINTS:
        raise FigureError(f"{where} names no joint: {name}")
    return name


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
