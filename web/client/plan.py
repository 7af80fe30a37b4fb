"""The plan: moves with pictures, a paper to print, days to tick off."""

from datetime import timedelta

from flask import Blueprint, Response, make_response, redirect, request

from handlers import pictures, plan_page
from handlers.links import LinkPurpose
from render import readable
from schemas import plan as plans_json
from store import bookings, checkins, clients
from web import words
from web.client.common import house, now, page, subject
from web.security import require_own_form

blueprint = Blueprint("plan", __name__)
EFFORTS = ("too_easy", "right", "too_hard")
SHOWN_DAYS = 7


@blueprint.get("/p/<token>")
def show(token: str) -> Response:
    """The plan that counts now."""
    with house().db.read() as tx:
        booking_id = subject(tx, LinkPurpose.plan, token)
        current = plan_page.current(tx, booking_id)
        booking = bookings.get(tx, booking_id)
        ticks = [each for each in checkins.of_booking(tx, booking_id) if each.kind.startswith("tick:")]
        client = clients.get(tx, booking.client_id) if booking else None
    if booking is None or client is None or current.plan is None:
        return page("plan_off", words.asked_for(request), token, paused=current.paused)
    content = plans_json.load(current.plan.content)
    today = now().astimezone(house().zone(client.zone or booking.zone)).date()
    week = [today - timedelta(days=back) for back in reversed(range(SHOWN_DAYS))]
    done = {each.kind.removeprefix("tick:") for each in ticks}
    return page(
        "plan",
        content.language,
        token,
        plan=content,
        name=readable.greeting_name(client.name),
        figures={item.exercise_id: pictures.of_exercise(house(), item.exercise_id) for item in content.items},
        week=[(readable.weekday_and_day(day, content.language), day.isoformat() in done) for day in week],
        today_done=today.isoformat() in done,
        saved=request.args.get("saved") == "1",
        made_on=readable.full_date(current.plan.created_at.date(), content.language),
    )


@blueprint.get("/p/<token>/plan.pdf")
def paper(token: str) -> Response:
    """The plan as a PDF of one or two pages."""
    with house().db.read() as tx:
        booking_id = subject(tx, LinkPurpose.plan, token)
        made = plan_page.paper(tx, house(), booking_id)
    if made is None:
        return page("plan_off", words.asked_for(request), token, status=404, paused=False)
    response = make_response(made)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = 'inline; filename="plan.pdf"'
    return response


@blueprint.post("/p/<token>/day")
def tick(token: str) -> Response:
    """The client did the plan today: how hard it was, how much it hurt."""
    with house().db.begin() as tx:
        booking_id = subject(tx, LinkPurpose.plan, token)
        require_own_form(token)
        current = plan_page.current(tx, booking_id)
        booking = bookings.get(tx, booking_id)
        if booking is not None and current.plan is not None:
            client = clients.get(tx, booking.client_id)
            today = now().astimezone(house().zone(client.zone or booking.zone)).date()
            checkins.tick(tx, booking_id, current.plan.id, today.isoformat(), _ticked(), now())
    return redirect(f"/p/{token}?saved=1", 303)  # type: ignore[return-value]


def _ticked() -> dict[str, str]:
    effort, pain = request.form.get("effort", ""), request.form.get("pain", "")
    kept = {"effort": effort if effort in EFFORTS else ""}
    kept["pain"] = pain if pain.isascii() and pain.isdigit() and int(pain) <= 10 else ""
    return {name: value for name, value in kept.items() if value}
