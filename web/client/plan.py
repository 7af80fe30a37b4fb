"""The plan: moves with pictures, a paper to print, days to tick off."""

from collections.abc import Callable
from datetime import date, timedelta

from flask import Blueprint, Response, abort, make_response, request

from clinical import identity
from handlers.bookings import next_visit
from handlers.checkins import remarks
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.plans import page as plan_page
from handlers.plans import pictures
from render.language import readable
from schemas.plan import PlanItem
from store import checkins, clients
from web.client import browser, days
from web.client.common import Typed, in_language, open_plan, page, subject
from web.client.tick import again, days_of, effort_and_pain, keep
from web.context import context, utc_now
from web.media import answer as media_answer

blueprint = Blueprint("plan", __name__)
SHOWN_DAYS = 7


@blueprint.get("/p/<token>")
def show(token: str) -> Response:
    """The plan that counts now, and the days of this week."""
    return _shown(token, browser.typed(f"/p/{token}"))


@blueprint.post("/p/<token>")
def read_in(token: str) -> Response:
    """The same page in another language, with what was chosen on it and not sent."""
    return in_language(token, f"/p/{token}", lambda typed: _shown(token, typed))


def _shown(token: str, typed: Typed) -> Response:
    with context().db.read() as tx:
        opened = open_plan(tx, token)
        booking, plan, language = opened.booking, opened.plan, opened.language
        client = clients.get(tx, booking.client_id)
        done = checkins.days(tx, clients.family(tx, booking.client_id))
        ticking, mine = days_of(tx, booking), days.shown(tx, booking, plan, language, typed)
        answers = remarks.read_by(tx, booking.client_id, utc_now())
        book_at = next_visit.page_for(tx, context(), booking, utc_now())
    today = ticking.today
    return page(
        "plan",
        language,
        token,
        plan=plan,
        name=readable.greeting_name(identity.in_order(client.name, context().names)),
        figures=pictures.of_items(context(), plan),
        own_at=lambda number, _name: f"/p/{token}/own/{number}",
        week=_week(plan_page.day_of_visit(context(), booking), today, done, language),
        today_done=today in done,
        yesterday=ticking.yesterday,
        mine=mine,
        answers=answers,
        typed=typed,
        days_saved=request.args.get("days"),
        saved=request.args.get("saved"),
        book_at=book_at,
        made_on=readable.full_date(plan_page.day_of(context(), booking, opened.stored), language),
        here=f"/p/{token}",
    )


def _week(visit: date, today: date, done: set[date], language: str) -> list[tuple[str, bool]]:
    """The last seven days, none before the visit: each in words, and whether it was ticked off."""
    shown = [today - timedelta(days=back) for back in reversed(range(SHOWN_DAYS))]
    return [
        (readable.weekday_and_day(day, language), day in done)
        for day in shown
        if day >= visit or day == today
    ]


@blueprint.get("/p/<token>/moving/<int:number>.svg")
def moving(token: str, number: int) -> Response:
    """The figure of the plan's move of this number, 1 the first, as it moves."""
    return _drawing(token, number, pictures.moving_of)


@blueprint.get("/p/<token>/plan.pdf")
def paper(token: str) -> Response:
    """The plan as a PDF of one or two pages."""
    return _paper(token, large=False)


@blueprint.get("/p/<token>/large.pdf")
def large_print(token: str) -> Response:
    """The plan as a PDF in large print."""
    return _paper(token, large=True)


def _paper(token: str, large: bool) -> Response:
    with context().db.read() as tx:
        opened, url = open_plan(tx, token, 404), f"{context().clinic.public_url}/p/{token}"
        made = plan_page.printed(tx, context(), opened.booking, opened.stored, opened.plan, url, large)
    response = make_response(made)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="plan{"-large" if large else ""}.pdf"'
    return response


@blueprint.get("/p/<token>/still/<int:number>.svg")
def still(token: str, number: int) -> Response:
    """Start and finish of the plan's move of this number, side by side, for who wants no motion."""
    return _drawing(token, number, pictures.still_of)


def _drawing(token: str, number: int, draw: Callable[[Context, PlanItem], str | None]) -> Response:
    with context().db.read() as tx:
        stored = plan_page.current(tx, subject(tx, LinkPurpose.plan, token)).plan
    items = stored.plan.items if stored else ()
    drawn = draw(context(), items[number - 1]) if 0 < number <= len(items) else None
    if drawn is None:
        abort(404)
    return Response(drawn, content_type="image/svg+xml; charset=utf-8")


@blueprint.get("/p/<token>/own/<int:number>")
def own(token: str, number: int) -> Response:
    """The photo or clip of the plan's move of this number, where it is one of the practitioner's own."""
    with context().db.read() as tx:
        stored = plan_page.current(tx, subject(tx, LinkPurpose.plan, token)).plan
        items = stored.plan.items if stored else ()
        found = (
            pictures.own_of(tx, stored, items[number - 1]) if stored and 0 < number <= len(items) else None
        )
    return media_answer(found) if found else abort(404)


@blueprint.post("/p/<token>/day")
def tick(token: str) -> Response:
    """The client did the plan today or yesterday: how hard it was, how much it hurt."""
    return keep(token, lambda _moves: effort_and_pain(request.form))


@blueprint.get("/p/<token>/day")
def ticked(token: str) -> Response:
    """What the day that was just sent led to."""
    return again(token)
