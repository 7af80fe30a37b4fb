"""The client's places on the body, as drawings."""

from markupsafe import Markup

from render import bodymap
from render.bodymap import BodyView
from schemas.told import Told
from web.words import Say

TITLES = {BodyView.FRONT: "Front", BodyView.BACK: "Back"}


def bodies(told: Told, say: Say) -> list[dict[str, object]]:
    """Front and back with the places filled in; a side without any is left out."""
    made: list[dict[str, object]] = []
    for view, title in TITLES.items():
        there = [one.id for one in bodymap.regions(view) if one.id in told.regions]
        if there:
            drawing = bodymap.svg(view, there, interactive=False, sides=(say("L"), say("R")))
            made.append({"svg": Markup(drawing), "title": say(title), "label": say(title)})  # noqa: S704 - drawn by us
    return made
