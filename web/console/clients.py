"""Clients: found by name, address or number; one client over time; export and erasure."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from clinical.plan.wording import change_text, changes_text
from handlers.checkins import progress
from handlers.checkins.progress import Progress
from handlers.clients import contacts, disclosures
from handlers.intake import summary
from handlers.worker import data_requests
from schemas.choosing import PlanContent
from schemas.plan import StoredPlan
from schemas.staff import Role
from store import audit, bookings, choices, client_words, clients, intakes, plans
from store.base import Tx
from store.views import silent
from web.console import gate, monitoring, moves, reach, timeline, waits
from web.console.auth import confirmed
from web.console.drawings import progress_chart
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.labels import ACTS, PURPOSES
from web.console.tags import FLAGS
from web.console.view import language, page, say
from web.context import context

blueprint = gate.blueprint("clients")
RECENT, MINE, SILENT, WAITING = "recent", "mine", "silent", "waiting"
LISTS = {RECENT: "Recent", MINE: "Mine", SILENT: "Silent", WAITING: "Waiting"}
CHOICE = "clients"
SHOWN = 50
NEWEST_VISITS = 30
NEWEST = 20  # of the plans, numbers and disclosures of a client
ONE_SEARCH = timedelta(seconds=30)
MOST_KNOWN = 1000  # sessions


@blueprint.get("/console/clients")
@allowed(*EVERYBODY)
def search() -> Response:
    """Clients who are found by what is typed; before that, those of the list that was chosen last.

    While somebody types, the list alone is asked for.
    """
    text, typing = request.args.get("q", "").strip()[:100], "X-Fragment" in request.headers
    with context().db.begin() as tx:
        chosen = _chosen(tx)
        since: dict[int, datetime] = {}
        if text:
            found = client_words.find(tx, text, context().clinic.country)
            _log(tx, text, len(found), typing=typing)
        elif chosen == SILENT:
            since = {one.client_id: one.since for one in silent.silent(tx, now())}
            found = client_words.some(tx, [*since])
        elif chosen == WAITING:
            found = client_words.some(tx, waits.client_ids(tx)[:SHOWN])
        else:
            found = client_words.recent(tx, now(), me().name if chosen == MINE else "")
    values: dict[str, Any] = {"q": text, "found": found, "lists": LISTS, "chosen": chosen, "since": since}
    values |= {"days": silent.AFTER.days, "most": SHOWN}
    return page("clients_list" if typing else "clients", **values)


def _chosen(tx: Tx) -> str:
    """The list that is asked for, or that this person looked at last."""
    before = choices.of(tx, me().id).get(CHOICE, RECENT)
    asked = request.args.get("whose", before)
    chosen = asked if asked in LISTS else RECENT
    if chosen != before and "whose" in request.args:
        choices.put(tx, me().id, CHOICE, chosen)
    return chosen


def _log(tx: Tx, text: str, found: int, *, typing: bool) -> None:
    """A search is in the log, not its text: it is somebody's name. What is typed on within seconds is one."""
    known: dict[int, tuple[datetime, str]] = current_app.extensions.setdefault("console_searches", {})
    at, before = known.get(g.session.id, (None, ""))
    same = text.startswith(before) or before.startswith(text)
    if typing and at is not None and same and now() - at < ONE_SEARCH:
        known[g.session.id] = at, text
        return
    if len(known) > MOST_KNOWN:
        known.clear()
    known[g.session.id] = now(), text
    audit.add(tx, me().name, "search", "clients", now(), str(found))


@blueprint.get("/console/clients/<int:client_id>")
@allowed(*EVERYBODY)
def client(client_id: int) -> Response:
    """One client: the visits; for a practitioner also how pain, activities and days went."""
    return _page(client_id)


