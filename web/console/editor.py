"""Change the plan: the page on which a practitioner orders, doses, swaps, adds and takes out exercises.

Its buttons change the form alone. One act keeps what stands there, or lets it out; each is decided on what
the page showed.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clinical.plan import limits, safety
from clinical.plan.edit import Edit, EditRefused
from clinical.plan.limits import Limit
from clinical.plan.own import with_own
from clinical.plan.safety import Ground
from clinical.plan.wording import fact_words
from handlers.plans import basis as plans_basis
from handlers.plans import by_hand, media, saved
from handlers.plans.basis import NotNow
from handlers.send import undo as undo_handler
from schemas.booking import Booking
from schemas.choosing import PlanContent
from schemas.exercise import Exercise
from schemas.media import TOO_LARGE, Media, Unsuitable
from schemas.plan import PlanItem, PlanStatus, Side, StoredPlan
from schemas.staff import Role
from store import bookings, clients, own_media, saved_plans
from store import plans as stored_plans
from store.base import Tx
from web.arrival import MOST_FILE
from web.console import basis, drafts, gate, plan_did, plan_lines, undo, waits
from web.console.booking import as_the_client_sees
from web.console.gate import allowed, me, now, takes, takes_draft
from web.console.plan_did import Did
from web.console.plan_form import edit_from, plan_view
from web.console.plan_lines import FIELDS, OWN, Draft, Form
from web.console.view import language, page, say
from web.context import context
from web.media import answer as media_answer

Wrong = dict[str, dict[str, Limit]]  # by exercise and figure

blueprint = gate.blueprint("editor")
LABELS = {
    "sets": "Sets",
    "reps": "Repetitions",
    "hold": "Hold (seconds)",
    "minutes": "Minutes",
    "days": "Days a week",
}
SIDES = {Side.BOTH: "Both sides", Side.LEFT: "Both, left first", Side.RIGHT: "Both, right first"}
LEVELS = {1: "1: start", 2: "2: standard", 3: "3: strong"}
KEPT, LET_OUT, SHOWN = "", "release", "show"
SAVE, BEGIN, FORGET = "save", "begin", "forget"
SAVED_NAME = 80
NO_MOVES = "A plan has at least one move."


@contextmanager
def _opened(booking_id: int) -> Iterator[tuple[Tx, Booking]]:
    with context().db.begin() as tx:
        yield tx, bookings.get(tx, booking_id) or abort(404)


@blueprint.get("/console/bookings/<int:booking_id>/plan/change")
@allowed(Role.practitioner)
def show(booking_id: int) -> Response:
    """The plan as it is now, to be changed."""
    with _opened(booking_id) as (tx, found):
        stored = stored_plans.newest(tx, found.id)
        unsent = drafts.find(tx, f"plan-{found.id}")
        if unsent is None:
            return _page(tx, found, stored, plan_lines.stored(stored.plan.items if stored else ()))
        draft = _posted(tx, found, drafts.typed(unsent))
        return _page(tx, found, stored, draft, unsent=unsent, begun_on=unsent.decided_on)


@blueprint.get("/console/bookings/<int:booking_id>/plan/own/<name>")
@allowed(Role.practitioner)
def own(booking_id: int, name: str) -> Response:
    """The photo or clip of an own exercise of who comes."""
    with context().db.read() as tx:
        found = bookings.get(tx, booking_id) or abort(404)
        family = clients.family(tx, found.client_id)
        kept = own_media.of_client(tx, family, name) or abort(404)
    return media_answer(Media(*kept))


@blueprint.post("/console/bookings/<int:booking_id>/plan/change")
@takes(MOST_FILE)
@takes_draft("plan-{booking_id}")
@allowed(Role.practitioner)
def change(booking_id: int) -> AnyResponse:
    """Keep the plan as it stands in the form, let it out, or only move something in the form."""
    if "line" not in request.form and f"name-{OWN}" not in request.form:
        return _some(booking_id)
    with context().db.read() as tx:
        found = bookings.get(tx, booking_id) or abort(404)
        draft = _posted(tx, found, request.form)
    do = request.form.get("do", KEPT)
    if do not in (KEPT, LET_OUT, SHOWN):
        return _in_the_form(booking_id, draft, do)
    try:
        cleaned = _cleaned()
    except Unsuitable as error:
        return _refused(booking_id, 422, draft, unsuitable=str(error))
    kind = cleaned.kind if cleaned and do != SHOWN else ""  # what is not kept is shown to nobody
    whole = plan_lines.with_own(draft, secrets.token_hex(4), kind)
    edit = plan_lines.edit_of(whole, me())
    if whole.wrong or not edit.lines:
        return _refused(booking_id, 422, draft, error="" if whole.wrong else NO_MOVES, wrong=whole.wrong)
    return _tried(booking_id, draft, edit, do, cleaned if len(whole.items) > len(draft.items) else None)


def _cleaned() -> Media | None:
    """The photo or clip that was sent with the form; raises `Unsuitable`."""
    sent = request.files.get(f"media-{OWN}")
    if sent is None or not sent.filename:
        return None
    return media.taken(context(), sent.read())


def _posted(tx: Tx, found: Booking, form: Form) -> Draft:
    stored = stored_plans.newest(tx, found.id)
    own = [item for each in saved.every(tx, me().id) for item in each.items if item.own]
    known = (*own, *(stored.plan.items if stored else ()))
    return plan_lines.posted(form, known, context().plan_content(language()))


def _in_the_form(booking_id: int, draft: Draft, do: str) -> Response:
    """The form after one of the buttons that leave the client's plan as it is."""
    act, _, number = do.partition(":")
    with _opened(booking_id) as (tx, found):
        if act == SAVE:
            return _saved(tx, found, draft)
        did = _forgotten(tx, number) if act == FORGET else _to_line(draft, do)
        left_out: list[tuple[str, str]] = []
        if act == BEGIN:
            draft, left_out, did = _begun(tx, found, draft, number)
        now_so = stored_plans.newest(tx, found.id)
        return _page(tx, found, now_so, draft, did=did, left_out=left_out, begun_on=_begun_on())


