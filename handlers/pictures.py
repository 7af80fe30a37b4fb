"""The figure of every exercise: read from content once, drawn on demand."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from handlers.house import House
from render.figures import Panel, look_for, pair_svg, panels
from render.view import Picture
from schemas.figure import Figure
from schemas.figure_file import figure_from
from schemas.plan import Plan


def load_figures(folder: Path) -> Mapping[str, Figure]:
    """Every figure in `content/figures`, by exercise id; raises FigureError for a faulty one."""
    return {
        path.stem: figure_from(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted((folder / "figures").glob("*.toml"))
    }


def of_plan(house: House, plan: Plan) -> dict[str, Picture]:
    """Start and finish of each move, side by side, by exercise id."""
    found = {}
    for item in plan.items:
        figure = house.figures.get(item.exercise_id)
        if figure is not None:
            svg = pair_svg(figure, look_for(item.exercise_id))
            found[item.exercise_id] = Picture(svg, f"{figure.alt_start} {figure.alt_end}")
    return found


def of_exercise(house: House, exercise_id: str) -> tuple[Panel, Panel] | None:
    """The two panels of one exercise, for a page; None where there is no figure."""
    figure = house.figures.get(exercise_id)
    return panels(figure, look_for(exercise_id)) if figure is not None else None
