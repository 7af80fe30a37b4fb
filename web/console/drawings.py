"""Figures as the console shows them: drawn once for each exercise, then kept."""

from flask import current_app
from markupsafe import Markup

from handlers import pictures
from web.house import house

Drawing = tuple[Markup, str]  # the SVG, and its text alternative


def of_exercise(name: str) -> list[Drawing]:
    """Start and finish of an exercise; [] where there is no figure."""
    kept: dict[str, list[Drawing]] = current_app.extensions.setdefault("console_drawings", {})
    if name not in kept:
        pair = pictures.of_exercise(house(), name) or ()
        kept[name] = [(Markup(one.svg), one.label) for one in pair]  # noqa: S704 - drawn by us
    return kept[name]
