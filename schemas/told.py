"""What a client told for one booking, in words for the console (`schemas.summary`: for paper)."""

from dataclasses import dataclass

from schemas.rules import Severity


@dataclass(frozen=True, slots=True)
class ToldFlag:
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
class ToldCaution:
    """What one condition means for the massage and for the exercise (a row of the condition matrix)."""

    name: str
    massage: str
    exercise: str


@dataclass(frozen=True, slots=True)
class ToldChange:
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
class Told:
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
    flags: tuple[ToldFlag, ...]
    complaint: tuple[tuple[str, str], ...]
    regions: tuple[str, ...]
    avoid: tuple[str, ...]
    pains: tuple[tuple[str, int], ...]
    goals: tuple[tuple[str, str], ...]
    activities: tuple[tuple[str, str], ...]
    daily: tuple[tuple[str, str], ...]
    changes: tuple[ToldChange, ...]
    cautions: tuple[ToldCaution, ...]
    medicines: tuple[tuple[str, str], ...]
    wishes: tuple[tuple[str, str], ...]
    consents: tuple[tuple[str, bool], ...]
    progress: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
