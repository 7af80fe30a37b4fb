"""What a practitioner reads before a visit: one page, flags first."""

from dataclasses import dataclass
from enum import StrEnum


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
