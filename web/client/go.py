"""Do it now: the plan's moves one after the other, with timers, then how each of them was.

One page with one form: each move is a section of its own, and a link leads to the next. So it goes without a
script, without an address that says anything, and without anything kept before the last button.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request

from handlers.plans import pictures
from schemas.plan import Dose
from schemas.worded_plan import WordedItem
from web.client import browser
from web.client.common import Typed, in_language, open_plan, page
from web.client.tick import Said, days_of, effort_and_pain, keep
from web.context import context

blueprint = Blueprint("go", __name__)
FIELDS = ("skip", "effort", "pain")
"""What the form asks of each move."""
SKIPPED = ("hurts", "too_hard", "no_time", "no_room", "other")
TOO_MUCH = ("hurts", "too_hard")
"""Who skips a move for this found it too hard."""


@blueprint.get("/p/<token>/go")
def show(token: str) -> Response:
    """The moves of the plan that counts now."""
    return _shown(token, browser.typed(f"/p/{token}/go"))


def _shown(token: str, typed: Typed) -> Response:
    with context().db.read() as tx:
        opened = open_plan(tx, token)
        days, plan = days_of(tx, opened.booking), opened.plan
    return page(
        "go",
        opened.language,
        token,
        plan=plan,
        figures=pictures.of_items(context(), plan),
        own_at=lambda number, _name: f"/p/{token}/own/{number}",
        coach=coach,
        skipped=SKIPPED,
        days=days,
        typed=typed,
        here=f"/p/{token}/go",
    )


def coach(item: WordedItem) -> dict[str, Any]:
    """What the timers of a move have to know: how often, and seconds on the way, held, and rested."""
    dose = item.dose
    tempo = pictures.tempo_of(dose, None)
    return {
        "rounds": max(dose.sets, 1) * (2 if dose.each_side else 1),
        "sides": 2 if dose.each_side else 1,
        "reps": max(dose.reps, 1),
        "way": _way(dose, tempo.out + tempo.back),
        "hold": dose.minutes * 60 or tempo.held,
        "rest": dose.rest_seconds,
    }


def _way(dose: Dose, seconds: float) -> float:
    """A hold that is done once has no way that is counted; nor has what is done for minutes."""
    return 0 if dose.minutes or (dose.reps <= 1 and dose.hold_seconds) else seconds


@blueprint.post("/p/<token>/go")
def done(token: str) -> Response:
    """Tick the day, with how each move was; where all were skipped, the day is not ticked.

    Or show the page in another language, with what was chosen so far.
    """
    if "read_in" in request.form:
        return in_language(token, f"/p/{token}/go", lambda typed: _shown(token, typed))
    return keep(token, lambda moves: _said(moves, request.form))


def _said(known: Sequence[str], form: Mapping[str, str]) -> Said | None:
    """The day's effort and pain from those of its moves; None when all of them were skipped."""
    shown = [each for each in known if any(f"{field}-{each}" in form for field in FIELDS)]
    moves = {each: _of_move(form, each) for each in shown}
    if moves and all("skipped" in each for each in moves.values()):
        return None
    efforts = [
        "too_hard" if each.get("skipped") in TOO_MUCH else each.get("effort") for each in moves.values()
    ]
    pains = [int(each["pain"]) for each in moves.values() if "pain" in each]
    said: Said = {"effort": _effort([each for each in efforts if each])}
    said |= {"pain": str(max(pains))} if pains else {}
    said |= {"moves": {name: each for name, each in moves.items() if each}}
    return {name: value for name, value in said.items() if value}


def _of_move(form: Mapping[str, str], exercise_id: str) -> Said:
    why = form.get(f"skip-{exercise_id}", "")
    return {"skipped": why} if why in SKIPPED else effort_and_pain(form, f"-{exercise_id}")


def _effort(efforts: list[str]) -> str:
    """One move that was too hard makes the day too hard; too easy is the day on which all were."""
    if "too_hard" in efforts:
        return "too_hard"
    return "right" if "right" in efforts else "too_easy" if efforts else ""
