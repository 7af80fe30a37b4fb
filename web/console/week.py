"""A week: seven days side by side, each visit with what the day says of it."""

from datetime import date, timedelta
from typing import Any

from flask import Response, request

from render.language import readable
from schemas.staff import Role
from store import audit
from store.views import days
from web.console import gate
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.tags import lines
from web.console.today import bounds, day_asked, local_day
from web.console.view import language, page
from web.context import context

blueprint = gate.blueprint("week")


@blueprint.get("/console/week")
@blueprint.get("/console/week/<day>")
@allowed(*EVERYBODY)
def week(day: str = "") -> Response:
    """The ISO week that holds this day, Monday first."""
    chosen = day_asked(day)
    monday = _monday(chosen)
    start, end = bounds(monday, 7)
    wanted = request.args.get("practitioner", "")[:400]
    with context().db.begin() as tx:
        audit.add(tx, me().name, "view_week", f"week:{monday}", now())
    with context().db.read() as tx:
        visits = days.week(tx, start, end, practitioner=wanted)
        who = days.practitioners(tx, start, end)
    clinical = me().may(Role.practitioner)
    shown = lines(visits, context(), now(), language(), clinical=clinical)
    return page(
        "week",
        number=monday.isocalendar().week,
        dates=_dates(monday),
        date=chosen,
        today=local_day(now()),
        is_now=monday == _monday(local_day(now())),
        before=(monday - timedelta(days=7)).isoformat(),
        after=(monday + timedelta(days=7)).isoformat(),
        days=_by_day(monday, shown),
        practitioners=who,
        practitioner=wanted,
        clinical=clinical,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _by_day(monday: date, shown: list[dict[str, Any]]) -> dict[date, list[dict[str, Any]]]:
    """The lines of each of the seven days, on the clinic's calendar."""
    found: dict[date, list[dict[str, Any]]] = {monday + timedelta(days=n): [] for n in range(7)}
    for line in shown:
        found[local_day(line["visit"].start)].append(line)
    return found


def _dates(monday: date) -> str:
    """`Nov 23 – Nov 29, 2026`; the year stands at both ends where they differ."""
    sunday = monday + timedelta(days=6)
    first, last = (readable.short_date(each, language()) for each in (monday, sunday))
    year = f", {monday.year}" if monday.year != sunday.year else ""
    return f"{first}{year} – {last}, {sunday.year}"
