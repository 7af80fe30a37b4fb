"""A plan in words, in one language: what pages, papers and mails show."""

from dataclasses import dataclass

from schemas.plan import Dose


@dataclass(frozen=True, slots=True)
class WordedItem:
    """One exercise of a plan as the client sees it.

    `because` and `caution` name an answer, so they stay on the page and in the PDF; `helps` says what the
    exercise is good for and may go into a mail. `text` is what the practitioner wrote beside it; `media` the
    type of the photo or clip of their own exercise.
    """

    exercise_id: str
    name: str
    phase_label: str
    level: int
    dose: Dose
    dose_text: str
    steps: tuple[str, ...]
    cues: tuple[str, ...]
    mistakes: tuple[str, ...]
    stop_when: str
    helps: str
    because: str = ""
    caution: str = ""
    note: str = ""
    tempo_text: str = ""
    side_text: str = ""
    text: str = ""
    media: str = ""

    @property
    def why(self) -> str:
        """Why it is in the plan, then what it is good for."""
        return " ".join(part for part in (self.because, self.helps) if part)


@dataclass(frozen=True, slots=True)
class WordedPlan:
    """One version of a plan in the reader's language, ready to be shown, printed or mailed.

    `reasons` has one sentence, or "" where it says nothing to a client, for each reason of the plan.
    `because` is what more than one move is there for: it is said once, above them, and names an answer.
    `massage` ties the visit to the plan and names places, so it stays on the page and in the PDF.
    `protocol_name_full` is for the practitioner, and only where the clinic's scope of practice has it.
    """

    version: int
    language: str
    title: str
    protocol_name: str
    items: tuple[WordedItem, ...]
    intro: str
    pain_rule: str
    stop_rule: str
    scope_text: str
    days_per_week: int
    reasons: tuple[str, ...] = ()
    clinic_phone: str = ""
    practitioner_note: str = ""
    change_text: str = ""
    tip: str = ""
    because: str = ""
    massage: str = ""
    protocol_name_full: str = ""

    def why(self, item: WordedItem) -> str:
        """What stands with a move: why it is there, unless that is said above the moves."""
        return item.helps if item.because == self.because else item.why

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not in the plan, and why: each sentence once."""
        return tuple(dict.fromkeys(text for text in self.reasons if text))
