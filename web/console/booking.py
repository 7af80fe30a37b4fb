"""One booking: what the client says, the session note, the plan and what may be done with it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clinical import identity
from clinical.plan.wording import fact_words
from handlers import links
from handlers.intake import summary
from handlers.links import OF_VISIT, LinkPurpose
from handlers.plans import basis as plans_basis
from handlers.plans import by_hand as plans_by_hand
from handlers.plans import note_drafts, pictures, release, reviews, standing
from handlers.plans import page as plan_page
from handlers.plans.basis import NotNow
from handlers.schedule import alerts
from handlers.schedule.recipients import recipient
from handlers.send import by_hand
from handlers.send import undo as undo_handler
from render.language import readable
from schemas.booking import Booking
from schemas.delivery import WAITING, Channel, Delivery, DeliveryStatus, Purpose, Urgency
from schemas.hold import LOOKS, REFUSALS
from schemas.intake import Intake
from schemas.person import MessageKind
from schemas.plan import PlanStatus, StoredPlan
from schemas.reason import Reason
from schemas.rules import Severity
from schemas.session_note import SendWish
from schemas.staff import Role
from schemas.summary import FlagLine, VisitSummary
from store import attendances, audit, bookings, checkins, clients, contacts, intakes, notes
from store import deliveries as stored_deliveries
from store import links as stored_links
from store import plans as stored_plans
from store.base import Tx
from web import language as client_words
from web.client import days as client_days
from web.console import basis, drafts, gate, undo, waits, who
from web.console.auth import confirmed
from web.console.drawings import bodies, code
from web.console.gate import EVERYBODY, allowed, me, now, takes_draft
from web.console.note_words import TOOK, area_words, note_from
from web.console.plan_form import plan_view
from web.console.plan_reasons import NEW_FACT, name_of
from web.console.tags import FLAGS, STATUS, intake_tag, plan_tag
from web.console.view import language, page, say
from web.context import context

blueprint = gate.blueprint("booking")


@contextmanager
def _opened(booking_id: int) -> Iterator[tuple[Tx, Booking]]:
    """A writing transaction and the booking; 404 where there is none."""
    with context().db.begin() as tx:
        yield tx, bookings.get(tx, booking_id) or abort(404)


@blueprint.get("/console/bookings/<int:booking_id>")
@allowed(Role.practitioner)
def booking(booking_id: int) -> Response:
    """Everything about one booking; looking at it is written into the log."""
    return _page(booking_id)


def _page(booking_id: int, status: int = 200, **more: Any) -> Response:
    with _opened(booking_id) as (tx, found):
        audit.add(tx, me().name, "view", f"booking:{found.id}", now())
        values = _values(tx, found)
        unsent = None if "typed" in more or more.get("note_kept") else drafts.find(tx, f"note-{found.id}")
    return page("booking", status, **values, **({"unsent": unsent, "typed": drafts.typed(unsent)} | more))


def _values(tx: Tx, found: Booking) -> dict[str, Any]:
    visit = summary.for_visit(tx, context(), found.id, now(), language())
    intake = intakes.of_booking(tx, found.id)
    stored = stored_plans.newest(tx, found.id)
    sent = stored_deliveries.of_booking(tx, found.id)
    client = clients.get(tx, found.client_id)
    holds = (
        [one.reason for one in standing.look(tx, context(), found, now())] if intake and intake.done else []
    )
    raised = visit.flags if visit else summary.early_flags(tx, context(), found.id, language())
    asked_who = who.asked_of(tx, attendances.current(tx, found.id))
    return {
        "booking": found,
        "basis": plans_basis.basis_of(tx, found.id),
        "client": client,
        "phone": client.phone or str(intake.answers.get("mobile_phone", "") if intake else ""),
        "summary": visit,
        "standing": [flag for flag in raised if not flag.cleared_by],
        "intake": intake,
        "intake_tag": intake_tag(
            intake.status if intake else None, bool(intake and intake.reviewed_at), say()
        ),
        "status_tag": STATUS.get(found.status),
        "flag_tags": FLAGS,
        "alerted": _is_alerted(tx, found, sent),
        "plan_tag": _plan_tag(sent, intake, raised, stored, who_open=asked_who is not None),
        "note": notes.newest(tx, found.id),
        "draft": notes.draft(tx, found.id),
        "took": TOOK,
        "areas": area_words(),
        "area_names": dict(area_words()),
        "deliveries": sent,
        "over": found.start <= now(),
        "asked_who": asked_who,
        "came_before": who.came_before(tx, found),
        "left_flags": _left_flags(tx, found),
        **_places(visit),
        **_of_plan(tx, found, stored, _plan_message(sent), holds),
    }


def _places(visit: VisitSummary | None) -> dict[str, Any]:
    """Where it hurts and what to leave alone, drawn and in words."""
    words = summary.words(context(), language())
    return {
        "bodies": bodies(visit, say()) if visit else [],
        "places": [words.place(one) for one in visit.regions] if visit else [],
        "avoid": [words.place(one) for one in visit.avoid] if visit else [],
    }


def _of_plan(
    tx: Tx, found: Booking, stored: StoredPlan | None, mail: Delivery | None, holds: list[Reason]
) -> dict[str, Any]:
    """The plan, what went out before it, and what keeps it back."""
    verdict = next((one for one in holds if one is not Reason.no_email_consent), Reason.none)
    return {
        "plan": plan_view(context(), stored, language(), say()) if stored else None,
        "new_since": NEW_FACT,
        "overtaken": _overtaken(tx, found) if stored and stored.plan.overrides else [],
        "unreviewed": reviews.unsigned(tx, context(), stored.plan, now()) if stored else [],
        "verdict": verdict,
        "also": [one for one in dict.fromkeys(holds) if one not in (verdict, Reason.no_email_consent)],
        "earlier": _earlier(tx, found, stored),
        "plan_delivery": mail,
        "may_release": stored is not None and _may_release(stored, mail, set(holds)),
        "in_the_way": _in_the_way(tx, found, holds),
    }


def _earlier(tx: Tx, found: Booking, newest: StoredPlan | None) -> list[dict[str, Any]]:
    """What the client had before: each version that went out, the newest first."""
    versions = stored_plans.of_booking(tx, found.id, found.client_id)
    gone = [one for one in versions if one.sent_at and newest and one.id != newest.id]
    return [
        {"version": one, "moves": plan_page.worded(context(), one, language()).items}
        for one in reversed(gone)
    ]


def _plan_message(sent: list[Delivery]) -> Delivery | None:
    """The newest message that brings the plan."""
    return next((one for one in reversed(sent) if one.purpose is Purpose.plan), None)


def _may_release(stored: StoredPlan, message: Delivery | None, holds: set[Reason]) -> bool:
    """True where a look is all that the plan waits for, or somebody held it back by hand."""
    if stored.status not in release.RELEASABLE or not stored.plan.items or holds & REFUSALS:
        return False
    kept_back = message.reason if message and message.status is DeliveryStatus.held else Reason.none
    waits = holds & LOOKS and stored.status is not PlanStatus.released
    return bool(waits) or kept_back in {Reason.held_by_person, *LOOKS}


def _overtaken(tx: Tx, found: Booking) -> list[tuple[str, str]]:
    """Exercises of the plan that somebody signed for, each with what came up against it since."""
    content = context().plan_content(language())
    new = standing.overtaken(tx, context(), found, now())
    return [
        (name_of(name, content), fact_words(fact, content) or fact)
        for name, facts in new.items()
        for fact in facts
    ]


def _left_flags(tx: Tx, found: Booking) -> list[tuple[Any, tuple[FlagLine, ...]]]:
    """The flags that stand of clients who were to come before the visit was handed over."""
    raised = [
        (one, summary.early_flags(tx, context(), found.id, language(), one.id))
        for one in who.came_before(tx, found)
    ]
    return [(one, lines) for one, lines in raised if lines]


def _is_alerted(tx: Tx, found: Booking, sent: list[Delivery]) -> bool:
    """Nobody has pressed the button yet, of a flag that stops or of an alert."""
    now_please = (Urgency.at_once, Urgency.escalated)
    unseen = [one for one in sent if one.seen_at is None and alerts.urgency(one.key) in now_please]
    return bool(unseen) or bool(intakes.unseen_stops(tx, found.id))


def _in_the_way(tx: Tx, found: Booking, holds: list[Reason]) -> Reason:
    """Why a mail with the plan would not reach this client; `none` when it would."""
    place = contacts.get(tx, recipient(tx, found.id, Channel.email) or None)
    if place is None or place.bounced_at:
        return Reason.no_address
    if MessageKind.care in place.stopped:
        return Reason.unsubscribed
    return Reason.no_email_consent if Reason.no_email_consent in holds else Reason.none


def _plan_tag(
    sent: list[Delivery],
    intake: Intake | None,
    raised: tuple[FlagLine, ...],
    stored: StoredPlan | None,
    *,
    who_open: bool,
) -> tuple[str, str] | None:
    message = _plan_message(sent)
    if message is None:
        return None
    stops = any(one.severity.stops and not one.cleared_by for one in raised)
    answered = bool(intake and intake.done)
    drafted = stored.status if stored else None
    return plan_tag(message.status, answered, stops, drafted, say(), who_open=who_open)


def _back(booking_id: int, part: str = "", did: str = "1", listed: str = "") -> AnyResponse:
    if waits.from_list():
        return waits.go_on(did, listed)
    return redirect(url_for("console_booking.booking", booking_id=booking_id, done=did, _anchor=part), 303)


STAYS = {
    PlanStatus.none: "The note is kept. The plan cannot go out: see the flags.",
    PlanStatus.held: "The note is kept, and the plan waits. Look at it as it is now, then release it.",
}
"""What is said of a plan that an OK in the note does not let out."""


@blueprint.post("/console/bookings/<int:booking_id>/note")
@takes_draft("note-{booking_id}")
@allowed(Role.practitioner)
def save_note(booking_id: int) -> AnyResponse:
    """The session note, and with it what shall become of the plan."""
    note = note_from(me().name, me().credential)
    try:
        with _opened(booking_id) as (tx, found):
            if note.send is SendWish.OK_TO_SEND:
                basis.check(tx, found.id)
            release.add_note(tx, context(), found.id, note, now())
            drafts.forget(tx, f"note-{found.id}")
            stored, later = stored_plans.newest(tx, found.id), undo_handler.leaves_later(tx, found.id, now())
    except NotNow as error:
        return _page(booking_id, 409, error=str(error), typed=request.form)
    return _noted(booking_id, note.send, stored, later=later)


def _noted(booking_id: int, send: SendWish, stored: StoredPlan | None, *, later: bool) -> AnyResponse:
    """Back, unless an OK in the note did not let the plan out. What leaves later can be taken back."""
    waits = STAYS.get(stored.status, "") if stored and send is SendWish.OK_TO_SEND else ""
    if waits:
        return _page(booking_id, 409, error=waits, note_kept=True)
    released = stored is not None and stored.status is PlanStatus.released
    at_once = send is SendWish.OK_TO_SEND and released and not later
    return _back(booking_id, "note", "note_sent" if at_once else undo.last_act("note"))


@blueprint.post("/console/bookings/<int:booking_id>/note/draft")
@allowed(Role.practitioner)
def settle_draft(booking_id: int) -> AnyResponse:
    """A note that came by link is signed, with what shall become of the plan, or thrown away."""
    asked = request.form.get("send", "")
    send = SendWish(asked) if asked in list(SendWish) else None
    try:
        with _opened(booking_id) as (tx, found):
            basis.check(tx, found.id)
            if send is None:
                note_drafts.drop(tx, context(), found.id, me(), now())
            else:
                note_drafts.sign(tx, context(), found.id, send, me(), now())
            stored, later = stored_plans.newest(tx, found.id), undo_handler.leaves_later(tx, found.id, now())
    except NotNow as error:
        return _refused(booking_id, error)
    return _noted(booking_id, send, stored, later=later) if send else _back(booking_id, "note")


def _refused(booking_id: int, error: NotNow) -> Response:
    """The page on which it was pressed, as it is now."""
    if not waits.from_list():
        return _page(booking_id, 409, error=str(error))
    with context().db.read() as tx:
        about = bookings.get(tx, booking_id)
    return waits.show(409, str(error), about=about)


@blueprint.post("/console/bookings/<int:booking_id>/plan/<any('release', 'hold', 'send'):act>")
@allowed(Role.practitioner)
def plan_act(booking_id: int, act: str) -> AnyResponse:
    """Release, hold or send the plan now."""
    try:
        with _opened(booking_id) as (tx, found):
            basis.check(tx, found.id)
            after = waits.after(tx, found.id)
            _plan_act(tx, found, act)
    except NotNow as error:
        return _refused(booking_id, error)
    return _back(booking_id, "plan", undo.last_act(), after)


def _plan_act(tx: Tx, found: Booking, act: str) -> None:
    if act == "hold":
        plans_by_hand.hold_plan(tx, found.id, me().name, now())
        return
    plans_by_hand.release_plan(tx, context(), found.id, me().name, now())
    if act == "send":
        for one in stored_deliveries.of_booking(tx, found.id):
            if one.purpose == "plan" and one.status in WAITING:
                by_hand.send_now(tx, one.id, me().name, now())
    undo_handler.wait(tx, found.id, now())


@blueprint.post("/console/bookings/<int:booking_id>/flags/<int:flag_id>")
@allowed(Role.practitioner)
def clear_flag(booking_id: int, flag_id: int) -> AnyResponse:
    """A named clinician clears a flag, and types on what basis; one that stops asks for the own password."""
    by = f"{me().name}, {me().credential}" if me().credential else me().name
    said = request.form.get("basis", "")[:500]
    if not plans_by_hand.says_why(said):
        return _page(booking_id, 422, error=plans_by_hand.NO_BASIS, typed=request.form, clearing=flag_id)
    if wrong := _unconfirmed(booking_id, flag_id):
        return _page(booking_id, wrong[1], error=wrong[0], typed=request.form, clearing=flag_id)
    try:
        with _opened(booking_id) as (tx, found):
            basis.check(tx, found.id)
            plans_by_hand.clear_flag(tx, context(), found.id, flag_id, by, said, now())
    except NotNow as error:
        return _page(booking_id, 409, error=str(error), typed=request.form, clearing=flag_id)
    return _back(booking_id, "flags", f"clear_flag-{flag_id}")


def _unconfirmed(booking_id: int, flag_id: int) -> tuple[str, int] | None:
    """What is wrong with the own password, where the flag is one that stops."""
    with context().db.read() as tx:
        found = next((one for one in intakes.flags_of_all(tx, booking_id) if one["id"] == flag_id), None)
    return confirmed() if found and Severity(found["severity"]).stops else None


@blueprint.post("/console/bookings/<int:booking_id>/seen")
@allowed(Role.practitioner)
def seen(booking_id: int) -> AnyResponse:
    """Somebody has seen the alert: it goes to nobody else."""
    return _looked(booking_id, lambda tx: plans_by_hand.acknowledge(tx, booking_id, me().name, now()))


def _looked(booking_id: int, act: Callable[[Tx], object]) -> AnyResponse:
    """Do what follows from a look, unless there is more to see by now than the page showed."""
    try:
        with _opened(booking_id) as (tx, found):
            basis.check(tx, found.id)
            act(tx)
    except NotNow as error:
        return _refused(booking_id, error)
    return _back(booking_id)


@blueprint.post("/console/bookings/<int:booking_id>/reviewed")
@allowed(Role.practitioner)
def reviewed(booking_id: int) -> AnyResponse:
    """The intake has been read."""
    return _looked(booking_id, lambda tx: plans_by_hand.review(tx, booking_id, me().name, now()))


@blueprint.post("/console/bookings/<int:booking_id>/links/end")
@allowed(Role.practitioner)
def end_links(booking_id: int) -> AnyResponse:
    """A link has come into wrong hands: the client's links end now; what is sent from now on has new ones."""
    with _opened(booking_id) as (tx, found):
        stored_links.revoke(tx, OF_VISIT, found.id, now())
        for asked in checkins.of_booking(tx, found.id):
            stored_links.revoke(tx, (LinkPurpose.checkin,), asked.id, now())
        audit.add(tx, me().name, "end_links", f"booking:{found.id}", now())
    return _back(booking_id)


