"""What the rules of content say and what they find: safety rules, flags, the condition matrix, regions."""

from dataclasses import dataclass, field

from schemas.forms.condition import Because, Condition
from schemas.forms.typed import TypedRules
from schemas.severity import STOPS, RuleCase, Severity

__all__ = [
    "STOPS",
    "ConditionRow",
    "Evidence",
    "Flag",
    "Region",
    "ReviewRules",
    "Rule",
    "RuleCase",
    "Rules",
    "Severity",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """A safety rule; `check_in`: only a reply can fire it."""

    id: str
    name: str
    source: str
    cases: tuple[RuleCase, ...]
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
    """The whole of `content/rules/flags.toml`, and what is looked for in typed words."""

    rules: tuple[Rule, ...]
    review: ReviewRules
    clash: Rule
    typed: TypedRules = field(default_factory=TypedRules)

    def is_crisis(self, rule_id: str) -> bool:
        """Tell whether what this rule finds points to somebody who may hurt themselves."""
        danger = self.typed.danger(rule_id)
        return danger is not None and danger.crisis

    def acts_at_once(self, flag: Flag) -> bool:
        """Tell whether the clinic hears of a flag the moment it is raised: a stop, or a typed danger."""
        return flag.severity.stops or self.typed.danger(flag.rule) is not None

    def is_shown_at_once(self, flag: Flag) -> bool:
        """Tell whether the client reads of a flag before anything else is asked."""
        return flag.severity.stops or self.is_crisis(flag.rule)

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
    language: str = "en"


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
