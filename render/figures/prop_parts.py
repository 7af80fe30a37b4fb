"""What the props share: colours and small helpers."""

from render.figures.canvas import Canvas
from render.figures.skeleton import Skeleton
from schemas.figure import Point, Prop, Spot

LIGHT, MID, DARK = "#d3dbe2", "#b4c0ca", "#8795a3"
WOOD, WOOD_DARK = "#d9bd94", "#b3925f"


def span(prop: Prop) -> tuple[float, float]:
    """The left edge and the width of a prop that is given by `x`."""
    left, right = prop.x or (0, 0)
    return left, right - left


def spot(prop: Prop, body: Skeleton) -> Point:
    """Where a prop stands."""
    return body.at(prop.at or Spot(0, 0))


def points(prop: Prop, body: Skeleton) -> list[Point]:
    """The points of a prop that is drawn along a line."""
    return [body.at(spot) for spot in prop.points]


def box(canvas: Canvas, corner: Point, size: Point, color: str, radius: float = 1) -> None:
    """A rectangle that stays in the picture."""
    canvas.see(corner)
    canvas.see((corner[0] + size[0], corner[1] + size[1]))
    canvas.rect(corner, size, color, radius)
