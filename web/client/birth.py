"""The date of birth: asked for before anything is shown of what was said before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from flask import request
from marshmallow import ValidationError

from clinical.answers.facts import BORN
from handlers.answers import FULL
from library.content import Library
from schemas.forms.form_answers import schema_for
from schemas.forms.questionnaire import Question
from web.context import context


def question(library: Library) -> Question | None:
    """The question of the full form, without its words on what it is for; None where there is none."""
    known = library.questionnaires[FULL].question(BORN)
    return replace(known, why="", hint="") if known else None


def typed(library: Library, today: date) -> str:
    """The date that this request brings, as ISO; "" where it is no date."""
    known = question(library)
    asked: Sequence[Question] = [known] if known else []
    schema = schema_for(asked, [BORN], today, context().clinic.country, library.errors)
    try:
        return str(schema.load(request.form.to_dict(flat=False)).get(BORN, ""))
    except ValidationError:
        return ""
