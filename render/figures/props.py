"""The things a person uses."""

from render.figures.canvas import Canvas
from render.figures.furniture import FURNITURE
from render.figures.gear import GEAR
from render.figures.skeleton import Skeleton
from schemas.figure import Prop

DRAW = FURNITURE | GEAR


def draw_prop(canvas: Canvas, prop: Prop, body: Skeleton) -> None:
    """Draw one prop; shoulder blades are part of the body and are drawn with it."""
    if prop.kind in DRAW:
        DRAW[prop.kind](canvas, prop, body)
