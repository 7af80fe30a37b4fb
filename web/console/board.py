"""The clinic's board: intakes, replies, days, pain and activities at week 4, alerts and false alarms."""

from datetime import timedelta

from flask import Response, current_app, request

from handlers.checkins import progress
from handlers.checkins.progress import Board
from schemas.notions.words import fill
from schemas.staff import Role
from store import audit
from web.console import gate
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.sheets import csv_file
from web.console.view import page
from web.context import context
from web.numbers import number

blueprint = gate.blueprint("board")
FRESH = timedelta(minutes=5)
PERIODS = {7: "7 days", 28: "4 weeks", 91: "13 weeks"}
MEASURES = (
    ("intakes", "Intakes done before the visit"),
    ("replies", "Check-ins with a reply"),
    ("enough_days", "At least {days} % of the planned days done"),
    ("eased", "Pain {points} points or {percent} % less at week 4"),
    ("abler", "Activities {more} points better at week 4"),
    ("booked_again", "Visits with a plan after which the client booked again"),
    ("alerts", "Alerts looked at within {minutes} minutes"),
    ("false_alarms", "False alarms: stops that a clinician cleared"),
)


def _figures() -> dict[str, str]:
    """What the measures' names say: the thresholds of the clinic's rules."""
    rules = context().checkins.board
    growth = context().plan_content(context().clinic.language).choosing.growth
    return {
        "days": f"{rules.enough_days_percent}",
        "minutes": f"{rules.alert_within_minutes}",
        "points": f"{growth.pain_points:g}",
        "percent": f"{growth.pain_percent:g}",
        "more": f"{growth.activity_points:g}",
    }


def _days() -> int:
    days = request.args.get("days", 28, type=number)
    return days if days in PERIODS else 28


def _board(days: int) -> Board:
    with context().db.read() as tx:
        return progress.board_of(tx, context(), now() - timedelta(days=days), now())


def _lately(days: int) -> Board:
    """The board as of some minutes ago: it counts thousands of rows, and nobody needs it to the second."""
    kept: dict[int, Board] = current_app.extensions.setdefault("console_boards", {})
    known = kept.get(days)
    if known is None or now() - known.end > FRESH:
        kept[days] = known = _board(days)
    return known


@blueprint.get("/console/board")
@allowed(*EVERYBODY)
def board() -> Response:
    """The figures of a period."""
    days = _days()
    return page(
        "board", board=_lately(days), measures=MEASURES, figures=_figures(), periods=PERIODS, days=days
    )


@blueprint.get("/console/board.csv")
@allowed(Role.manager)
def board_csv() -> Response:
    """The numbers behind it."""
    days = _days()
    found = _board(days)
    with context().db.begin() as tx:
        audit.add(tx, me().name, "export_board", "board", now(), f"{days} days")
    rows: list[tuple[object, ...]] = [("measure", "from", "until", "part", "whole", "percent")]
    period = (found.start.isoformat(timespec="seconds"), found.end.isoformat(timespec="seconds"))
    for name, text in MEASURES:
        share = getattr(found, name)
        rows.append((fill(text, _figures()), *period, share.part, share.whole, share.percent))
    rows.append(("Plans sent", *period, found.plans_sent, "", ""))
    return csv_file("board", rows)
