"""What choosing a plan starts from: the client's case, the clinic's policy, and the facts of both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from clinical.answers import flags as safety
from schemas.checkin import PlanState, Step
from schemas.choosing import ChoosingRules, Mode
from schemas.clinic import Clinic
from schemas.forms.condition import Answer, values_of, without_side
from schemas.plan import Plan, Side
from schemas.rules import Flag, Severity
from schemas.session_note import SessionNote

OTHER_CARE = frozenset({"physical_therapist", "surgeon"})
ADULT, LEAST_AGE = 18, 16
MOVED = frozenset({"upd_pain_same_place=moved", "upd_pain_same_place=new_place"})


@dataclass(frozen=True, slots=True)
class History:
    """The plan that the client has now, where they stand with it, and what the last check-in says to do.

    `gap_days` are days without any exercise.
    """

    plan: Plan | None = None
    state: PlanState = field(default_factory=PlanState)
    step: Step | None = None
    gap_days: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """What a clinic settles about its plans."""

    first_moves: int = 3
    most_moves: int = 4
    mode: Mode = Mode.SELF_CARE
    clinic_phone: str = ""
    emergency_number: str = "911"
    require_ok: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One client at one visit: answers, facts (`field=value`), age in years, flags, history, note."""

    answers: Mapping[str, Answer]
    facts: frozenset[str]
    age: int | None
    flags: tuple[Flag, ...] = ()
    consented: bool = False
    guardian_consented: bool = False
    history: History = field(default_factory=History)
    note: SessionNote | None = None
    released_by: str = ""

    @property
    def stopped(self) -> bool:
        """Whether a flag forbids any plan."""
        return safety.stops(self.flags)

    @property
    def in_review(self) -> bool:
        """Whether a flag asks for a practitioner's look."""
        return any(flag.severity is Severity.REVIEW for flag in self.flags)


def policy_for(clinic: Clinic) -> Policy:
    """Return what a clinic's settings say about its plans."""
    return Policy(
        first_moves=clinic.policy.plan_moves,
        mode=Mode(clinic.policy.wording),
        clinic_phone=clinic.phone,
        emergency_number=clinic.emergency_number,
        require_ok=clinic.policy.require_ok,
    )


def case_for(
    answers: Mapping[str, Answer],
    facts: Collection[str],
    age: int | None,
    flags: Sequence[Flag] = (),
    history: History | None = None,
    note: SessionNote | None = None,
    released_by: str = "",
) -> Case:
    """Return the case of one intake, with the consents read from its answers."""
    return Case(
        answers=answers,
        facts=frozenset(facts),
        age=age,
        flags=tuple(flags),
        consented=said_yes(answers, "consent_exercise") and not said_no(answers, "consent_health_data"),
        guardian_consented=bool(values_of(answers, "guardian_name")),
        history=history or History(),
        note=note,
        released_by=released_by,
    )


def with_facts(case: Case, rules: ChoosingRules) -> Case:
    """Return the case with the facts that the rules use and the questionnaire does not ask (R3)."""
    extra = {f"flag={flag.rule}" for flag in case.flags} | _from_note(case) | _from_reply(case)
    extra |= {f"avoid_areas={place}" for place in places(case, "avoid_areas")}
    if OTHER_CARE & set(_values(case, "under_other_care")):
        extra.add("other_care=yes")
    extra |= {f"{name}={value}" for name, value in rules.unanswered.items() if not _values(case, name)}
    return replace(case, facts=case.facts | extra)


def places(case: Case, name: str) -> tuple[str, ...]:
    """Return the body-map places of one question, without side, each once."""
    return tuple(dict.fromkeys(without_side(value) for value in _values(case, name)))


def sore_side(case: Case) -> Side:
    """Return the side that the client named, or that the main place on the body map has."""
    given = next(iter(_values(case, "main_side")), "")
    if given in (Side.LEFT, Side.RIGHT, Side.BOTH):
        return Side(given)
    region = next(iter(_values(case, "main_region")), "")
    return {"_l": Side.LEFT, "_r": Side.RIGHT}.get(region[-2:], Side.NONE) if not given else Side.NONE


def number(case: Case, name: str) -> float | None:
    """Return an answer as a number, or None."""
    try:
        return float(next(iter(_values(case, name)), ""))
    except ValueError:
        return None


def _values(case: Case, name: str) -> tuple[str, ...]:
    prefix = f"{name}="
    known = tuple(sorted(fact.removeprefix(prefix) for fact in case.facts if fact.startswith(prefix)))
    return tuple(dict.fromkeys((*values_of(case.answers, name), *known)))


def said_no(answers: Mapping[str, Answer], consent: str) -> bool:
    """Return whether a consent was refused or withdrawn; one that nobody was asked for was not."""
    return values_of(answers, consent) == ("no",)


def said_yes(answers: Mapping[str, Answer], consent: str) -> bool:
    """Return whether a consent was given; one that nobody was asked for was not."""
    return values_of(answers, consent) == ("yes",)


def _from_note(case: Case) -> set[str]:
    return {f"session_response={case.note.response}"} if case.note and case.note.response else set()


def _from_reply(case: Case) -> set[str]:
    value = number(case, "fu_pain_during")
    return set() if value is None else {f"pain_while_running={value:g}"}
