"""What the rules of content say and what they find: safety rules, flags, the condition matrix, regions."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.condition import Because, Condition


class Severity(StrEnum):
    """What a flag does, from worst to mildest (clinical sources, section 2.1)."""

    STOP_EMERGENCY = "stop_emergency"
    STOP_URGENT = "stop_urgent"
    REVIEW = "review"
    ADJUST = "adjust"

    @property
    def rank(self) -> int:
        """Return 0 for the worst."""
        return list(Severity).index(self)

    @property
    def stops(self) -> bool:
        """Tell whether there is no visit and no plan until a clinician clears it."""
        return self in STOPS


STOPS = (Severity.STOP_EMERGENCY, Severity.STOP_URGENT)


@dataclass(frozen=True, slots=True)
class RuleCase:
    """One way in which a rule fires; the first case that holds decides the severity."""

    when: Condition
    severity: Severity
    client_text: str
    clinic_action: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A safety rule; `phrases` are searched for in whatever the client typed, and fire `found`.

    `crisis`: the clinic is alerted at once though nothing stops. `check_in`: only a reply can fire it.
    """

    id: str
    name: str
    source: str
    cases: tuple[RuleCase, ...]
    phrases: tuple[str, ...] = ()
    found: RuleCase | None = None
    crisis: bool = False
    check_in: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """What a rule found: who fired, how bad, which answers, what the client reads, what the clinic does.

    `client_text` is a key of the messages. `because` holds (question id, answer) pairs; a blank answer is "".
    """

    rule: str
    name: str
    severity: Severity
    because: tuple[Because, ...]
    client_text: str
    clinic_action: str
    source: str


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """What locks a plan until a practitioner signs it off, and the texts for blank and unsure answers."""

    id: str
    name: str
    facts: tuple[str, ...]
    always: RuleCase
    unsure_emergency: RuleCase
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole of `content/rules/flags.toml`."""

    rules: tuple[Rule, ...]
    review: ReviewRules
    clash: Rule

    def is_crisis(self, rule_id: str) -> bool:
        """Tell whether what this rule finds points to a crisis."""
        return any(rule.crisis for rule in self.rules if rule.id == rule_id)

    def is_of_check_in(self, rule_id: str) -> bool:
        """Tell whether this rule is about replies to check-ins alone."""
        return any(rule.check_in for rule in self.rules if rule.id == rule_id)

    def rule(self, rule_id: str) -> Rule | None:
        """Return a rule by its id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One row of the condition matrix: what it means for the massage and for the exercise."""

    id: str
    name: str
    when: Condition
    massage: str
    exercise: str


@dataclass(frozen=True, slots=True)
class Region:
    """One place on the body map; `sides` gives a left (`_l`) and a right (`_r`) one."""

    id: str
    view: str
    label: str
    sides: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source: `seen` says how it was read, `used_for` what it supports."""

    id: str
    citation: str
    seen: str
    used_for: str
