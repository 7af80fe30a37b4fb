"""The figure of every exercise, drawn on demand."""

from handlers.context import Context
from render.figures import Panel, look_for, pair_svg, panels
from schemas.figure import Picture
from schemas.worded_plan import WordedPlan


def of_plan(context: Context, plan: WordedPlan) -> dict[str, Picture]:
    """Start and finish of each exercise, side by side, by exercise id."""
    found = {}
    for item in plan.items:
        figure = context.figures.get(item.exercise_id)
        if figure is not None:
            svg = pair_svg(figure, look_for(item.exercise_id))
            found[item.exercise_id] = Picture(svg, f"{figure.alt_start} {figure.alt_end}")
    return found


def of_exercise(context: Context, exercise_id: str) -> tuple[Panel, Panel] | None:
    """The two panels of one exercise, for a page; None where there is no figure."""
    figure = context.figures.get(exercise_id)
    return panels(figure, look_for(exercise_id)) if figure is not None else None
