"""The intake: one group of questions on a screen, saved at each step, resumed by the same link."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from handlers import asking, intake
from handlers.answers import SHORT_UPDATE
from handlers.asking import Screen
from handlers.intake import CHECK, Asked
from handlers.links import LinkPurpose
from render import bodymap
from schemas.condition import Answer
from schemas.questionnaire import Question, QuestionType
from schemas.rules import Flag
from store import bookings, intakes
from store.base import Tx
from web import words
from web.client.common import house, now, page, subject, visit_time
from web.security import require_own_form

blueprint = Blueprint("intake", __name__)
SEEN_FOR = 30 * 60  # seconds in which the same browser sees what it typed
CRISIS = "RF25"


def _open(tx: Tx, token: str) -> tuple[Asked | None, str, str]:
    """The intake behind a link (None when the visit is off), its language, and the visit's time."""
    booking_id = subject(tx, LinkPurpose.intake, token)
    asked = intake.open_intake(tx, house(), booking_id, now())
    booking = bookings.get(tx, booking_id)
    language = asked.library.language if asked else house().clinic.language
    return asked, language, visit_time(tx, booking, language) if booking else ""


@blueprint.get("/i/<token>")
def start(token: str) -> Response:
    """Where the client goes on: the first screen that is not answered, or thanks."""
    with house().db.read() as tx:
        asked, language, when = _open(tx, token)
    if asked is None:
        return page("off", language, token)
    if asked.intake.done:
        return _done(asked, token, when, ())
    return _screen_page(asked, token, asked.resume_at(), when=when)


@blueprint.get("/i/<token>/<step>")
def screen(token: str, step: str) -> Response:
    """One screen, to go back to or to change."""
    with house().db.read() as tx:
        asked, language, when = _open(tx, token)
    if asked is None:
        return page("off", language, token)
    if asked.intake.done:
        return _done(asked, token, when, ())
    if step != CHECK and asked.screen(step) is None:
        step = asked.resume_at()
    return _screen_page(asked, token, step, when=when)


@blueprint.post("/i/<token>/<step>")
def save(token: str, step: str) -> Response:
    """Keep one screen and go to the next; an answer that means danger is answered at once."""
    with house().db.begin() as tx:
        asked, language, when = _open(tx, token)
        if asked is None:
            return page("off", language, token)
        require_own_form(token)
        if asked.intake.done:
            return _done(asked, token, when, ())
        if step == CHECK:
            return _submit(tx, asked, token, when)
        if asked.screen(step) is None:
            return _to(token, asked.resume_at())
        saved = intake.save_step(tx, house(), asked, step, _posted(), now())
    if saved.errors:
        return _screen_page(asked, token, step, errors=saved.errors, shown=saved.shown, when=when)
    if {flag.rule for flag in saved.flags} - set(asked.raised):
        return _remember(_stop_page(asked, token, saved.flags, saved.go_to), token)
    return _remember(_to(token, saved.go_to), token)


@blueprint.post("/i/<token>/language")
def language(token: str) -> Response:
    """Read on in another language."""
    with house().db.begin() as tx:
        asked, _language, _when = _open(tx, token)
        require_own_form(token)
        wanted = request.form.get("language", "")
        if asked is not None and wanted in house().clinic.languages:
            intakes.set_language(tx, asked.intake.id, wanted)
    return redirect(f"/i/{token}", 303)  # type: ignore[return-value]


@blueprint.post("/i/<token>/everything")
def everything(token: str) -> Response:
    """Ask the full form instead of the short update."""
    with house().db.begin() as tx:
        asked, _language, _when = _open(tx, token)
        require_own_form(token)
        if asked is not None:
            intake.ask_everything(tx, house(), asked, now())
    return redirect(f"/i/{token}", 303)  # type: ignore[return-value]


def _to(token: str, step: str) -> Response:
    return redirect(f"/i/{token}/{step}", 303)  # type: ignore[return-value]


def _posted() -> Mapping[str, str | list[str]]:
    values = request.form.to_dict(flat=False)
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}


def _submit(tx: Tx, asked: Asked, token: str, when: str) -> Response:
    sent = intake.submit(tx, house(), asked, now())
    if sent.go_to:
        return _to(token, sent.go_to)
    return _done(asked, token, when, sent.flags)


# ---------------------------------------------------------------- pages


