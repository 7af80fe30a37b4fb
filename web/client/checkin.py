"""A check-in: one page, a minute, an answer at once."""

from dataclasses import dataclass, replace

from flask import Blueprint, Response, request
from marshmallow import ValidationError

from handlers.answers import FULL
from handlers.bookings import next_visit
from handlers.checkins import asking, replies, result, taps
from handlers.checkins.replies import Outcome
from handlers.links import LinkPurpose
from schemas.checkin import CheckIn
from schemas.forms.form_answers import schema_for
from schemas.forms.questionnaire import Question
from schemas.notions.words import PLACEHOLDER
from schemas.rules import Severity
from store import bookings, intakes
from store import checkins as stored
from store.base import Tx
from web import language as words
from web.client.common import chosen_language, page, subject
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("checkin", __name__)
SIGNS = "fu_symptoms"
CHECKIN = "checkin"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: the check-in, the page's language, and what is asked."""

    checkin: CheckIn
    language: str
    questions: tuple[Question, ...]


def _open(tx: Tx, token: str) -> Opened:
    found = stored.get(tx, subject(tx, LinkPurpose.checkin, token))
    assert found is not None
    intake = intakes.of_booking(tx, found.booking_id)
    language = chosen_language(intake.language if intake else "")
    return Opened(found, language, asking.questions(tx, context(), language, found))


@blueprint.get("/c/<token>")
@blueprint.get("/c/<token>/<tapped>")
def ask(token: str, tapped: str = "") -> Response:
    """The questions; a tap in the mail has chosen the first answer already, and nothing is kept yet."""
    with context().db.read() as tx:
        opened = _open(tx, token)
    if opened.checkin.answered_at:
        return page(
            "checkin_done", opened.language, token, texts=[], text="", tips=(), born=None, here=f"/c/{token}"
        )
    chosen = taps.chosen(context(), opened.checkin, opened.questions, tapped)
    return _asked(token, opened, {}, chosen, f"/c/{token}/{tapped}" if chosen else "")


@blueprint.post("/c/<token>")
def answer(token: str) -> Response:
    """Take the reply in; what it means is answered at once."""
    with context().db.begin() as tx:
        opened = _open(tx, token)
        require_own_form(token)
        texts = context().library(opened.language).errors
        needed = [question.id for question in opened.questions if question.required is not None]
        posted = request.form.to_dict(flat=False)
        try:
            country = context().clinic.country
            answers = schema_for(opened.questions, needed, utc_now().date(), country, texts).load(posted)
        except ValidationError as error:
            signs = asking.signs(opened.questions, posted.get(SIGNS, []))
            if not signs:
                return _asked(token, opened, _sentences(error), posted)
            answers = {**(error.valid_data if isinstance(error.valid_data, dict) else {}), SIGNS: signs}
        outcome = replies.reply(tx, context(), opened.checkin, answers, utc_now())
        book_at = _book_at(tx, opened.checkin)
        born = _born(tx, opened)
    return result_page(token, opened.language, outcome, f"/c/{token}", book_at, born)


@blueprint.post("/c/<token>/result")
def show_result(token: str) -> Response:
    """How far the client has come, for who types the date of birth; nothing of it for anybody else."""
    with context().db.begin() as tx:
        opened = _open(tx, token)
        require_own_form(token)
        found = result.shown(tx, context(), opened.checkin, _typed_birth(opened), utc_now())
        book_at, born = _book_at(tx, opened.checkin), None if found else _born(tx, opened)
    return page(
        "checkin_result",
        opened.language,
        token,
        200 if found else 422,
        result=found,
        born=born,
        book_at=book_at,
        here=f"/c/{token}",
    )


def _born(tx: Tx, opened: Opened) -> Question | None:
    """The question for the date of birth; None where nothing is shown for it."""
    found = stored.get(tx, opened.checkin.id)
    if found is None or not result.offered(tx, found):
        return None
    known = context().library(opened.language).questionnaires[FULL].question(result.BORN)
    return replace(known, why="", hint="") if known else None


def _typed_birth(opened: Opened) -> str:
    library = context().library(opened.language)
    known = library.questionnaires[FULL].question(result.BORN)
    asked = [known] if known else []
    schema = schema_for(asked, [result.BORN], utc_now().date(), context().clinic.country, library.errors)
    try:
        return str(schema.load(request.form.to_dict(flat=False))[result.BORN])
    except (ValidationError, KeyError):
        return ""


def _book_at(tx: Tx, checkin: CheckIn) -> str:
    booking = bookings.get(tx, checkin.booking_id)
    return next_visit.page_for(tx, context(), booking, utc_now()) if booking else ""


def result_page(
    token: str, language: str, outcome: Outcome, here: str, book_at: str = "", born: Question | None = None
) -> Response:
    """Thanks and what follows from a reply; warnings first. Never an answer."""
    found, messages = outcome.flags, context().library(language)
    known = words.numbers(context().clinic)
    texts = list(dict.fromkeys(messages.message(flag.client_text, **known) for flag in found))
    if outcome.paused and not texts:
        texts = [messages.message(messages.plan_content.feedback.paused, **known)]
    said = [messages.message(key, **known, **outcome.step.days) for key in outcome.step.messages]
    return page(
        "checkin_done",
        language,
        token,
        texts=texts,
        emergency=any(flag.severity is Severity.STOP_EMERGENCY for flag in found),
        stops=bool(texts),
        crisis=any(messages.rules.is_crisis(flag.rule) for flag in found),
        text="" if texts else " ".join(one for one in said if not PLACEHOLDER.search(one)),
        tips=outcome.step.tips,
        book_at=book_at,
        born=None if texts else born,
        here=here,
    )


def _sentences(error: ValidationError) -> dict[str, str]:
    found = error.messages if isinstance(error.messages, dict) else {}
    return {str(name): str(texts[0]) for name, texts in found.items() if texts}


def _asked(
    token: str, opened: Opened, errors: dict[str, str], posted: dict[str, list[str]], here: str = ""
) -> Response:
    tap = taps.question(context(), opened.checkin, opened.questions)

    def value(question: Question) -> list[str]:
        return posted.get(question.id) or []

    asked = context().library(opened.language).questionnaires[CHECKIN]
    return page(
        "checkin",
        opened.language,
        token,
        422 if errors else 200,
        asked=asked,
        questions=sorted(opened.questions, key=lambda each: each != tap),
        errors=errors,
        value=value,
        here=here or f"/c/{token}",
    )
