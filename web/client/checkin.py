"""A check-in: one page, a minute, an answer at once."""

from flask import Blueprint, Response, request
from marshmallow import ValidationError

from handlers import checkins
from handlers.links import LinkPurpose
from schemas.questionnaire import Question
from schemas.responses import schema_for
from store import bookings
from store import checkins as stored
from store.base import Tx
from store.checkins import CheckIn
from web import words
from web.client.common import house, now, page, subject
from web.security import require_own_form

blueprint = Blueprint("checkin", __name__)


def _open(tx: Tx, token: str) -> tuple[CheckIn, str]:
    found = stored.get(tx, subject(tx, LinkPurpose.checkin, token))
    assert found is not None
    booking = bookings.get(tx, found.booking_id)
    wanted = request.args.get("language", "")
    language = wanted or (booking.language if booking else "")
    return found, house().clinic.spoken(language)


@blueprint.get("/c/<token>")
def ask(token: str) -> Response:
    """The questions; a tap in the mail may have chosen the first answer already."""
    with house().db.read() as tx:
        found, language = _open(tx, token)
    if found.answered_at:
        return page("checkin_done", language, token, texts=[], emergency=False, text="", tips=())
    return _asked(token, found, language, {}, {})


@blueprint.post("/c/<token>")
def answer(token: str) -> Response:
    """Take the reply in; what it means is answered at once."""
    with house().db.begin() as tx:
        found, language = _open(tx, token)
        require_own_form(token)
        questions = checkins.questions(house(), language, found.kind)
        today = now().date()
        library = house().library(language)
        needed = [question.id for question in questions if question.required is not None]
        posted = request.form.to_dict(flat=False)
        try:
            answers = schema_for(questions, needed, today, library.errors).load(posted)
        except ValidationError as error:
            return _asked(token, found, language, _sentences(error), posted)
        outcome = checkins.reply(tx, house(), found, answers, now())
    numbers = words.numbers(house().clinic)
    stops = [flag for flag in outcome.flags if flag.severity.stops]
    texts = dict.fromkeys(library.message(flag.client_text, **numbers) for flag in stops)
    return page(
        "checkin_done",
        language,
        token,
        texts=list(texts),
        emergency=any(flag.severity.value == "stop_emergency" for flag in stops),
        text=_plain(outcome.step.message, language) if not stops else "",
        tips=outcome.step.tips,
    )


def _plain(key: str, language: str) -> str:
    return words.say_in(language)(PLAIN[key]) if key in PLAIN else ""


PLAIN = {
    "progress_up": "Nice work. It went well, so your plan grows a little.",
    "progress_hold": "You are on track. Keep the same plan for now.",
    "progress_down": "It looks like it was too much. We make the plan smaller. That is a normal part of it.",
    "shrink": "Busy days? We cut your plan to the moves that matter most. Two minutes count.",
    "held": "Please pause your plan. We will call you.",
    "urgent": "Please stop the plan. We will call you.",
}


def _sentences(error: ValidationError) -> dict[str, str]:
    found = error.messages if isinstance(error.messages, dict) else {}
    return {str(name): str(texts[0]) for name, texts in found.items() if texts}


def _asked(
    token: str, found: CheckIn, language: str, errors: dict[str, str], posted: dict[str, list[str]]
) -> Response:
    questions = checkins.questions(house(), language, found.kind)
    tapped = {"fu_feel": request.args.getlist("feel")}

    def value(question: Question) -> list[str]:
        return posted.get(question.id) or tapped.get(question.id) or []

    return page("checkin", language, token, questions=questions, errors=errors, value=value)
