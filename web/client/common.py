"""What the client's pages share: links, rendering."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Response, abort, make_response, redirect, render_template, request

from handlers import links
from handlers.checkins import remarks
from handlers.links import Fate, Link, LinkPurpose
from handlers.plans import page as plan_page
from handlers.send import held
from render.language import readable
from schemas import origin
from schemas.booking import Booking
from schemas.plan import StoredPlan
from schemas.worded_plan import WordedPlan
from store import bookings, clients, intakes
from store.base import Tx
from web import language as words
from web.client import browser
from web.context import context, utc_now
from web.security import count_guess, form_key, require_own_form

KINDS = {purpose: path.strip("/") for purpose, path in links.PATHS.items()}
"""The first part of the path under which a link opens."""
CHOICES = (LinkPurpose.stop, LinkPurpose.plan, LinkPurpose.checkin)
"""The links that open a client's choices: the one at the end of each mail, and those of a plan."""
LEAD_TO_CHOICES = [KINDS[purpose] for purpose in CHOICES]


def subject(tx: Tx, purpose: LinkPurpose, token: str) -> int:
    """What a personal link opens; answers 404 (or 429) for one that opens nothing."""
    return link(tx, purpose, token).subject


def link(tx: Tx, purpose: LinkPurpose, token: str) -> Link:
    """A personal link that is open; answers 404 (or 429) for one that opens nothing."""
    opened = found(tx, purpose, token)
    if opened is None or opened.fate is not Fate.open:
        dead()
    return opened


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    """What the link of a plan opens: the visit, the version that counts now, and its words in a language."""

    booking: Booking
    stored: StoredPlan
    plan: WordedPlan

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.plan.language


def open_plan(tx: Tx, token: str, status: int = 200) -> OpenedPlan:
    """The plan that counts now; where there is none, the answer is a page (with `status`) that says so."""
    booking_id = subject(tx, LinkPurpose.plan, token)
    current, booking = plan_page.current(tx, booking_id), bookings.get(tx, booking_id)
    if booking is None or current.plan is None:
        abort(_no_plan(tx, token, booking_id, current.paused, status))
    language = chosen_language(current.plan.plan.language)
    said = plan_page.to_client(tx, context(), current.plan, utc_now(), language)
    return OpenedPlan(booking, current.plan, said)


def _no_plan(tx: Tx, token: str, booking_id: int, paused: bool, status: int) -> Response:
    """Why there is no plan to see, and what comes next: a look by a day, or a call."""
    asked, booking = intakes.of_booking(tx, booking_id), bookings.get(tx, booking_id)
    language = chosen_language(asked.language if asked else words.asked_for(request))
    values = call_back(tx, booking, f"/p/{token}/number") if booking and paused else {}
    values["looking"] = _looking(tx, booking, language) if booking else ""
    values["answers"] = remarks.read_by(tx, booking.client_id, utc_now()) if booking else []
    made = page("plan_off", language, token, status, paused=paused, here=f"/p/{token}", **values)
    made.headers["Aftercare-Plan"] = "none"  # a phone forgets what it kept of it
    return made


def _looking(tx: Tx, booking: Booking, language: str) -> str:
    """What comes next for a plan that waits for a person: a look, and by which day; "" where none waits."""
    if not held.waits(tx, context(), booking, utc_now()):
        return ""
    t, by = words.shared(language)["t"], look_by(tx, booking, language)
    return str(t("held.by", day=by) if by else t("held.soon"))


def look_by(tx: Tx, booking: Booking, language: str) -> str:
    """By which day somebody looks at a plan that waits; "" where none waits or the clinic names no time."""
    by = held.said_by(tx, context(), booking, utc_now())
    return (
        readable.weekday_and_day(by.astimezone(context().zone(booking.zone)).date(), language) if by else ""
    )


def call_back(tx: Tx, booking: Booking, number_at: str) -> dict[str, Any]:
    """Whether the client can be called, and the address to which a number is sent where not."""
    known = bool(clients.get(tx, booking.client_id).phone.strip())
    wrong = request.args.get("number") == "wrong"
    return {"callable": known, "number_at": number_at, "number_wrong": wrong}


def found(tx: Tx, purpose: LinkPurpose, token: str) -> Link | None:
    """A personal link, open or not; None for one that was never made."""
    origin.by(origin.LINK)
    return links.look(tx, context(), purpose, token, utc_now())


def dead() -> NoReturn:
    """The same page for a link that has ended, was handed over or never was; it offers a new one."""
    count_guess()
    abort(page("dead", words.asked_for(request), status=404))


def page(template: str, language: str, token: str = "", status: int = 200, **values: Any) -> Response:
    """A page of the client in a language; forms on it carry the key of `token`."""
    shared = words.shared(language) | {"token": token, "form_key": form_key(token)}
    here: dict[str, Any] = {"here": ""}  # the page's own address, whatever it is
    here |= {
        "choices_at": _choices_at(token, language),
        "terse": bool(token) and _kind() == KINDS[LinkPurpose.intake],
    }
    made = make_response(render_template(f"client/{template}.html", **(here | shared | values)), status)
    return browser.greet(made)


def _kind() -> str:
    """The first part of the path of this page."""
    return request.path.split("/", 2)[1]


def _choices_at(token: str, language: str) -> str:
    """Where the same link opens the client's choices; "" on a page without one."""
    kind = _kind()
    return f"/{kind}/{token}/choices?language={language}" if token and kind in LEAD_TO_CHOICES else ""


def to(path: str) -> Response:
    """Send the browser on to a page of ours, to be opened with GET."""
    return redirect(path, 303)  # type: ignore[return-value] # Flask makes its own


OURS = ("form_key", "read_in")
"""Fields of every form that are no answer of the client's."""
Typed = Mapping[str, list[str]]
"""What stands in the fields of a form that was not sent: name and values."""


def in_language(token: str, place: str, shown: Callable[[Typed], Response]) -> Response:
    """A page of a plan (`shown`) in another language, with what was chosen on it and not sent."""
    with context().db.read() as tx:
        subject(tx, LinkPurpose.plan, token)
    require_own_form(token)
    given = request.form.to_dict(flat=False)
    typed = {name: values for name, values in given.items() if name not in OURS}
    answer = to(f"{place}?language={chosen_language('')}")
    return browser.keep(answer, place, {"typed": typed}) or shown(typed)


def chosen_language(usual: str) -> str:
    """The language of `?language=`, which the links at the top of a page carry, or the usual one."""
    wanted = request.args.get("language", "")
    return wanted if wanted in context().clinic.languages else context().clinic.spoken(usual)


def their_language(tx: Tx, client_id: int) -> str:
    """What a client reads: by the link, the newest form, the scheduler, or (0: nobody known) the browser."""
    known = ""
    if client_id:
        known = intakes.read_in(tx, clients.family(tx, client_id)) or clients.get(tx, client_id).language
    return chosen_language(known or words.asked_for(request))


def visit_time(tx: Tx, booking: Booking, language: str) -> str:
    """When the visit is, with its zone: the clinic's, or the client's for a call."""
    zone = clients.get(tx, booking.client_id).zone if booking.remote else ""
    return readable.moment(booking.start, context().zone(zone or booking.zone), language)