def _screen_page(
    asked: Asked,
    token: str,
    step: str,
    *,
    when: str,
    errors: Mapping[str, str] | None = None,
    shown: Mapping[str, Answer] | None = None,
) -> Response:
    seen = _same_browser(token)
    values: dict[str, Any] = {
        "asked": asked,
        "step": step,
        "when": when,
        "back": asked.before_step(step),
        "place": _place(asked, step),
        "count": len(asked.screens) + 1,
        "errors": errors or {},
        "fresh": asked.intake.status == "open",
        "short": asked.intake.questionnaire == SHORT_UPDATE,
        "message": _message(asked),
    }
    language = asked.library.language
    if step == CHECK:
        return page("check", language, token, groups=_given(asked, seen), **values)
    current = asked.screen(step)
    assert current is not None
    answers = {**(asked.answers if seen else {}), **(shown or {})}
    return page(
        "screen",
        language,
        token,
        screen=current,
        value=lambda question: _values(answers, question),
        lines=lambda gate: _lines(asked, gate),
        bodymap=bodymap,
        rows=_rows(current),
        **values,
    )


def _place(asked: Asked, step: str) -> int:
    names = [*(each.step.id for each in asked.screens), CHECK]
    return names.index(step) + 1


def _values(answers: Mapping[str, Answer], question: Question) -> list[str]:
    given = answers.get(question.id, "")
    return [given] if isinstance(given, str) and given else list(given)


def _lines(asked: Asked, gate: Question) -> tuple[Question, ...]:
    return asking.gate_lines(asked.questionnaire, gate, asked.answers, asked.today, asked.before)


def _rows(current: Screen) -> bool:
    """True for a screen of yes / no / not sure lines, which are shown as compact rows."""
    plain = [question for question in current.questions if question.is_plain_yes_no]
    return len(plain) > 1 and len(plain) == len(current.questions)


def _given(asked: Asked, seen: bool) -> list[tuple[Screen, list[tuple[Question, str]]]]:
    """What the check page lists: the answers in words, or for another browser only that there is one."""
    say = words.say_in(asked.library.language)
    groups = []
    for each in asked.screens:
        lines = []
        for question in each.questions:
            told = asking.shown_value(question, asked.answers)
            text = "; ".join(told) if seen and question.type is not QuestionType.CONSENT else ""
            lines.append((question, text or (say("Answered") if told else say("Left empty"))))
        groups.append((each, lines))
    return groups


def _message(asked: Asked) -> Any:
    return partial(asked.library.message, **words.numbers(house().clinic))


def _texts(asked: Asked, flags: tuple[Flag, ...]) -> list[str]:
    message = _message(asked)
    return list(dict.fromkeys(message(flag.client_text) for flag in flags))


def _stop_page(asked: Asked, token: str, flags: tuple[Flag, ...], go_to: str) -> Response:
    emergency = any(flag.severity.value == "stop_emergency" for flag in flags)
    return page(
        "stop",
        asked.library.language,
        token,
        texts=_texts(asked, flags),
        emergency=emergency,
        go_to=go_to,
    )


def _done(asked: Asked, token: str, when: str, flags: tuple[Flag, ...]) -> Response:
    """Thanks, what happens next, and what to do about a mistake: never an answer."""
    stops = tuple(flag for flag in flags if flag.severity.stops)
    crisis = tuple(flag for flag in flags if flag.rule == CRISIS)
    return page(
        "done",
        asked.library.language,
        token,
        texts=_texts(asked, stops + crisis),
        emergency=any(flag.severity.value == "stop_emergency" for flag in stops),
        held=_message(asked)("held_soon") if flags and not stops else "",
        when=when,
    )


# ---------------------------------------------------------------- the same browser


def _cookie() -> str:
    secure = house().clinic.public_url.startswith("https://")
    return "__Host-form" if secure else "form"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="same-browser")


def _same_browser(token: str) -> bool:
    """True for the browser that answered lately: only it sees what was typed (PRV-3)."""
    try:
        return bool(_signer().loads(request.cookies.get(_cookie(), ""), max_age=SEEN_FOR) == token[:12])
    except BadSignature:
        return False


def _remember(response: Response, token: str) -> Response:
    secure = house().clinic.public_url.startswith("https://")
    response.set_cookie(
        _cookie(),
        _signer().dumps(token[:12]),
        max_age=SEEN_FOR,
        secure=secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response
