"""My days: which days of the week, and when; a calendar file of them; what is for today."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from babel.lists import format_list
from flask import Blueprint, Response, request

from handlers.checkins import reminding
from handlers.links import LinkPurpose
from handlers.plans import page as plan_page
from handlers.send import messages
from render import calendar
from render.language import readable
from schemas.booking import Booking
from schemas.delivery import Channel
from schemas.my_days import WEEK, MyDays, suggested
from schemas.plan import Plan
from schemas.worded_plan import WordedPlan
from store import bookings, clients, my_days
from store.base import Tx
from web import language as words
from web.client import browser
from web.client.common import Typed, chosen_language, open_plan, subject, to
from web.client.tick import clock_of, days_of
from web.context import context, utc_now
from web.security import require_own_form

blueprint = Blueprint("days", __name__)
DAYS = tuple(map(str, range(WEEK)))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the plan's page says of days: what is for today, the form as it stands, whether it was chosen."""

    today: str
    names: tuple[str, ...]
    days: MyDays
    chosen: bool
    ways: tuple[Channel, ...]


def shown(tx: Tx, booking: Booking, plan: WordedPlan, language: str, typed: Typed) -> Shown:
    """The days of a client, or a suggestion; the form as it was left (`typed`) where it was not sent."""
    chosen = my_days.of_client(tx, clients.family(tx, booking.client_id))
    days = _left(typed) or chosen or suggested(plan.days_per_week)
    today = days_of(tx, booking).today
    text = _today(chosen, plan, today, language) if chosen else ""
    ways = reminding.ways(tx, context(), booking)
    return Shown(text, readable.weekdays(language), days, chosen is not None, ways)


def _left(typed: Typed) -> MyDays | None:
    found = _read(typed.get("day", []), next(iter(typed.get("at", [])), ""))
    return (
        replace(found, way=next((each for each in Channel if each in typed.get("way", [])), None))
        if found
        else None
    )


def _today(chosen: MyDays, plan: WordedPlan, today: date, language: str) -> str:
    say = words.pages(language).say
    per_week = [item.dose.days_per_week for item in plan.items]
    moves = chosen.moves(per_week, today)
    if moves:
        return say("days.today", n=len(moves), moves=format_list([*map(str, moves)], locale=language))
    return say("days.off", day=readable.weekday_and_day(chosen.next_with_moves(per_week, today), language))


@blueprint.post("/p/<token>/days")
def choose(token: str) -> Response:
    """Keep the days and the time; without a day or a time nothing is kept."""
    chosen, language = _read(request.form.getlist("day"), request.form.get("at", "")), chosen_language("")
    with context().db.begin() as tx:
        booking = bookings.get(tx, subject(tx, LinkPurpose.plan, token))
        require_own_form(token)
        if chosen is not None and booking is not None:
            family = clients.family(tx, booking.client_id)
            tx.lock(f"days:{min(family)}")
            kept = _as_it_may_be(tx, booking, chosen)
            my_days.keep(tx, family, booking.client_id, kept, utc_now())
            current = plan_page.current(tx, booking.id).plan
            going = bookings.get(tx, current.booking_id) if current else None
            reminding.schedule(tx, context(), going or booking, utc_now())
    saved = "kept" if chosen else "missing"
    return browser.forget(to(f"/p/{token}?days={saved}&language={language}#days"))


def _as_it_may_be(tx: Tx, booking: Booking, chosen: MyDays) -> MyDays:
    """With the reminder that was asked for, where it is one of those that may be."""
    asked = request.form.get("way", "")
    way = next((each for each in reminding.ways(tx, context(), booking) if each == asked), None)
    return replace(chosen, way=way)


def _read(given: Sequence[str], at: str) -> MyDays | None:
    """The days and the time; None where one of them is missing."""
    days = sorted({DAYS.index(day) for day in given if day in DAYS})
    try:
        moment = time.fromisoformat(at)
    except ValueError:
        return None
    return MyDays(tuple(days), moment.replace(second=0, microsecond=0, tzinfo=None)) if days else None


@blueprint.get("/p/<token>/days.ics")
def calendar_file(token: str) -> Response:
    """The days as a calendar file with alarms; those that suit the plan, until days were chosen."""
    with context().db.read() as tx:
        opened = open_plan(tx, token, 404)
        chosen = my_days.of_client(tx, clients.family(tx, opened.booking.client_id))
        local = clock_of(tx, opened.booking).replace(tzinfo=None)
        whose = f"days:{clients.root(tx, opened.booking.client_id)}"
    plan, url = opened.stored.plan, f"{context().clinic.public_url}/p/{token}"
    uid = messages.stable_id(context(), "days", whose).strip("<>")
    made = _file(chosen or suggested(plan.days_per_week), plan, uid, url, local)
    response = Response(made, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="my-days.ics"'
    return response


def _file(days: MyDays, plan: Plan, uid: str, url: str, local: datetime) -> str:
    title = words.pages(chosen_language(plan.language)).say("days.event")
    return calendar.weekly(days, uid, title, url, plan.minutes_per_day, days.next_start(local), utc_now())
