"""Today, and any day: who comes, what is missing, flags first."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, request

from schemas.staff import Role
from store import attendances, audit
from store.views import days
from web.console import gate
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.tags import lines
from web.console.view import language, page
from web.context import context

blueprint = gate.blueprint("today")


@blueprint.get("/console/")
@blueprint.get("/console/days/<day>")
@allowed(*EVERYBODY)
def today(day: str = "") -> Response:
    """One day's visits; with the header X-Fragment only the list, for the page that refreshes itself."""
    chosen = day_asked(day)
    start, end = bounds(chosen)
    wanted = request.args.get("practitioner", "")[:400]
    fragment = "X-Fragment" in request.headers
    if not fragment:  # a page that refreshes itself is nobody who looks
        with context().db.begin() as tx:
            audit.add(tx, me().name, "view_day", f"day:{chosen}", now())
    with context().db.read() as tx:
        visits = days.day(tx, start, end, practitioner=wanted, pain=me().may(Role.practitioner))
        who = days.practitioners(tx, start, end)
        questions = attendances.count_unsettled(tx)
    shown = lines(visits, context(), now(), language(), clinical=me().may(Role.practitioner))
    return page(
        "day_list" if fragment else "today",
        date=chosen,
        is_today=chosen == local_day(now()),
        before=(chosen - timedelta(days=1)).isoformat(),
        after=(chosen + timedelta(days=1)).isoformat(),
        lines=shown,
        practitioners=who,
        practitioner=wanted,
        totals=_totals(shown),
        questions=questions,
        next=_next(shown) if chosen == local_day(now()) else None,
        clinical=me().may(Role.practitioner),
    )


def local_day(at: datetime) -> date:
    """The day on the clinic's calendar."""
    return at.astimezone(context().zone()).date()


def day_asked(text: str) -> date:
    """The day that an address names, in its path or as `date`; today where it names none."""
    return read_day(text or request.args.get("date", "")) or local_day(now())


def read_day(given: str) -> date | None:
    """A day as an address writes it (2026-11-20), from 2000 to 2099; None for anything else."""
    try:
        found = date.fromisoformat(given)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def bounds(day: date, days: int = 1) -> tuple[datetime, datetime]:
    """Midnight to midnight on the clinic's wall; an hour less or more where the clocks change."""
    return context().midnight(day), context().midnight(day + timedelta(days=days))


def _totals(shown: list[dict[str, Any]]) -> dict[str, int]:
    live = [line["words"] for line in shown if line["words"].on]
    return {
        "visits": len(live),
        "missing": sum(words.missing for words in live),
        "flags": sum(words.grave or words.look for words in live),
        "stops": sum(words.grave for words in live),
        "held": sum(words.held for words in live),
    }


def _next(shown: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The visit that goes on, or the next one: half a day of lines stands above it on a phone."""
    return next((line for line in shown if line["words"].on and not line["over"]), None)
