"""Signed overrides: a practitioner keeps an exercise that the filter blocks, against the facts of that time.

A signature is for what was known: a fact that came up later and speaks against the same exercise is not
covered, so the exercise is blocked again until somebody signs for that fact too.
"""

from collections.abc import Iterable

from clinical.plan.case import Case, Policy, with_facts
from clinical.plan.safety import Ground, against, ground_for
from schemas.choosing import PlanContent
from schemas.plan import Override, Plan
from schemas.session_note import SessionNote


def signed(
    names: Iterable[str], ground: Ground, content: PlanContent, author: str, credential: str, reason: str
) -> tuple[Override, ...]:
    """Return an override for each exercise that is blocked now; none without a reason and a credential."""
    if not (reason.strip() and credential.strip()):
        return ()
    known = (content.exercises[name] for name in names if name in content.exercises)
    found = ((exercise.id, against(exercise, ground, content)) for exercise in known)
    return tuple(
        Override(name, facts, reason.strip(), author, credential.strip())
        for name, facts in found
        if facts and not ground.covers(name, facts)
    )


def covered(overrides: Iterable[Override]) -> dict[str, frozenset[str]]:
    """Return the facts that were signed for, by exercise id."""
    facts: dict[str, frozenset[str]] = {}
    for one in overrides:
        facts[one.exercise_id] = facts.get(one.exercise_id, frozenset()) | frozenset(one.facts)
    return facts


def of_note(note: SessionNote | None, ground: Ground, content: PlanContent) -> tuple[Override, ...]:
    """Return what a note signs for: as kept with it, or as of now for one that was just typed."""
    if note is None:
        return ()
    if note.overrides is not None:
        return note.overrides
    return signed(note.add, ground, content, note.author, note.credential, note.add_reason)


def overtaken(plan: Plan, case: Case, content: PlanContent, policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return the facts against a plan's exercises that came up since they were signed for, by exercise id."""
    given = covered(plan.overrides)
    if not given:
        return {}
    ground = ground_for(with_facts(case, content.choosing), content, policy)
    there = [item.exercise_id for item in plan.items if item.exercise_id in given]
    found = {name: against(content.exercises[name], ground, content) for name in there}
    return {name: new for name, facts in found.items() if (new := since(facts, given[name]))}


def since(facts: Iterable[str], signed_for: frozenset[str]) -> tuple[str, ...]:
    """Return the facts that nobody has signed for."""
    return tuple(fact for fact in facts if fact not in signed_for)