def _page(client_id: int, status: int = 200, error: str = "") -> Response:
    with context().db.begin() as tx:
        found = clients.find(tx, client_id) or abort(404)
        audit.add(tx, me().name, "view", f"client:{client_id}", now())
        family = clients.family(tx, client_id)
        visits, since = _visits(tx, family)
        joined = [clients.get(tx, each) for each in family if each != client_id]
        clinical = _of_practitioner(tx, family, client_id, since)
        events = timeline.events(tx, family, visits, since, clinical=clinical["clinical"])
        given = disclosures.of_client(tx, context(), family) if me().may(Role.manager) else []
        total = bookings.count_of_clients(tx, family) if since else len(visits)
        reached = contacts.known(tx, context(), found.email, found.phone)
        timing = monitoring.timer(tx, family)
        places = [] if found.erased_at else reach.shown(tx, reached)
    made = clinical["progress"]
    return page(
        "client",
        status,
        client=found,
        reached=reached,
        places=places,
        events=events,
        flag_tags=FLAGS,
        visits=visits,
        since=since,
        total=total,
        joined=joined,
        given=given,
        most=NEWEST,
        messages=PURPOSES,
        acts=ACTS,
        growth=context().plan_content(context().clinic.language).choosing.growth,
        charts=progress_chart(made, context().zone(), language()) if made else [],
        tables=_tables(made) if made else {},
        error=error,
        **clinical,
        **timing,
    )


def _of_practitioner(tx: Tx, family: Sequence[int], client_id: int, since: datetime | None) -> dict[str, Any]:
    """How it went, what stands and which plans there were; nothing of it for anybody else."""
    clinical = me().may(Role.practitioner)
    versions = plans.newest_of_client(tx, family, NEWEST + 1) if clinical else []
    age, consents = _last_form(tx, family) if clinical else (None, ())
    return {
        "clinical": clinical,
        "progress": progress.of_client(tx, context(), client_id, since) if clinical else None,
        "standing": intakes.standing(tx, family) if clinical else [],
        "moves": moves.of_client(tx, family, since) if clinical else [],
        "versions": versions[-NEWEST:],
        "more_versions": len(versions) > NEWEST,
        "changed": _changed(versions[-NEWEST:]),
        "age": age,
        "consents": consents,
    }


def _visits(tx: Tx, family: Sequence[int]) -> tuple[list[Any], datetime | None]:
    """The newest visits, and since when the page tells what happened; None for everything."""
    found = [visit for each in family for visit in bookings.of_client(tx, each)]
    found.sort(key=lambda visit: visit.start_at, reverse=True)
    if len(found) <= NEWEST_VISITS or "all" in request.args:
        return found, None
    return found[:NEWEST_VISITS], found[NEWEST_VISITS].start_at


def _last_form(tx: Tx, family: Sequence[int]) -> tuple[int | None, tuple[tuple[str, bool], ...]]:
    """The age, and what the client agreed to, by the form that was sent last."""
    forms = intakes.done_of_client(tx, family)
    visit = summary.for_visit(tx, context(), forms[-1].booking_id, now(), language()) if forms else None
    return (visit.age, visit.consents) if visit else (None, ())


def _changed(versions: Sequence[StoredPlan]) -> dict[int, str]:
    """What each version of a plan changed, by its row."""
    content = context().plan_content(language())
    return {one.id: _change(one, content) for one in versions}


def _change(one: StoredPlan, content: PlanContent) -> str:
    said = changes_text(one.changes, content)
    return change_text(one.plan, content) if said is None else said


def _tables(made: Progress) -> dict[str, list[tuple[datetime, str]]]:
    """The newest numbers of the chart, as (when, what)."""
    of = say()
    weeks = [(one.at, of("{part} of {whole}", part=one.done, whole=one.planned)) for one in made.weeks]
    tables = {
        "pains": [(one.at, str(one.score)) for one in made.pains],
        "activity": [(at, f"{round(mean, 1):g}") for at, mean in made.activity],
        "weeks": weeks,
    }
    return {name: rows[-NEWEST:] for name, rows in tables.items()}


@blueprint.post("/console/clients/<int:client_id>/export")
@allowed(Role.manager)
def export(client_id: int) -> Response:
    """Everything that is kept about a client, as a file."""
    if wrong := confirmed():
        return _page(client_id, wrong[1], error=wrong[0])
    values = data_requests.export(context(), client_id, me().name, now()) or abort(404)
    text = json.dumps(values, ensure_ascii=False, indent=2)
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="client-{client_id}.json"'
    return response


@blueprint.post("/console/clients/<int:client_id>/erase")
@allowed(Role.manager)
def erase(client_id: int) -> AnyResponse:
    """Erase a client for good; the word has to be typed."""
    if request.form.get("word", "").strip().casefold() not in ("erase", "borrar"):
        return _page(client_id, 422, error="Type the word to go on.")
    if wrong := confirmed():
        return _page(client_id, wrong[1], error=wrong[0])
    receipt = data_requests.erase(context(), client_id, me().name, now()) or abort(404)
    return page("erased", receipt=receipt)
