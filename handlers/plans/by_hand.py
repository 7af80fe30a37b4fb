"""What a person may do to a plan and to flags: each act is checked, done, and written into the log."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from clinical.plan import choose, edit
from clinical.plan.case import Case, policy_for, with_facts
from clinical.plan.edit import Edit
from clinical.plan.safety import Ground, ground_for
from handlers.answers import picture
from handlers.context import Context
from handlers.plans import drafting, edits, release
from handlers.plans.basis import NotNow
from handlers.schedule.recipients import to_client
from schemas.booking import Booking
from schemas.delivery import WAITING, Due, Purpose
from schemas.media import Media
from schemas.plan import Plan, PlanOrigin, PlanStatus, Readiness, StoredPlan
from schemas.reason import Reason
from store import audit, bookings, clients, deliveries, intakes, own_media, plan_edits
from store import plans as stored_plans
from store.base import Tx

NO_PLAN = "There is no plan that may go out: see the flags."
NO_BASIS = "Say on what basis: for example, who examined the client and when."
SHORTEST_BASIS = 3  # characters
NOTHING_TO_CHANGE = "There is no plan that can be changed."
CHANGEABLE = (*drafting.NOT_LET_OUT, *drafting.LET_OUT)
UNDO = timedelta(seconds=20)
"""How long what a person lets out can be taken back."""


def release_plan(tx: Tx, context: Context, booking_id: int, by: str, now: datetime) -> None:
    """A named practitioner lets the plan out. Raises `NotNow` where an answer forbids it."""
    stored = stored_plans.newest(tx, booking_id)
    if stored is not None and stored.status is PlanStatus.sent:
        return
    if not release.release(tx, context, booking_id, by, now):
        raise NotNow(NO_PLAN)


def hold_plan(tx: Tx, booking_id: int, by: str, now: datetime) -> None:
    """Keep the plan of a booking back. Raises `NotNow` when it went out, or there is none."""
    waiting = [
        each
        for each in deliveries.of_booking(tx, booking_id)
        if each.purpose is Purpose.plan and each.status in WAITING
    ]
    if not waiting:
        raise NotNow("There is no plan on its way.")
    for delivery in waiting:
        release.hold(tx, delivery, by, now)


def change_plan(
    tx: Tx, context: Context, booking_id: int, change: Edit, now: datetime, media: Media | None = None
) -> StoredPlan:
    """Change a plan; one that went out is corrected: the client gets one mail, and the old version is kept.

    `media` is the photo or clip of the own exercise that stands last. Raises `EditRefused` (with what blocks
    it) or `NotNow`.
    """
    last = stored_plans.newest(tx, booking_id)
    if last is None:
        return _from_nothing(tx, context, booking_id, change, now, media)
    if last.status not in CHANGEABLE:
        raise NotNow(NOTHING_TO_CHANGE)
    change = replace(change, overrides=last.plan.overrides) if change.lines else change
    checked = preview(tx, context, booking_id, last, change, now)
    if last.status is PlanStatus.released:  # a changed plan is a new one: it needs its own release
        stored_plans.hold(tx, last.id)
    _keep(tx, booking_id, change, checked, now)
    _keep_media(tx, last.client_id, change, media, now)
    for _override in checked.overrides[len(last.plan.overrides) :]:
        audit.add(tx, change.author, "override", f"booking:{booking_id}", now)
    audit.add(tx, change.author, "change_plan", f"plan:{last.id}", now)
    if last.status is PlanStatus.sent:
        return _corrected(tx, context, last, checked, change.author, now)
    if last.origin.check_in:
        return _next_version(tx, context, last, checked, last.origin, now)
    made = drafting.draft(tx, context, booking_id, now)
    if made is None:
        raise NotNow(NOTHING_TO_CHANGE)
    return made


def _keep(tx: Tx, booking_id: int, change: Edit, made: Plan, now: datetime) -> None:
    """Keep a change with what it was signed against: later facts need a signature of their own."""
    signed = replace(change, overrides=made.overrides)
    plan_edits.add(tx, booking_id, change.author, edits.dump(signed), now)


def _keep_media(tx: Tx, client_id: int, change: Edit, media: Media | None, now: datetime) -> None:
    if media is not None:
        own_media.add(tx, change.lines[-1].exercise_id, client_id, media.kind, media.data, now)


def _from_nothing(
    tx: Tx, context: Context, booking_id: int, change: Edit, now: datetime, media: Media | None
) -> StoredPlan:
    """A plan for a visit whose service gets none by itself, from the answers to the safety questions."""
    begun = _begin(tx, context, booking_id, change, now)
    booking = bookings.get(tx, booking_id)
    assert booking is not None
    _keep(tx, booking_id, change, begun, now)
    _keep_media(tx, booking.client_id, change, media, now)
    made = drafting.draft(tx, context, booking_id, now)
    if made is None:
        raise NotNow(NOTHING_TO_CHANGE)
    audit.add(tx, change.author, "change_plan", f"plan:{made.id}", now)
    if not any(each.purpose is Purpose.plan for each in deliveries.of_booking(tx, booking_id)):
        due = max(now, booking.end + context.clinic.policy.plan_delay)
        deliveries.schedule(tx, Due(to_client(tx, booking, Purpose.plan, made.version), due), now)
    return made


def _begin(tx: Tx, context: Context, booking_id: int, change: Edit, now: datetime) -> Plan:
    """What the change makes of the plan that the rules would choose. Raises `EditRefused` or `NotNow`."""
    case, language = _case(tx, context, booking_id, now)
    content, policy = context.plan_content(language), policy_for(context.clinic)
    chosen = choose.choose(case, content, policy)
    if chosen.status is Readiness.NONE or not change.lines:
        raise NotNow(NO_PLAN)
    return replace(edit.edit(chosen, change, case, content, policy), version=1)


def _corrected(
    tx: Tx, context: Context, last: StoredPlan, checked: Plan, by: str, now: datetime
) -> StoredPlan:
    """The client's page shows it from now on, and one mail says so, however many corrections wait for it."""
    booking = bookings.get(tx, last.booking_id)
    if booking is None or checked.status is Readiness.NONE:
        raise NotNow(NO_PLAN)
    made = _next_version(tx, context, last, checked, PlanOrigin(corrected=True), now)
    _with_the_client(tx, made, by, now)
    audit.add(tx, by, "correct", f"plan:{made.id}", now)
    mails = (each for each in deliveries.of_booking(tx, booking.id) if each.purpose is Purpose.plan)
    if not any(each.status in WAITING for each in mails):
        deliveries.schedule(tx, Due(to_client(tx, booking, Purpose.plan, made.version), now + UNDO), now)
    return stored_plans.newest(tx, booking.id) or made


