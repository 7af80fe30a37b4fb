"""What keeps a plan from going out: one vocabulary for drafts, pages, the outbox and the log."""

from dataclasses import dataclass

from schemas.plan import Readiness
from schemas.reason import Reason

REFUSALS = frozenset({Reason.red_flag, Reason.no_plan_wanted, Reason.no_consent, Reason.too_young})
"""No plan is made at all."""
LOOKS = frozenset(
    {Reason.on_hold, Reason.needs_review, Reason.needs_ok, Reason.changed_by_hand, Reason.unreviewed}
)
"""A named practitioner may let the plan out."""
FINAL = frozenset({Reason.not_needed, Reason.no_plan_wanted})
"""Nothing is waited for: the message is dropped."""
OF_THE_GATE = REFUSALS | LOOKS | FINAL | {Reason.no_intake, Reason.no_email_consent}
"""Every reason that the gate has."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One thing that keeps a plan back: the reason, the rule that says so, the fact that made it."""

    reason: Reason
    rule: str
    fact: str


def readiness_of(holds: tuple[Hold, ...]) -> Readiness:
    """What may happen to a plan with these holds; the way it would be sent plays no part."""
    reasons = {hold.reason for hold in holds}
    if reasons & REFUSALS:
        return Readiness.NONE
    return Readiness.HELD if reasons & LOOKS else Readiness.READY
