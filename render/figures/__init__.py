"""Exercise figures: pose data in, SVG out. Pure; the caller reads the files."""

from render.figures.check import problems
from render.figures.look import LOOKS, Look, look_for
from render.figures.moving import Tempo, moment, moving
from render.figures.panels import Panel, pair_svg, panels, sheet

__all__ = [
    "LOOKS",
    "Look",
    "Panel",
    "Tempo",
    "look_for",
    "moment",
    "moving",
    "pair_svg",
    "panels",
    "problems",
    "sheet",
]
