"""The library: the whole content in one language."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.checkin import CheckInRules
from schemas.choosing import PlanContent
from schemas.figure import Figure
from schemas.forms.questionnaire import Questionnaire
from schemas.identity import NameRules
from schemas.notions.words import Words, fill
from schemas.rules import ConditionRow, Evidence, Region, Rules


@dataclass(frozen=True, slots=True)
class Library:
    """The content in one language; `errors` are for mistakes in a form, the rest are words."""

    language: str
    questionnaires: Mapping[str, Questionnaire]
    rules: Rules
    conditions: tuple[ConditionRow, ...]
    regions: tuple[Region, ...]
    messages: Mapping[str, str]
    errors: Mapping[str, str]
    evidence: Mapping[str, Evidence]
    plan_content: PlanContent
    figures: Mapping[str, Figure]
    pages: Words
    papers: Words
    notice: Words
    checkins: CheckInRules
    names: NameRules
    staff_words: Mapping[str, str] = field(default_factory=dict)

    def to_staff(self, text: str) -> str:
        """Return the name of a flag, or what the clinic does, in this language; English where it has none."""
        return self.staff_words.get(text, text)

    def message(self, key: str, **values: object) -> str:
        """Return a client text with its names in braces filled in; a name not given stays as it is."""
        return fill(self.messages[key], values)
