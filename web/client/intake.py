"""The intake: one group of questions on a screen, saved at each step, resumed by the same link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from clinical.answers import flags
from handlers.intake import form, who
from handlers.intake.form import CHECK, WHO, Asked
from handlers.links import Fate, Link, LinkPurpose
from handlers.schedule import forms
from handlers.send import messages
from render.language import readable
from schemas.booking import Booking
from schemas.forms.questionnaire import QuestionType
from schemas.rules import Flag
from store import bookings, intakes
from store.base import Tx
from web import language as words
from web.client import birth, browser, intake_view
from web.client.common import found, link, look_by, page, to, visit_time
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("intake", __name__)
PARTS = ("year", "month", "day")
LONGEST_NAME = 120
OURS = ("form_key", "language")
"""The fields of a form that nobody typed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: the intake (None when the visit is off), the page's language, the visit's time.

    `name` is the first name of whom the form is for; "" where none is known.
    """

    link: Link
    asked: Asked | None
    language: str
    when: str
    name: str


def _open(tx: Tx, token: str, *, change: bool = False) -> Opened:
    opened = link(tx, LinkPurpose.intake, token)
    if change:
        require_own_form(token)
        tx.lock(f"intake:{opened.subject}")
        opened = link(tx, LinkPurpose.intake, token)
    booking = bookings.get(tx, opened.subject)
    asked = form.open_intake(tx, context(), opened.subject, utc_now(), words.asked_for(request))
    language = asked.library.language if asked else words.asked_for(request)
    when = visit_time(tx, _next(tx, asked) or booking, language) if booking else ""
    return Opened(opened, asked, language, when, who.name(tx, context(), booking) if booking else "")


def _next(tx: Tx, asked: Asked | None) -> Booking | None:
    """The next of the visits that share the form: the link may be of one that was moved behind it."""
    return forms.leading(forms.sharing(tx, asked.intake.id), utc_now()) if asked else None


@blueprint.get("/i/<token>")
def start(token: str) -> Response:
    """Where the client goes on: the first screen that is not answered, or thanks."""
    with context().db.read() as tx:
        opened = _open(tx, token)
        return _shown(tx, opened, token, opened.asked.resume_at() if opened.asked else "")


@blueprint.get("/i/<token>/visit.ics")
def calendar_file(token: str) -> Response:
    """The visits that the form is for, for the client's own calendar; the mail has the same file."""
    with context().db.read() as tx:
        opened = _open(tx, token)
        if opened.asked is None:
            return page("off", opened.language, token, 404)
        visit = _next(tx, opened.asked) or opened.asked.booking
        made = messages.calendar_file(tx, context(), visit, opened.language, utc_now())
    response = Response(made, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


@blueprint.get("/i/<token>/<step>")
def screen(token: str, step: str) -> Response:
    """One screen, to go back to or to change; with `?saved` what it meant that has to be read first."""
    with context().db.read() as tx:
        return _shown(tx, _open(tx, token), token, step)


def _shown(tx: Tx, opened: Opened, token: str, step: str) -> Response:
    asked = opened.asked
    if asked is None:
        return page("off", opened.language, token)
    if asked.intake.done:
        return _done(tx, asked, token, opened.when)
    if asked.ask is not None:
        again = step == WHO and bool(browser.kept(f"{token}/{WHO}")) and asked.ask.birthday
        return intake_view.ask(asked, asked.ask, token, opened.name, again=again)
    if "saved" in request.args:
        return _to_read(asked, token, step)
    if step != CHECK and asked.screen(step) is None:
        step = asked.resume_at()
    if step == CHECK:
        again = bool(browser.kept(f"{token}/born"))
        return intake_view.check(asked, token, who.may_show(tx, asked.intake), again)
    return _asked(opened, asked, token, step, browser.kept(f"{token}/{step}"))


def _asked(opened: Opened, asked: Asked, token: str, step: str, kept: dict[str, Any]) -> Response:
    """One screen as this browser left it: with what was typed there, and what is wrong with it."""
    if not kept:
        return intake_view.screen(asked, token, step, opened.when, opened.name)
    typed = kept["typed"]
    taken = form.check_step(context(), asked, step, typed)
    errors = taken.errors if kept["checked"] else {}
    found = [flag for flag in form.standing(asked, taken.read) if flag.rule in kept["rules"]]
    shown = {**taken.shown, **_dates(asked, step, typed)}
    return intake_view.screen(asked, token, step, opened.when, opened.name, errors, shown, found)


def _to_read(asked: Asked, token: str, step: str) -> Response:
    """What the answers of a screen mean, as long as they mean it; after that, where the form goes on."""
    kept = browser.kept(f"{token}/{step}?saved")
    found = [flag for flag in form.standing(asked, asked.answers) if flag.rule in kept.get("rules", ())]
    if not found:
        return _to(token, asked.resume_at())
    return intake_view.alarm(asked, token, step, found, kept["go_to"])


def _done(tx: Tx, asked: Asked, token: str, when: str) -> Response:
    """Thanks; the warnings once more in the browser that sent it, so that none is missed."""
    found: tuple[Flag, ...] = ()
    if CHECK in browser.seen(asked.intake.id):
        stored = intakes.flags_of(tx, asked.booking.id)
        found = tuple(flags.from_stored(each) for each in stored if not each["cleared_at"])
    return intake_view.done(asked, token, when, found, browser.kept(f"{token}/{CHECK}"), _by(tx, asked))


@blueprint.post("/i/<token>/<step>")
def save(token: str, step: str) -> Response:
    """Keep one screen and go to the next; an answer that means danger is answered at once."""
    with context().db.begin() as tx:
        opened = _open(tx, token, change=True)
        asked = opened.asked
        if asked is None or asked.intake.done or (asked.ask is not None and asked.ask.closed):
            return _to(token, "")
        if step == CHECK:
            return _submit(tx, asked, token, opened.when)
        if asked.screen(step) is None:
            return _to(token, asked.resume_at())
        typed = _posted()
        saved = form.save_step(tx, context(), asked, step, typed, utc_now())
    alarming = _of_this_screen(asked, step, saved.flags)
    rules = [flag.rule for flag in alarming]
    if saved.errors:
        kept = {"typed": typed, "checked": True, "rules": rules}
        again = browser.keep(_to(token, step), f"{token}/{step}", kept)
        return again or _asked(opened, asked, token, step, kept)
    answer = browser.forget(_to(token, saved.go_to))
    if alarming:
        kept = {"rules": rules, "go_to": saved.go_to}
        read_first = browser.keep(_to(token, f"{step}?saved"), f"{token}/{step}?saved", kept)
        answer = read_first or intake_view.alarm(asked, token, step, alarming, saved.go_to)
    return browser.remember(answer, asked.intake.id, step)


def _of_this_screen(asked: Asked, step: str, found: tuple[Flag, ...]) -> tuple[Flag, ...]:
    """Flags not read yet, or that come from this screen: a second tap shows them again."""
    current = asked.questionnaire.step(step)
    here = {question.id for question in current.questions} if current else set()
    here |= {item for question in (current.questions if current else ()) for item in question.covers}
    return tuple(
        flag
        for flag in found
        if asked.library.rules.is_shown_at_once(flag)
        and (flag.rule not in asked.raised or here & {name for name, _ in flag.because})
    )


def _by(tx: Tx, asked: Asked) -> str:
    """The day by which somebody looks at what was sent, for who sent it; it would say something to others."""
    if CHECK not in browser.seen(asked.intake.id):
        return ""
    return look_by(tx, asked.booking, asked.library.language)


def _submit(tx: Tx, asked: Asked, token: str, when: str) -> Response:
    sent = form.submit(tx, context(), asked, utc_now())
    if sent.go_to:
        return _to(token, "" if sent.go_to == WHO else sent.go_to)
    kept = {"again": sent.again, "typed": sent.typed}
    thanks = browser.keep(_to(token, ""), f"{token}/{CHECK}", kept)
    answer = thanks or intake_view.done(asked, token, when, sent.flags, kept, _by(tx, asked))
    return browser.remember(answer, asked.intake.id, CHECK)


@blueprint.post("/i/<token>/who")
def for_me(token: str) -> Response:
    """The form is for the person whom it names; where it has to be certain, with the date of birth."""
    with context().db.begin() as tx:
        opened = _open(tx, token, change=True)
        asked = opened.asked
        if asked is None or asked.ask is None:
            return _to(token, "")
        if form.for_me(tx, context(), asked, birth.typed(asked.library, asked.today), utc_now()):
            return browser.forget(_to(token, ""))
        opened = _open(tx, token)
    asked = opened.asked
    if asked is None or asked.ask is None or not asked.ask.birthday:
        return _to(token, "")
    again = browser.keep(_to(token, WHO), f"{token}/{WHO}", {"again": True})
    return again or intake_view.ask(asked, asked.ask, token, opened.name, again=True)


@blueprint.post("/i/<token>/else")
def for_somebody_else(token: str) -> Response:
    """The form is for another person: a form of their own, at a link of their own; this one ends."""
    called = " ".join(readable.plain(request.form.get("name", ""), LONGEST_NAME).split())
    with context().db.begin() as tx:
        url = _second_tap(tx, token, called)
        if url:
            return to(url)
        opened = _open(tx, token, change=True)
        asked = opened.asked
        if asked is None or asked.intake.done or not called:
            return _to(token, "")
        url = who.hand_on(tx, context(), asked.booking, called, opened.link.contact_id, utc_now())
    return to(url)


def _second_tap(tx: Tx, token: str, called: str) -> str:
    """The link of the other person's form when the same name was sent a moment ago."""
    require_own_form(token)
    opened = found(tx, LinkPurpose.intake, token)
    if opened is not None:
        tx.lock(f"intake:{opened.subject}")
        opened = found(tx, LinkPurpose.intake, token)
    if opened is None or opened.fate is not Fate.not_theirs or not called:
        return ""
    return who.handed_on(tx, context(), opened.subject, called, opened.contact_id, utc_now())


@blueprint.post("/i/<token>/born")
def show_answers(token: str) -> Response:
    """Show the answers so far, for who types the date of birth that is among them."""
    with context().db.begin() as tx:
        asked = _open(tx, token, change=True).asked
        if asked is None or asked.intake.done or asked.ask is not None:
            return _to(token, "")
        right = who.shows(tx, asked.intake, birth.typed(asked.library, asked.today), utc_now())
    if right:
        steps = (each.step.id for each in asked.screens)
        return browser.remember(browser.forget(_to(token, CHECK)), asked.intake.id, *steps)
    return browser.keep(_to(token, CHECK), f"{token}/born", {"again": True}) or _to(token, CHECK)


@blueprint.post("/i/<token>/meant")
def take_back(token: str) -> Response:
    """The client tapped a line by mistake: its answer is no, and a person looks all the same."""
    with context().db.begin() as tx:
        asked = _open(tx, token, change=True).asked
        if asked is not None and not asked.intake.done:
            form.take_back(tx, asked, request.form.getlist("line"), utc_now())
    return _to(token, "")


@blueprint.post("/i/<token>/language")
def language(token: str) -> Response:
    """Read on in another language, on the same page, with what was typed there."""
    with context().db.begin() as tx:
        asked = _open(tx, token, change=True).asked
        wanted, here = request.form.get("language", ""), request.args.get("here", "")
        if asked is not None and wanted in context().clinic.languages:
            intakes.set_language(tx, asked.intake.id, wanted)
    step = here.removesuffix("?saved")
    if asked is None or (step not in (CHECK, WHO) and asked.screen(step) is None):
        return _to(token, "")
    answer, place = _to(token, here), f"{token}/{here}"
    if here in (CHECK, WHO) or here != step:
        return answer
    kept = {"rules": [], "checked": False} | browser.kept(place) | {"typed": _posted()}
    return browser.keep(answer, place, kept) or answer


@blueprint.post("/i/<token>/everything")
def everything(token: str) -> Response:
    """Ask the full form instead of the short update."""
    with context().db.begin() as tx:
        asked = _open(tx, token, change=True).asked
        if asked is not None:
            form.ask_everything(tx, context(), asked, utc_now())
    return _to(token, "")


def _to(token: str, step: str) -> Response:
    return to(f"/i/{token}/{step}" if step else f"/i/{token}")


def _posted() -> dict[str, str | list[str]]:
    values = request.form.to_dict(flat=False)
    return {
        name: given[0] if len(given) == 1 else given for name, given in values.items() if name not in OURS
    }


def _dates(asked: Asked, step: str, typed: Mapping[str, Any]) -> dict[str, str]:
    """Dates as they were typed, to be shown again beside their error."""
    current = asked.questionnaire.step(step)
    dates = [q.id for q in (current.questions if current else ()) if q.type is QuestionType.DATE]
    return {name: "-".join(str(typed.get(f"{name}_{part}", ""))[:4] for part in PARTS) for name in dates}
