"""The gate: what holds or refuses a plan (steps R0, R1, R8 and R9). Facts in, holds out.

Drafts, pages, the outbox and the moment of sending all read this list. A fact only ever adds a hold; what
lifts one is an act of a person: a release (`released`), or a newer session note that leaves its fact out.
"""

from collections.abc import Collection, Iterable, Iterator

from clinical.plan.case import ADULT, LEAST_AGE, MOVED, Case, Policy
from schemas.choosing import HELD_BY, Action
from schemas.hold import LOOKS, REFUSALS, Hold
from schemas.plan import Effect, Plan, PlanReason
from schemas.reason import Reason
from schemas.rules import Flag, Severity
from schemas.session_note import SendWish

ROWS: tuple[tuple[str, Reason, str], ...] = (
    ("stop=*", Reason.red_flag, "R1"),
    ("check-in=red_flag", Reason.red_flag, "R8"),
    ("intake=open", Reason.no_intake, "R0"),
    ("service=no_plan", Reason.not_needed, "R0"),
    ("sn_send=no_plan", Reason.no_plan_wanted, "R9"),
    ("consent_exercise=no", Reason.no_consent, "R0"),
    ("age=under16", Reason.too_young, "R0"),
    ("guardian_name=missing", Reason.too_young, "R0"),
    ("sn_send=hold", Reason.on_hold, "R9"),
    ("flag=*", Reason.needs_review, "R1"),
    ("cleared=*", Reason.needs_review, "R1"),
    ("age=*", Reason.needs_review, "R1"),
    ("other_care=yes", Reason.needs_review, "R-CLASH"),
    ("match=*", Reason.needs_review, "R2"),
    ("calm_only=*", Reason.needs_review, "R2"),
    ("upd_pain_same_place=*", Reason.needs_review, "R2"),
    ("moves=too_few", Reason.needs_review, "R6"),
    ("change=refused", Reason.needs_review, "R7"),
    ("override=*", Reason.needs_review, "R7"),
    ("check-in=*", Reason.needs_review, "R8"),
    ("sn_new_concern=yes", Reason.needs_review, "R9"),
    ("change=by_hand", Reason.changed_by_hand, "R7"),
    ("unreviewed=yes", Reason.unreviewed, "R9"),
    ("require_ok=yes", Reason.needs_ok, "R9"),
    ("consent_email=no", Reason.no_email_consent, "R0"),
)
"""Fact (`*` for any value), reason, rule: what weighs most comes first, and is the reason that is shown."""
CLEARED = "cleared="
"""A flag that held the plan back was cleared: what it let free waits until somebody has looked at it."""
OVERTAKEN = "override="
"""An exercise that was signed for has a fact against it that is newer than the signature."""
NEW_SINCE = "new_since"
"""Key of the reason that an exercise is out again: its fact came up after somebody had signed for it."""
UNKNOWN = (Reason.needs_review, "R1")
"""A fact that no row knows is looked at by a person: it never passes."""


def holds(facts: Collection[str]) -> tuple[Hold, ...]:
    """Return what keeps a plan back, what weighs most first; nothing for no facts."""
    found = sorted((_place(fact), fact) for fact in set(facts))
    return tuple(Hold(*(ROWS[place][1:] if place < len(ROWS) else UNKNOWN), fact) for place, fact in found)


def _place(fact: str) -> int:
    name, _, _ = fact.partition("=")
    places = (n for n, (pattern, _, _) in enumerate(ROWS) if pattern in (fact, f"{name}=*"))
    return next(places, len(ROWS))


def released(found: Collection[Hold]) -> tuple[Hold, ...]:
    """Return what a named practitioner's release does not lift."""
    return tuple(hold for hold in found if hold.reason not in LOOKS)


def facts_of(case: Case, policy: Policy) -> frozenset[str]:
    """Return every fact of a case (with the rules' own facts added) that may hold its plan."""
    facts = {_flagged(flag) for flag in case.flags if flag.severity is not Severity.ADJUST}
    facts |= MOVED & case.facts
    facts |= {fact for fact in case.facts if fact.startswith(CLEARED)}
    facts |= {fact for fact, true in (*_person(case), *_check_in(case), *_note(case, policy)) if true}
    return frozenset(facts)


def _flagged(flag: Flag) -> str:
    return f"{'stop' if flag.severity.stops else 'flag'}={flag.rule}"


def _person(case: Case) -> Iterator[tuple[str, bool]]:
    age = case.age
    yield "consent_exercise=no", not case.consented
    yield "age=unknown", age is None
    yield "age=under16", age is not None and age < LEAST_AGE
    yield "age=under18", age is not None and age < ADULT
    yield "guardian_name=missing", age is not None and age < ADULT and not case.guardian_consented
    yield "other_care=yes", "other_care=yes" in case.facts


def _check_in(case: Case) -> Iterator[tuple[str, bool]]:
    step = case.history.step
    if step is not None:
        yield "check-in=red_flag", step.action is Action.STOP
        yield f"check-in={step.row}", step.action in HELD_BY


def _note(case: Case, policy: Policy) -> Iterator[tuple[str, bool]]:
    send = case.note.send if case.note else None
    yield "sn_send=no_plan", send is SendWish.NO_PLAN
    yield "sn_send=hold", send is SendWish.HOLD
    yield "sn_new_concern=yes", case.note is not None and case.note.new_concern
    yield "require_ok=yes", policy.require_ok and send is not SendWish.OK_TO_SEND


def reasons(found: Collection[Hold]) -> list[PlanReason]:
    """Return the holds as reasons of a plan: what was decided is kept with it."""
    return [PlanReason(hold.rule, hold.fact, _effect(hold), key=hold.reason) for hold in found]


def _effect(hold: Hold) -> Effect:
    return Effect.OUT if hold.reason in REFUSALS else Effect.HELD


def overtaken(exercise_ids: Iterable[str]) -> set[str]:
    """Return what holds a plan for exercises with a fact against them that nobody has signed for."""
    return {f"{OVERTAKEN}{name}" for name in exercise_ids}


def is_overtaken(found: Collection[Hold]) -> bool:
    """Tell whether such a fact is among what holds a plan."""
    return any(hold.fact.startswith(OVERTAKEN) for hold in found)


def facts_in(plan: Plan) -> frozenset[str]:
    """Return the facts that held or refused a plan when it was made."""
    own = (one for one in plan.reasons if one.exercise_id is None and one.effect in (Effect.HELD, Effect.OUT))
    return frozenset(fact for one in own for fact in one.fact.split())
