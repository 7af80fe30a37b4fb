"""Services: what can be booked at the scheduler, and which form and whether a plan goes with it."""

import json
from collections.abc import Mapping

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from integrations.base import IntegrationError, Offered, Unsupported
from schemas.staff import Role
from web.console.gate import allowed
from web.console.view import say
from web.context import context
from web.setup import desk
from web.setup.pages import blueprint, go_on, kept, step
from web.setup.scheduler import connection

NONE = "none"
FORMS = {
    "first_visit": "Whole form, with a plan in mind",
    "short": "Short form",
    NONE: "No form",
}
MOST = 200  # services on one page


@blueprint.get("/setup/<token>/services")
@blueprint.get("/console/setup/services")
@allowed(Role.manager)
def services() -> Response:
    """Each service with its form and plan."""
    return _page()


def _page(status: int = 200, problems: list[str] | None = None) -> Response:
    found, said = _offered()
    clinic = desk.clinic()
    rows = [(each, clinic.service(each.slug, each.name)) for each in found[:MOST]]
    return step(
        "services",
        status,
        rows=rows,
        forms=_forms(),
        said=said,
        problems=problems or [],
        more=len(found) - len(rows),
        fixed=desk.is_fixed("CLINIC_SERVICES"),
    )


def _forms() -> dict[str, str]:
    """Every form that can be chosen, in words where we have some."""
    known = context().library(context().clinic.language).questionnaires
    others = {name: name for name in known if name not in ("first_visit", "short", "returning")}
    return {key: say()(text) for key, text in FORMS.items()} | others


def _offered() -> tuple[list[Offered], str]:
    """What the scheduler offers, by name; without an answer, what it says."""
    try:
        scheduler = desk.desk().rebuilt().schedulers.get(connection()[0])
        found = [each for each in scheduler.services() if each.slug] if scheduler else []
    except Unsupported:
        return [], ""
    except IntegrationError as error:
        return [], error.sentence.said(say())
    return sorted(found, key=lambda each: each.name.casefold()), ""


@blueprint.post("/setup/<token>/services/save")
@blueprint.post("/console/setup/services/save")
@allowed(Role.manager)
def save_services() -> AnyResponse:
    """Keep what goes with each service."""
    slugs = request.form.getlist("slug")[:MOST]
    names = dict(zip(slugs, request.form.getlist("name")[:MOST], strict=False))
    chosen = {slug: _chosen(number, names.get(slug, "")) for number, slug in enumerate(slugs) if slug}
    if chosen and not desk.is_fixed("CLINIC_SERVICES"):
        changes = {"CLINIC_SERVICES": json.dumps(_before() | chosen, ensure_ascii=False)}
        problems = desk.desk().problems(changes)
        if problems:
            return _page(422, problems)
        kept(changes)
    return go_on("webhook")


def _before() -> dict[str, object]:
    try:
        found = json.loads(desk.values().get("CLINIC_SERVICES", "") or "{}")
    except ValueError:
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


def _chosen(number: int, name: str) -> dict[str, object]:
    """What was chosen for the service in this row."""
    form = request.form.get(f"form{number}", "")
    asked = form if form in _forms() else "first_visit"
    plan = f"plan{number}" in request.form and asked != NONE
    return {"questionnaire": asked, "plan": plan, "names": [name[:200]] if name else []}
