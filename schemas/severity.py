"""What a flag does, and one way in which a rule raises it."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.forms.condition import Condition


class Severity(StrEnum):
    """What a flag does, from worst to mildest (docs/clinical.md#how-a-plan-comes-about)."""

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
