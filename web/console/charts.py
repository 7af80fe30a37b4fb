"""One client over time as a chart: a wide one for the desk, a narrow one for the phone."""

from zoneinfo import ZoneInfo

from markupsafe import Markup

from handlers.progress import Progress
from render import charts
from render.charts import Reading


def progress_chart(told: Progress, zone: ZoneInfo, language: str) -> list[dict[str, object]]:
    """The drawings, each with the class that says on which screen it is shown; [] without a number."""
    readings = [Reading(one.at.astimezone(zone).date(), pain=one.score) for one in told.pains]
    readings += [Reading(one.at.astimezone(zone).date(), days_done=one.done) for one in told.weeks]
    readings += [Reading(at.astimezone(zone).date(), activity=mean) for at, mean in told.activity]
    made: list[dict[str, object]] = []
    for word, narrow in (("wide", False), ("slim", True)):
        drawing = charts.progress(readings, language=language, narrow=narrow, ident=f"chart-{word}")
        if drawing:
            made.append({"svg": Markup(drawing), "word": word})  # noqa: S704 - drawn by us
    return made