def _with_the_client(tx: Tx, made: StoredPlan, by: str, now: datetime) -> None:
    """The client's page shows this version from now on."""
    stored_plans.release(tx, made.id, by, now)
    stored_plans.sent(tx, made.id, now)


def put_back(tx: Tx, context: Context, last: StoredPlan, old: StoredPlan, by: str, now: datetime) -> None:
    """The client's page shows an earlier version again, as a new one."""
    again = _next_version(tx, context, last, old.plan, PlanOrigin(corrected=True), now)
    _with_the_client(tx, again, by, now)


def _next_version(
    tx: Tx, context: Context, last: StoredPlan, checked: Plan, origin: PlanOrigin, now: datetime
) -> StoredPlan:
    """A version that is not drafted again: the change is written beside the one before."""
    content = drafting.content_of(context, replace(checked, version=last.version + 1))
    status = drafting.STATUS[checked.status]
    return stored_plans.add(
        tx, last.booking_id, last.client_id, status, checked.protocol_id, origin, content, now
    )


def preview(
    tx: Tx, context: Context, booking_id: int, stored: StoredPlan, change: Edit, now: datetime
) -> Plan:
    """What a change would make of a plan, checked by the safety filter. Raises `EditRefused`."""
    case, language = _case(tx, context, booking_id, now)
    return edit.edit(stored.plan, change, case, context.plan_content(language), policy_for(context.clinic))


def tried(tx: Tx, context: Context, booking_id: int, change: Edit, now: datetime) -> StoredPlan:
    """The version that a change would make; nothing is kept. Raises `EditRefused` or `NotNow`."""
    last, booking = stored_plans.newest(tx, booking_id), bookings.get(tx, booking_id)
    if booking is None:
        raise NotNow(NOTHING_TO_CHANGE)
    if last is None:
        begun = drafting.content_of(context, _begin(tx, context, booking_id, change, now))
        return _unkept(booking, begun, now)
    plan = preview(tx, context, booking_id, last, replace(change, overrides=last.plan.overrides), now)
    return replace(last, content=drafting.content_of(context, plan))


