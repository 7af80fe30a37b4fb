"""The remote monitoring sheet (US RTM), where the clinic wants it: a timer on the client's page, PDF, CSV."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.checkins import monitoring
from render.language import readable
from render.paper import pdf
from schemas.monitoring import DAYS, Line, Sheet, What
from schemas.staff import Role
from store import audit, clients, looks
from store.base import Tx
from web.console import gate, today
from web.console.gate import allowed, me, now
from web.console.sheets import csv_file, pdf_file
from web.console.view import clock, language, page, say
from web.context import context

blueprint = gate.blueprint("monitoring")
WHAT = {What.data: "Data came in", What.review: "Review", What.contact: "Contact"}
SOURCES = {
    "form": "form that the client sent",
    "checkin": "check-in that the client answered",
    "tick": "day that the client ticked",
    "timer": "timer, started and stopped by hand",
    "forgotten": "timer that ran for more than an hour: not counted",
    "visit": "visit from the scheduler",
    "answer": "answer in one line",
    "message": "message that was sent",
}
TITLE = "Remote monitoring"
FACTS = ("Client", "30 days", "Days with data", "Minutes of review", "Contacts")
HEADS = ("Day", "Time", "What", "Known from", "By", "Minutes")
NO_ADVICE = (
    "What is counted here is what Aftercare knows. It knows of no call, and says nothing about billing."
)


@blueprint.before_request
def only_where_wanted() -> None:
    """404 where the clinic has not switched it on."""
    if not context().clinic.policy.monitoring_sheet:
        abort(404)


def timer(tx: Tx, family: list[int]) -> dict[str, Any]:
    """What the client's page shows of it; nothing where it is off."""
    if not context().clinic.policy.monitoring_sheet or not me().may(Role.practitioner):
        return {}
    return {"timer": {"since": looks.running(tx, me().id, family)}}


@blueprint.post("/console/clients/<int:client_id>/timer/<any('start', 'stop'):act>")
@allowed(Role.practitioner)
def turn(client_id: int, act: str) -> AnyResponse:
    """Begin or end to read what this client sent; pressed twice, or on an old page, it changes nothing."""
    with context().db.begin() as tx:
        if clients.find(tx, client_id) is None:
            abort(404)
        tx.lock(f"looks-{me().id}")
        since = looks.running(tx, me().id, clients.family(tx, client_id))
        if act == "start" and since is None:
            looks.start(tx, client_id, me().id, me().name, now())
        elif act == "stop" and since is not None:
            looks.stop(tx, me().id, now())
    return redirect(url_for("console_clients.client", client_id=client_id, _anchor="monitoring"), 303)


@blueprint.get("/console/clients/<int:client_id>/monitoring")
@allowed(Role.practitioner)
def shown(client_id: int) -> Response:
    """The sheet of 30 days from a day, on the page."""
    found, name = _sheet(client_id)
    return page("monitoring", **_words(found, name), client_id=client_id, sheet=found)


@blueprint.get("/console/clients/<int:client_id>/monitoring.csv")
@allowed(Role.practitioner)
def as_csv(client_id: int) -> Response:
    """The same as a table."""
    found, name = _sheet(client_id)
    words = _words(found, name, date.isoformat)
    rows = [[label, value] for label, value in words["facts"]]
    return csv_file(f"monitoring-{client_id}-{found.first}", [*rows, [], words["heads"], *words["rows"]])


@blueprint.get("/console/clients/<int:client_id>/monitoring.pdf")
@allowed(Role.practitioner)
def as_pdf(client_id: int) -> Response:
    """The same on paper."""
    found, name = _sheet(client_id)
    words = _words(found, name) | {"language": language()}
    made = pdf.table_pdf(words, context().clinic, date=today.local_day(now()))
    return pdf_file(f"monitoring-{client_id}-{found.first}", made.data)


def _sheet(client_id: int) -> tuple[Sheet, str]:
    """The sheet that the address asks for, and whose it is; looking at it is written into the log."""
    with context().db.begin() as tx:
        found = clients.find(tx, client_id) or abort(404)
        audit.add(tx, me().name, "view_monitoring", f"client:{client_id}", now())
        return monitoring.sheet(tx, context(), client_id, _first(), now()), found.name


def _first() -> date:
    """The first day: the one that is asked for, or 30 days with today as the last."""
    asked = today.read_day(request.args.get("from", ""))
    return asked or today.local_day(now()) - timedelta(days=DAYS - 1)


def _spoken(day: date) -> str:
    return readable.full_date(day, language())


def _words(found: Sheet, name: str, day_of_row: Callable[[date], str] = _spoken) -> dict[str, Any]:
    """What is on the sheet; a table for machines has the days of its rows as 2026-11-27."""
    of = say()
    span = " – ".join(_spoken(day) for day in (found.first, found.last))
    values = (name, span, str(found.days), str(found.minutes), str(found.contacts))
    return {
        "title": of(TITLE),
        "facts": list(zip(map(of, FACTS), values, strict=True)),
        "heads": [of(head) for head in HEADS],
        "rows": [[day_of_row(line.day), *_row(line)] for line in found.lines],
        "note": of(NO_ADVICE),
    }


def _row(line: Line) -> list[str]:
    of = say()
    at = clock(line.at) if line.at else ""
    minutes = str(line.minutes) if line.what is What.review else ""
    return [at, of(WHAT[line.what]), of(SOURCES[line.source]), line.by, minutes]
