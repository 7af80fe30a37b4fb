"""What a practitioner reads before a visit, flags first: `VisitSummary` on a page, `Summary` on paper."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.rules import Severity


class Weight(StrEnum):
    """How much a flag weighs: nothing goes out, a person must look, or worth knowing."""

    STOP = "stop"
    REVIEW = "review"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class SummaryFlag:
    """One flag: what was found, the answer that raised it, and what to do."""

    weight: Weight
    text: str
    because: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what was answered."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """An answer that differs from the last visit's."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Caution:
    """A condition and what it means for massage and for exercise; "" where it means nothing."""

    condition: str
    massage: str
    exercise: str


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent, and whether it was given."""

    label: str
    given: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """Finished words for one booking. `when` and `answered` are readable times, `regions` body-map ids.

    `place` says the chosen regions in words, `main_region` is the worst of them, `last_plan` how the plan
    before this visit went.
    """

    client_name: str
    when: str
    reference: str
    service: str = ""
    practitioner: str = ""
    age: int | None = None
    kind: str = ""
    answered: str = ""
    flags: tuple[SummaryFlag, ...] = ()
    complaint: str = ""
    regions: tuple[str, ...] = ()
    main_region: str = ""
    place: str = ""
    pain: tuple[Fact, ...] = ()
    goals: tuple[str, ...] = ()
    activities: tuple[Fact, ...] = ()
    changes: tuple[Change, ...] = ()
    last_plan: str = ""
    cautions: tuple[Caution, ...] = ()
    medicines: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    preferences: tuple[Fact, ...] = ()
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True)
class FlagLine:
    """One flag: how grave, its name, the answers that raised it.

    `because` holds (question, answer) in words; `cleared_by` is "" while the flag stands.
    """

    id: int
    rule: str
    severity: Severity
    name: str
    because: tuple[tuple[str, str], ...]
    action: str
    cleared_by: str = ""


@dataclass(frozen=True, slots=True)
class CautionLine:
    """What one condition means for the massage and for the exercise (a row of the condition matrix)."""

    name: str
    massage: str
    exercise: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One answer that differs from the last visit's."""

    question: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Section:
    """Questions and answers that belong together, in words."""

    title: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Since:
    """What a client said of how it went since last time: in the form for this visit, or in a check-in."""

    at: datetime
    check_in: bool
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class VisitSummary:
    """Flags first, then complaint, pain, goals, what changed, cautions, medicines, wishes, consents.

    `regions` and `avoid` are body-map ids. `pains` are (words, 0 to 10). Every text is in `language`.
    """

    reference: str
    client: str
    age: int | None
    service: str
    when: str
    practitioner: str
    language: str
    flags: tuple[FlagLine, ...]
    complaint: tuple[tuple[str, str], ...]
    regions: tuple[str, ...]
    avoid: tuple[str, ...]
    pains: tuple[tuple[str, int], ...]
    goals: tuple[tuple[str, str], ...]
    activities: tuple[tuple[str, str], ...]
    daily: tuple[tuple[str, str], ...]
    changes: tuple[ChangeLine, ...]
    cautions: tuple[CautionLine, ...]
    medicines: tuple[tuple[str, str], ...]
    wishes: tuple[tuple[str, str], ...]
    consents: tuple[tuple[str, bool], ...]
    progress: tuple[Since, ...] = ()
    sections: tuple[Section, ...] = ()
