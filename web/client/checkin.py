"""A check-in: one page, a minute, an answer at once."""

from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema, ValidationError

from clinical.answers import flags
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
from web.client import birth, browser
from web.client.common import OURS, call_back, chosen_language, page, subject, to
from web.context import context, utc_now
from web.security import require_own_form, wrong_link

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
    if found is None:  # no longer kept, and the link lives on
        wrong_link()
    intake = intakes.of_booking(tx, found.booking_id)
    language = chosen_language(intake.language if intake else "")
    return Opened(found, language, asking.questions(tx, context(), language, found))


@blueprint.get("/c/<token>")
@blueprint.get("/c/<token>/<tapped>")
def ask(token: str, tapped: str = "") -> Response:
    """The questions; a tap in the mail has chosen the first answer already, and nothing is kept yet."""
    kept = browser.kept(f"/c/{token}")
    with context().db.read() as tx:
        opened = _open(tx, token)
        if opened.checkin.answered_at or "said" in kept:
            return _answered(tx, token, opened, kept.get("said", {}))
    if "typed" in kept:
        return _again(token, opened, kept)
    chosen = taps.chosen(context(), opened.checkin, opened.questions, tapped)
    return _asked(token, opened, {}, chosen, f"/c/{token}/{tapped}" if chosen else "")


def _answered(tx: Tx, token: str, opened: Opened, said: dict[str, Any]) -> Response:
    """Thanks; in the browser that replied with what follows from it."""
    if said:
        booking = bookings.get(tx, opened.checkin.booking_id)
        more = call_back(tx, booking, f"/c/{token}/number") if booking else {}
        more |= {"book_at": _book_at(tx, opened.checkin), "born": _born(tx, opened)}
        return result_page(token, opened.language, said, f"/c/{token}", **more)
    return page(
        "checkin_done", opened.language, token, texts=[], text="", tips=(), born=None, here=f"/c/{token}"
    )


def _again(token: str, opened: Opened, kept: dict[str, Any]) -> Response:
    """The questions with what was typed; what is wrong with it once it was sent."""
    errors: dict[str, str] = {}
    if kept["checked"]:
        try:
            _schema(opened).load(kept["typed"])
        except ValidationError as error:
            errors = _sentences(error)
    return _asked(token, opened, errors, kept["typed"])


def _schema(opened: Opened) -> Schema:
    needed = [question.id for question in opened.questions if question.required is not None]
    texts = context().library(opened.language).errors
    return schema_for(opened.questions, needed, utc_now().date(), context().clinic.country, texts)


@blueprint.post("/c/<token>")
def answer(token: str) -> Response:
    """Take the reply in; what it means is answered at once."""
    with context().db.begin() as tx:
        opened = _open(tx, token)
        require_own_form(token)
        typed = {name: given for name, given in request.form.to_dict(flat=False).items() if name not in OURS}
        here = f"/c/{token}?language={opened.language}"
        if "read_in" in request.form:
            kept = {"checked": False} | browser.kept(f"/c/{token}") | {"typed": typed}
            return browser.keep(to(here), f"/c/{token}", kept) or _again(token, opened, kept)
        try:
            answers = _schema(opened).load(typed)
        except ValidationError as error:
            signs = asking.signs(opened.questions, typed.get(SIGNS, []))
            if not signs:
                kept = {"typed": typed, "checked": True}
                return browser.keep(to(here), f"/c/{token}", kept) or _again(token, opened, kept)
            answers = {**(error.valid_data if isinstance(error.valid_data, dict) else {}), SIGNS: signs}
        said = follows(replies.reply(tx, context(), opened.checkin, answers, utc_now()))
        thanks = browser.keep(to(here), f"/c/{token}", {"said": said})
        return thanks or _answered(tx, token, opened, said)


@blueprint.get("/c/<token>/result")
def result_again(token: str) -> Response:
    """The result in the browser that typed the date of birth; any other is asked for it."""
    kept = browser.kept(f"/c/{token}/result")
    with context().db.read() as tx:
        opened = _open(tx, token)
        return _result(tx, token, opened, kept["result"]) if kept else to(f"/c/{token}")


@blueprint.post("/c/<token>/result")
def show_result(token: str) -> Response:
    """How far the client has come, for who types the date of birth; nothing of it for anybody else."""
    with context().db.begin() as tx:
        opened = _open(tx, token)
        require_own_form(token)
        born = birth.typed(context().library(opened.language), utc_now().date())
        found = result.shown(tx, context(), opened.checkin, born, utc_now())
        shown = asdict(found) if found else None
        next_page = to(f"/c/{token}/result?language={opened.language}")
        kept = browser.keep(next_page, f"/c/{token}/result", {"result": shown})
        return kept or _result(tx, token, opened, shown)


def _result(tx: Tx, token: str, opened: Opened, shown: dict[str, Any] | None) -> Response:
    return page(
        "checkin_result",
        opened.language,
        token,
        result=shown,
        born=None if shown else _born(tx, opened),
        book_at=_book_at(tx, opened.checkin),
        here=f"/c/{token}/result",
    )


def _born(tx: Tx, opened: Opened) -> Question | None:
    """The question for the date of birth; None where nothing is shown for it."""
    found = stored.get(tx, opened.checkin.id)
    if found is None or not result.offered(tx, found):
        return None
    return birth.question(context().library(opened.language))


def _book_at(tx: Tx, checkin: CheckIn) -> str:
    booking = bookings.get(tx, checkin.booking_id)
    return next_visit.page_for(tx, context(), booking, utc_now()) if booking else ""


def follows(outcome: Outcome) -> dict[str, Any]:
    """What a reply leads to, as JSON: keys and flags, so that it can be read in either language."""
    return {
        "flags": [flags.to_stored(flag) | {"because": []} for flag in outcome.flags],
        "paused": outcome.paused,
        "messages": outcome.step.messages,
        "days": outcome.step.days,
        "tips": outcome.step.tips,
    }


def result_page(token: str, language: str, said: dict[str, Any], here: str, **more: Any) -> Response:
    """Thanks and what follows from a reply (`follows`); warnings first. Never an answer."""
    found, messages = [flags.from_stored(each) for each in said["flags"]], context().library(language)
    known = words.numbers(context().clinic)
    texts = list(dict.fromkeys(messages.message(flag.client_text, **known) for flag in found))
    if said["paused"] and not texts:
        texts = [messages.message(messages.plan_content.feedback.paused, **known)]
    spoken = [messages.message(key, **known, **said["days"]) for key in said["messages"]]
    return page(
        "checkin_done",
        language,
        token,
        texts=texts,
        emergency=any(flag.severity is Severity.STOP_EMERGENCY for flag in found),
        stops=bool(texts),
        crisis=any(messages.rules.is_crisis(flag.rule) for flag in found),
        text="" if texts else " ".join(one for one in spoken if not PLACEHOLDER.search(one)),
        tips=said["tips"],
        here=here,
        **(more | {"born": None if texts else more.get("born")}),
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
        asked=asked,
        questions=sorted(opened.questions, key=lambda each: each != tap),
        errors=errors,
        value=value,
        here=here or f"/c/{token}",
    )