def _unkept(booking: Booking, content: dict[str, Any], now: datetime) -> StoredPlan:
    return StoredPlan(
        0, booking.id, booking.client_id, 1, PlanStatus.held, "", PlanOrigin(), now, None, "", None, content
    )


def ground(tx: Tx, context: Context, booking_id: int, now: datetime) -> Ground:
    """What the safety filter looks at for who comes to a booking. Raises `NotNow` without answers."""
    case, language = _case(tx, context, booking_id, now)
    content = context.plan_content(language)
    return ground_for(with_facts(case, content.choosing), content, policy_for(context.clinic))


def _case(tx: Tx, context: Context, booking_id: int, now: datetime) -> tuple[Case, str]:
    """The client's case, and the language that they read."""
    booking, intake = bookings.get(tx, booking_id), intakes.of_booking(tx, booking_id)
    if booking is None or intake is None or not intake.done:
        raise NotNow("There are no answers for this booking.")
    seen = picture(tx, context, booking, intake, now)
    return drafting.case_of(tx, context, booking, seen, now), intake.language


def says_why(basis: str) -> bool:
    """True for a basis that says something."""
    return len(basis.strip()) >= SHORTEST_BASIS


def clear_flag(
    tx: Tx, context: Context, booking_id: int, flag_id: int, by: str, basis: str, now: datetime
) -> None:
    """A named clinician clears a flag and says on what basis; the plan is drafted again. Raises `NotNow`.

    Nothing goes out by it: the plan waits until somebody has looked at it and releases it.
    """
    found = next((one for one in intakes.flags_of_all(tx, booking_id) if one["id"] == flag_id), None)
    if found is None or found["cleared_at"] or not says_why(basis):
        raise NotNow(NO_BASIS)
    intakes.clear_flag(tx, flag_id, by, basis.strip(), now)
    audit.add(tx, by, "clear_flag", f"booking:{booking_id}", now, f"flag:{flag_id}")
    acknowledge(tx, booking_id, by, now)
    if flag_id in {one["id"] for one in intakes.flags_of(tx, booking_id)}:
        _draft_again(tx, context, booking_id, now)
    _look_again(tx, found["client_id"], now)


def stands_again(tx: Tx, context: Context, flag_id: int, by: str, since: datetime, now: datetime) -> bool:
    """Take back that `by` has cleared a flag; False where that was before `since`, or a plan is out."""
    found = intakes.who_cleared(tx, flag_id)
    if found is None:
        return False
    booking_id, cleared_by, at = found
    last = stored_plans.newest(tx, booking_id)
    gone = last is not None and last.sent_at is not None and last.sent_at >= at
    if at < since or gone or by not in (cleared_by, cleared_by.rpartition(", ")[0]):
        return False
    intakes.stands_again(tx, flag_id)
    _draft_again(tx, context, booking_id, now)
    audit.add(tx, by, "undo", f"booking:{booking_id}", now, "clear_flag")
    return True


def _draft_again(tx: Tx, context: Context, booking_id: int, now: datetime) -> None:
    last = stored_plans.newest(tx, booking_id)
    if last is not None and last.status is PlanStatus.released:
        stored_plans.hold(tx, last.id)
    drafting.draft(tx, context, booking_id, now)


def _look_again(tx: Tx, client_id: int, now: datetime) -> None:
    """What the flag held back on the person's other visits is decided again."""
    family = clients.family(tx, client_id)
    for delivery in deliveries.held_for(tx, family, (Reason.red_flag, Reason.needs_review)):
        deliveries.reschedule(tx, delivery.id, max(delivery.due_at, now))


def acknowledge(tx: Tx, booking_id: int, by: str, now: datetime) -> bool:
    """Somebody has pressed the button of an alert; True the first time."""
    seen = [intakes.flags_seen(tx, booking_id, now), deliveries.alert_seen(tx, booking_id, now)]
    if any(seen):
        audit.add(tx, by, "flags_seen", f"booking:{booking_id}", now)
    return any(seen)


def review(tx: Tx, booking_id: int, by: str, now: datetime) -> None:
    """A practitioner has read the intake."""
    intake = intakes.of_booking(tx, booking_id)
    if intake is not None:
        intakes.review(tx, intake.id, by, now)
    audit.add(tx, by, "intake_reviewed", f"booking:{booking_id}", now)
