"""Drawings on the console: the client's places on the body, a client over time, figures."""

from zoneinfo import ZoneInfo

from flask import current_app
from markupsafe import Markup

from handlers.checkins.progress import Progress
from handlers.plans import pictures
from render import charts
from render.body import bodymap
from render.body.bodymap import BodyView
from render.charts import Reading
from render.paper import qr
from schemas.summary import VisitSummary
from web.context import context
from web.language import Say

TITLES = {BodyView.FRONT: "Front", BodyView.BACK: "Back"}


def bodies(visit: VisitSummary, say: Say) -> list[dict[str, object]]:
    """Front and back with the places filled in; a side without any is left out."""
    made: list[dict[str, object]] = []
    for view, title in TITLES.items():
        there = [one.id for one in bodymap.regions(view) if one.id in visit.regions]
        if there:
            drawing = bodymap.svg(view, there, interactive=False, sides=(say("L"), say("R")))
            made.append({"svg": Markup(drawing), "title": say(title), "label": say(title)})  # noqa: S704 - drawn by us
    return made


def code(url: str) -> Markup:
    """An address to be read by a phone, dark on every page."""
    return Markup(qr.svg(url, dark="#000"))  # noqa: S704 - drawn by us


def progress_chart(shown: Progress, zone: ZoneInfo, language: str) -> list[dict[str, object]]:
    """The drawings, each with the class that says on which screen it is shown; [] without a number."""
    words = context().library(context().clinic.spoken(language)).papers
    readings = [Reading(one.at.astimezone(zone).date(), pain=one.score) for one in shown.pains]
    readings += [Reading(one.at.astimezone(zone).date(), days_done=one.done) for one in shown.weeks]
    readings += [Reading(at.astimezone(zone).date(), activity=mean) for at, mean in shown.activity]
    made: list[dict[str, object]] = []
    for word, narrow in (("wide", False), ("slim", True)):
        drawing = charts.progress(readings, words, narrow=narrow, ident=f"chart-{word}")
        if drawing:
            made.append({"svg": Markup(drawing), "word": word})  # noqa: S704 - drawn by us
    return made


Drawing = tuple[Markup, str, str]  # the SVG, its text alternative, and the language of that


def of_exercise(name: str, language: str) -> list[Drawing]:
    """Start and finish of an exercise; [] where there is no figure."""
    kept: dict[tuple[str, str], list[Drawing]] = current_app.extensions.setdefault("console_drawings", {})
    if (name, language) not in kept:
        pair = pictures.of_exercise(context(), name, language) or ()
        kept[name, language] = [(Markup(one.svg), one.label, one.language) for one in pair]  # noqa: S704 - drawn by us
    return kept[name, language]