def _to_line(draft: Draft, do: str) -> Did | None:
    content = context().plan_content(language())
    items = {item.exercise_id: item for item in draft.items}

    def called(name: str) -> str:
        return _name(items.get(name) or plan_lines.new(name, content), content)

    return plan_did.to_line(do, list(items), called)


def _forgotten(tx: Tx, number: str) -> Did | None:
    gone = next((each for each in saved.every(tx, me().id) if str(each.id) == number), None)
    if gone is None:
        return None
    saved_plans.remove(tx, me().id, gone.id)
    return Did(SAVE, plan_did.DELETED, gone.name)


def _saved(tx: Tx, found: Booking, draft: Draft) -> Response:
    """What stands in the form, as a plan of whoever is signed in."""
    stored, name = stored_plans.newest(tx, found.id), draft.typed.get("saved-name", "").strip()[:SAVED_NAME]
    if draft.wrong or not draft.kept or not name:
        return _page(tx, found, stored, draft, 422, nameless=not name, begun_on=_begun_on())
    saved.keep(tx, me().id, name, draft.kept, now())
    return _page(tx, found, stored, draft, did=Did(SAVE, plan_did.SAVED, name), begun_on=_begun_on())


def _begun(
    tx: Tx, found: Booking, draft: Draft, number: str
) -> tuple[Draft, list[tuple[str, str]], Did | None]:
    """A saved plan in place of what stood there, without what this client's answers block."""
    mine = next((each for each in saved.every(tx, me().id) if str(each.id) == number), None)
    if mine is None:
        return draft, [], None
    ground = by_hand.ground(tx, context(), found.id, now())
    content = with_own(context().plan_content(language()), mine.items)
    known = [
        (item, content.exercises[item.exercise_id])
        for item in mine.items
        if item.exercise_id in content.exercises
    ]
    choices = [(item, _choice(exercise, ground, content)) for item, exercise in known]
    safe = [item for item, choice in choices if not choice["why_not"]]
    left_out = [(one["name"], one["why_not"]) for _, one in choices if one["why_not"]]
    return plan_lines.stored(safe), left_out, Did(BEGIN, plan_did.BEGUN, mine.name)


