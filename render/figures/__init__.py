"""Exercise figures: pose data in, SVG out. Pure; the caller reads the files."""

from render.figures.check import problems
from render.figures.look import LOOKS, Look, look_for
from render.figures.panels import Panel, pair_svg, panels, sheet

__all__ = ["LOOKS", "Look", "Panel", "look_for", "pair_svg", "panels", "problems", "sheet"]
