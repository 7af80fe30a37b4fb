"""Why a plan is as it is, in sentences for a practitioner (English; `es.toml` has the Spanish)."""

import re

from clinical.plan.gate import NEW_SINCE
from clinical.plan.wording import fact_words
from schemas.choosing import PlanContent
from schemas.hold import OF_THE_GATE
from schemas.plan import Effect, PlanReason
from schemas.reason import Reason
from web.console.labels import SENTENCES
from web.language import Say

NEW_FACT = "Signed for before this was known: {said}. Sign for it again, or leave it out."
BY_KEY = {
    "no_room": "The plan has room for {count}.",
    "no_time": "It does not fit into {minutes} minutes a day.",
    "not_added": "Not added: a reason and a credential are needed.",
    NEW_SINCE: NEW_FACT,
    "removed": "Taken out by a practitioner.",
    "stage_first": "The first plan.",
    "stage_protocol": "Another protocol than before.",
    "stage_place": "The pain is in another place than before.",
    "stage_gap": "{days} days without exercise.",
    "stage_good": "{days} days in the plan, and the last check-in was good.",
    "stage_same": "No reason to move on.",
}
BY_EFFECT = {
    Effect.IN: "Level {level}.",
    Effect.SWAPPED: "Level 1 in its place: {cause}.",
    Effect.OUT: "Left out: {cause}.",
    Effect.LEVEL: "Level {before} to {level}.",
}
HOLDS = frozenset(str(reason) for reason in OF_THE_GATE)
NAMED = re.compile(r"\{(\w+)\}")
TAKEN_OUT = "Taken out."
CHANGE_REFUSED = "A change by hand does not fit the answers as they are now: {cause}."
PROTOCOL = "Protocol {protocol}, from the row {row}, stage {stage}:"


def explained(reason: PlanReason, say: Say, content: PlanContent) -> str:
    """One sentence; the exercise, the rule and the fact stand beside it."""
    values = {"cause": reason.fact, "said": fact_words(reason.fact, content) or reason.fact} | reason.values
    templates = (PROTOCOL if reason.effect is Effect.STAGE else "", _template(reason))
    said = [say(text, **values) for text in templates if all(name in values for name in NAMED.findall(text))]
    return " ".join(filter(None, said))


def _template(reason: PlanReason) -> str:
    if reason.fact == "change=refused":
        return CHANGE_REFUSED
    if reason.key in HOLDS:
        return SENTENCES[Reason(reason.key)]
    if reason.effect is Effect.OUT and reason.key == "no_room":
        return TAKEN_OUT
    return BY_KEY.get(reason.key) or BY_EFFECT.get(reason.effect, "")


def name_of(exercise_id: str | None, content: PlanContent) -> str:
    """What an exercise is called; the id for one that content has no more."""
    found = content.exercises.get(exercise_id or "")
    return found.name if found else exercise_id or ""