def _tried(booking_id: int, draft: Draft, edit: Edit, do: str, sent: Media | None) -> AnyResponse:
    try:
        if do == SHOWN:
            return _shown(booking_id, edit)
        return _kept(booking_id, edit, sent, release=do == LET_OUT)
    except EditRefused as error:
        return _refused(booking_id, 422, draft, refused=error.facts, wrong=error.doses)
    except NotNow as error:
        return _refused(booking_id, 409, draft, error=str(error))


def _kept(booking_id: int, edit: Edit, sent: Media | None, *, release: bool) -> AnyResponse:
    """One act: the whole form, decided on what its page showed."""
    with _opened(booking_id) as (tx, found):
        basis.check(tx, found.id)
        drafts.forget(tx, f"plan-{found.id}")
        here, after = waits.place(tx, found.id), waits.after(tx, found.id)
        made = by_hand.change_plan(tx, context(), found.id, edit, now(), sent)
        agreed = release and _as_asked(made, edit.lines)
        if agreed:
            by_hand.release_plan(tx, context(), found.id, me().name, now())
            undo_handler.wait(tx, found.id, now())
    did = "look" if release and not agreed else undo.last_act("changed")
    if waits.from_list():
        return waits.go_on(did, after if agreed else here)
    return _done(booking_id, did)


def _shown(booking_id: int, edit: Edit) -> AnyResponse:
    """The client's page as this form would make it; nothing is kept."""
    with context().db.read() as tx:
        found = bookings.get(tx, booking_id) or abort(404)
        tried = by_hand.tried(tx, context(), found.id, edit, now())
        return as_the_client_sees(tx, found, tried)


def _as_asked(made: StoredPlan, lines: tuple[PlanItem, ...]) -> bool:
    """What goes out is what stood in the form."""
    now_so = made.plan.items
    return [item.exercise_id for item in now_so] == [line.exercise_id for line in lines] and all(
        item.dose == line.dose for item, line in zip(now_so, lines, strict=True) if line.by_hand
    )


def _done(booking_id: int, did: str) -> AnyResponse:
    return redirect(url_for("console_booking.booking", booking_id=booking_id, done=did, _anchor="plan"), 303)


def _begun_on() -> str:
    """What the form's page showed when the form was begun: its buttons change only what stands in it."""
    return request.form.get("decided_on", "")


def _some(booking_id: int) -> AnyResponse:
    """Take out, add, swap or set the level, and leave the rest as it is."""
    try:
        with _opened(booking_id) as (tx, found):
            basis.check(tx, found.id)
            edit = edit_from(request.form, me().name, me().credential)
            by_hand.change_plan(tx, context(), found.id, edit, now())
    except EditRefused as error:
        return _refused(booking_id, 422, None, refused=error.facts)
    except NotNow as error:
        return _refused(booking_id, 409, None, error=str(error))
    return _done(booking_id, undo.last_act("changed"))


def _refused(
    booking_id: int, status: int, draft: Draft | None, wrong: Wrong | None = None, **more: Any
) -> Response:
    with _opened(booking_id) as (tx, found):
        stored = stored_plans.newest(tx, found.id)
        if status == HTTPStatus.CONFLICT:
            more["now_so"] = plan_view(context(), stored, language(), say())["items"] if stored else []
        else:
            more["begun_on"] = _begun_on()
        if draft is None:
            draft = plan_lines.stored(stored.plan.items if stored else ())
            draft.typed = request.form
            added = request.form.get("add", "")
            if added:
                draft.items.append(plan_lines.new(added, context().plan_content(language())))
        draft.wrong |= wrong or {}
        return _page(tx, found, stored, draft, status, **more)