@blueprint.get("/console/bookings/<int:booking_id>/door")
@allowed(*EVERYBODY)
def door(booking_id: int) -> Response:
    """The client's link to the intake as a square code, for who has not done it."""
    with _opened(booking_id) as (tx, found):
        until = found.end + links.AFTER_VISIT
        url = links.issue(tx, context(), LinkPurpose.intake, found.id, now(), until)
        audit.add(tx, me().name, "door_code", f"booking:{found.id}", now())
    return page("door", booking=found, qr=code(url), url=url)


@blueprint.get("/console/bookings/<int:booking_id>/preview")
@allowed(Role.practitioner)
def preview(booking_id: int) -> Response:
    """The plan as the client will see it."""
    with _opened(booking_id) as (tx, found):
        stored = stored_plans.newest(tx, found.id) or abort(404)
        audit.add(tx, me().name, "preview", f"plan:{stored.id}", now())
        return as_the_client_sees(tx, found, stored)


def as_the_client_sees(tx: Tx, found: Booking, stored: StoredPlan) -> Response:
    """The client's page with this version, in which nothing can be sent."""
    name = clients.get(tx, found.client_id).name
    plan = plan_page.to_client(tx, context(), stored, now())
    days = readable.days_from(now().astimezone(context().zone()).date(), 7)
    values = {
        **client_words.shared(plan.language),
        "staff": say(),
        "plan": plan,
        "mine": client_days.shown(tx, found, plan, plan.language, {}),
        "typed": {},
        "name": readable.greeting_name(identity.in_order(name, context().names)),
        "figures": pictures.of_items(context(), plan),
        "own_at": lambda _number, name: url_for("console_editor.own", booking_id=found.id, name=name),
        "week": [(readable.weekday_and_day(day, plan.language), False) for day in days],
        "made_on": readable.full_date(plan_page.day_of(context(), found, stored), plan.language),
        "back": url_for("console_booking.booking", booking_id=found.id, _anchor="plan"),
    }
    return make_response(render_template("console/preview.html", **values))
