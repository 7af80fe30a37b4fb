"""Ticking a day off, from the plan's page or after its moves were done one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, request

from handlers.checkins import replies
from handlers.links import LinkPurpose
from handlers.plans import page as plan_page
from schemas.booking import Booking
from store import bookings, clients, plans
from store.base import Tx
from web.client import browser
from web.client.checkin import follows, result_page
from web.client.common import call_back, chosen_language, subject, to
from web.context import context, utc_now
from web.security import require_own_form

EFFORTS = ("too_easy", "right", "too_hard")
PAINS = tuple(map(str, range(11)))
KEPT_OFFLINE = timedelta(days=6)  # how old a day may be that was ticked without network
Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Days:
    """The client's day of now, the day before where the plan counted already, and the first that counts."""

    today: date
    yesterday: date | None
    first: date


def clock_of(tx: Tx, booking: Booking) -> datetime:
    """The time of now on the clock of the client, or of the clinic where that is not known."""
    return utc_now().astimezone(context().zone(clients.get(tx, booking.client_id).zone or booking.zone))


def days_of(tx: Tx, booking: Booking) -> Days:
    """On the clock of the client, or of the clinic where that is not known."""
    today = clock_of(tx, booking).date()
    before, visit = today - timedelta(days=1), plan_page.day_of_visit(context(), booking)
    return Days(today, before if before >= visit else None, max(visit, today - KEPT_OFFLINE))


def keep(token: str, read: Callable[[Sequence[str]], Said | None]) -> Response:
    """Keep what `read` finds in the form for today or yesterday; nothing where nothing was done.

    `read` gets the moves that may stand in the form: it may have been opened before the last version was
    made. Severe pain is answered at once.
    """
    language, outcome, said, late = chosen_language(""), None, None, False
    with context().db.begin() as tx:
        booking_id = subject(tx, LinkPurpose.plan, token)
        require_own_form(token)
        tx.lock(f"tick:{booking_id}")
        current = plan_page.current(tx, booking_id)
        booking = bookings.get(tx, booking_id)
        if booking is not None and current.plan is not None:
            day = _day(days_of(tx, booking))
            said, late = read(_moves(tx, booking)) if day else None, day is None
            if said is not None and day is not None:
                outcome = replies.tick(tx, context(), booking, current.plan.id, day, said, utc_now())
    if outcome:
        kept, place = follows(outcome), f"/p/{token}/day"
        answer = browser.keep(to(f"{place}?language={language}"), place, kept)
        return answer or _led_to(token, language, kept)
    saved = "late" if late else "none" if said is None else "1"
    return browser.forget(to(f"/p/{token}?saved={saved}&language={language}#today"))


def _moves(tx: Tx, booking: Booking) -> list[str]:
    """Every exercise that was in a plan of who comes to a visit."""
    versions = plans.of_client(tx, clients.family(tx, booking.client_id))
    return list(dict.fromkeys(item.exercise_id for each in versions for item in each.plan.items))


def again(token: str) -> Response:
    """What the day led to, in the browser that sent it; elsewhere the plan."""
    place = f"/p/{token}/day"
    kept, language = browser.kept(place), chosen_language("")
    return _led_to(token, language, kept) if kept else to(f"/p/{token}")


def _led_to(token: str, language: str, said: dict[str, Any]) -> Response:
    with context().db.read() as tx:
        booking = bookings.get(tx, subject(tx, LinkPurpose.plan, token))
        more = call_back(tx, booking, f"/p/{token}/number") if booking else {}
    return result_page(token, language, said, f"/p/{token}/day", **more)


def _day(days: Days) -> date | None:
    """Today or yesterday, or the date of a day that was kept on a phone; None for one that does not count."""
    said = request.form.get("day", "")
    try:
        given = date.fromisoformat(said)
    except ValueError:
        return (said == "yesterday" and days.yesterday) or days.today
    known = days.first <= given <= days.today + timedelta(days=1)  # a phone's clock may be a zone ahead
    return min(given, days.today) if known else None


def effort_and_pain(form: Mapping[str, str], under: str = "") -> Said:
    """What a form says of effort and pain, as far as it makes sense; `under` ends the fields' names."""
    effort, pain = form.get(f"effort{under}", ""), form.get(f"pain{under}", "")
    kept = {"effort": effort if effort in EFFORTS else "", "pain": pain if pain in PAINS else ""}
    return {name: value for name, value in kept.items() if value}