def _page(
    tx: Tx, found: Booking, stored: StoredPlan | None, draft: Draft, status: int = 200, **more: Any
) -> Response:
    try:
        ground = by_hand.ground(tx, context(), found.id, now())
    except NotNow as error:
        return page("refused", 409, title="Change the plan", text=str(error))
    if stored is not None and stored.status not in by_hand.CHANGEABLE:
        return page("refused", 409, title="Change the plan", text=by_hand.NOTHING_TO_CHANGE)
    content = with_own(context().plan_content(language()), draft.items)
    values = {
        "booking": found,
        "client": clients.get(tx, found.client_id),
        "stored": stored,
        "sent": stored is not None and stored.status is PlanStatus.sent,
        "basis": plans_basis.basis_of(tx, found.id),
        "typed": draft.typed,
        "lines": [_line(item, draft, ground, content) for item in draft.items],
        "library": _library(draft, ground, content),
        "most_clip": media.MOST_CLIP,
        "too_large": TOO_LARGE,
        "own": _figures(OWN, plan_lines.FIRST_OWN, {}, draft),
        "saved": _mine(tx, content),
        "file_sent": bool((sent := request.files.get(f"media-{OWN}")) and sent.filename),
        "most": content.choosing.budget.most,
        "sides": SIDES,
        "levels": LEVELS,
        "from_list": waits.from_list(),
    }
    return page("editor", status, **(values | more))


def _mine(tx: Tx, content: PlanContent) -> list[dict[str, Any]]:
    """My saved plans, each with the names of its exercises."""
    mine = saved.every(tx, me().id)
    return [
        {"id": each.id, "name": each.name, "moves": [_name(item, content) for item in each.items]}
        for each in mine
    ]


def _name(item: PlanItem, content: PlanContent) -> str:
    known = with_own(content, [item]).exercises.get(item.exercise_id)
    return known.name if known else item.exercise_id


def _line(item: PlanItem, draft: Draft, ground: Ground, content: PlanContent) -> dict[str, Any]:
    exercise = content.exercises.get(item.exercise_id)
    allowed_ = limits.limits(exercise, item.dose, ground.facts) if exercise else {}
    others = [*exercise.swaps, exercise.easier, exercise.harder] if exercise else []
    there = {each.exercise_id for each in draft.items}
    swaps = [content.exercises[name] for name in dict.fromkeys(others) if name in content.exercises]
    return {
        "item": item,
        "name": exercise.name if exercise else item.exercise_id,
        "drawn": item.exercise_id in context().figures(content.language),
        "figures": _figures(item.exercise_id, item.dose, allowed_, draft),
        "gone": item.exercise_id in draft.typed.getlist("remove"),
        "swaps": [_choice(one, ground, content) for one in swaps if one.id not in there],
        "caution": next((one.caution for one in allowed_.values() if one.caution), ""),
    }


def _figures(name: str, dose: Any, allowed_: dict[str, Limit], draft: Draft) -> list[dict[str, Any]]:
    """The fields of one dose: what stands in them, what they may hold, and what is wrong with them."""
    wrong = draft.wrong.get(name, {})
    return [
        {
            "id": f"{short}-{name}",
            "label": LABELS[short],
            "value": draft.typed.get(f"{short}-{name}", getattr(dose, figure)),
            "limit": allowed_.get(figure) or Limit(*limits.LIMITS[figure]),
            "wrong": wrong.get(figure),
        }
        for short, figure in FIELDS.items()
        if figure in limits.figures(dose)
    ]


def _choice(exercise: Exercise, ground: Ground, content: PlanContent) -> dict[str, Any]:
    """An exercise that could come in, and why it may not."""
    fact = safety.blocked_by(exercise, ground, content)
    return {
        "id": exercise.id,
        "name": exercise.name,
        "drawn": exercise.id in context().figures(content.language),
        "why_not": (fact_words(fact, content) or fact) if fact else "",
    }


def _library(draft: Draft, ground: Ground, content: PlanContent) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every exercise that is not on the list, by phase."""
    there = {item.exercise_id for item in draft.items}
    phases: dict[str, list[dict[str, Any]]] = {}
    for one in sorted(content.exercises.values(), key=lambda each: each.name):
        if one.id not in there:
            label = content.wording.phases.get(one.phase, str(one.phase))
            phases.setdefault(label, []).append(_choice(one, ground, content))
    return sorted(phases.items())
