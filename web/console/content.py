"""Content to read: questionnaires, safety rules, conditions, protocols, exercises, figures."""

from typing import Any

from flask import Response, abort, current_app, request

from clinical.plan.doses import dose_text
from handlers.plans import pictures
from library.content import problems
from library.originals import is_behind
from schemas.forms.condition import Condition
from schemas.plan import Dose
from schemas.staff import Role
from web.console import drawings, gate
from web.console.gate import allowed
from web.console.view import language, page
from web.context import context

blueprint = gate.blueprint("content")
ROLE = (Role.practitioner,)


def _language() -> str:
    asked = request.args.get("in", "") or language()
    return context().clinic.spoken(asked)


@blueprint.get("/console/content")
@allowed(*ROLE)
def content() -> Response:
    """What there is, and which translations no longer fit what they translate."""
    behind = [each for each in problems(current_app.config["CONTENT"]) if is_behind(each)]
    return page("content", library=context().library(_language()), behind=behind)


@blueprint.get("/console/content/questionnaires/<name>")
@allowed(*ROLE)
def questionnaire(name: str) -> Response:
    """One questionnaire: every question with its conditions."""
    found = context().library(_language()).questionnaires.get(name) or abort(404)
    return page("content_questionnaire", questionnaire=found, text_of=text_of)


def text_of(condition: Condition | None) -> str:
    """A condition as it stands in the file."""
    return str(condition) if condition is not None else ""


@blueprint.get("/console/content/rules")
@allowed(*ROLE)
def rules() -> Response:
    """Safety rules, review facts, the condition matrix."""
    library = context().library(_language())
    return page("content_rules", library=library, text_of=text_of)


@blueprint.get("/console/content/protocols/<name>")
@allowed(*ROLE)
def protocol(name: str) -> Response:
    """One protocol: stages, special cases, sources."""
    library = context().library(_language())
    found = library.plan_content.protocols.get(name) or abort(404)
    return page("content_protocol", protocol=found, library=library, text_of=text_of)


@blueprint.get("/console/content/exercises/<name>")
@allowed(*ROLE)
def exercise(name: str) -> Response:
    """One exercise: both panels, steps, doses, what blocks it."""
    library = context().library(_language())
    found = library.plan_content.exercises.get(name) or abort(404)
    return page("content_exercise", exercise=found, library=library, figures=drawn(name), dose_text=_dose)


def _dose(dose: Dose) -> str:
    return dose_text(dose, context().plan_content(_language()).doses)


def drawn(name: str) -> list[dict[str, Any]]:
    """Start and finish of an exercise as drawings."""
    of_both = drawings.of_exercise(name, _language())
    return [{"svg": svg, "label": label, "language": said_in} for svg, label, said_in in of_both]


@blueprint.get("/console/figures/<name>.svg")
@allowed(*ROLE)
def pair(name: str) -> Response:
    """Start and finish of an exercise side by side, as a picture of its own: a long list loads it late."""
    drawn_pair = pictures.pair(context(), name) or abort(404)
    return Response(drawn_pair, content_type="image/svg+xml; charset=utf-8")


@blueprint.get("/console/figures")
@allowed(*ROLE)
def figures() -> Response:
    """The contact sheet: every exercise, start and finish."""
    known = context().library(_language()).plan_content.exercises
    sheet = sorted(known.values(), key=lambda each: (each.phase, each.id))
    return page("figures", sheet=sheet, figures=context().figures(_language()))
