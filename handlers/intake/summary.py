"""The practitioner's summary of one booking: flags first, then what a session needs (values, no page)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from clinical.answers.flags import from_stored
from handlers.answers import Picture, effective, picture, previous
from handlers.context import Context
from handlers.schedule.words import reference, when
from library.content import Library
from library.questionnaires import SIDES
from render.language import readable
from schemas.booking import Booking
from schemas.forms.condition import Answers, values_of
from schemas.forms.questionnaire import Question, QuestionType
from schemas.intake import Intake
from schemas.rules import STOPS, Flag, Region, Severity
from schemas.summary import (
    Caution,
    CautionLine,
    Change,
    ChangeLine,
    Consent,
    Fact,
    FlagLine,
    Section,
    Since,
    Summary,
    SummaryFlag,
    VisitSummary,
    Weight,
)
from store import bookings, checkins, clients, intakes
from store.base import Tx

COMPLAINT = (
    *("visit_reason", "main_region", "main_side", "pain_duration", "pain_onset", "pain_pattern"),
    *("pain_spread", "pain_feel", "worse_with", "better_with", "morning_stiff", "night_wake", "rf_clot_risk"),
)
PAINS = ("pain_now", "pain_avg7", "pain_worst24")
GOALS = ("goals", "goal_text")
DAILY = (
    *("activity_profile", "sitting_hours", "activity_level", "minutes_per_day", "confidence", "equipment"),
    *("run_minutes_week", "training_jump"),
)
WISHES = (
    "pressure_pref",
    "positions_ok",
    "comfort_note",
    "reading_help",
    "language_pref",
    "preferred_channel",
)
PROGRESS = ("upd_after_massage", "grc", "upd_days_done", "upd_difficulty", "upd_barrier")
MEDICINES = ("allergy_oils", "allergy_text", "under_other_care", "doctor_name_phone")


@dataclass(frozen=True, slots=True)
class Words:
    """Questions and answers of every questionnaire, in one language."""

    library: Library
    questions: Mapping[str, Question]
    regions: Mapping[str, Region]

    def label(self, name: str) -> str:
        """A question in words."""
        found = self.questions.get(name)
        return found.label if found else name.replace("_", " ")

    def said(self, name: str, answers: Answers) -> str:
        """An answer in words; "" when there is none."""
        return ", ".join(self.value(name, value) for value in values_of(answers, name))

    def value(self, name: str, value: str) -> str:
        """One stored value in words."""
        question = self.questions.get(name)
        if question is not None and question.type is QuestionType.BODYMAP:
            return self.place(value)
        return question.label_of(value) if question else value

    def place(self, region: str) -> str:
        """A place on the body map in words: `Calf, left`."""
        name, _, side = region.rpartition("_")
        if side in SIDES and name in self.regions:
            return self.library.pages.say(f"map.side.{side}", place=self.regions[name].label)
        return self.regions[region].label if region in self.regions else region

    def pairs(self, names: Iterable[str], answers: Answers) -> tuple[tuple[str, str], ...]:
        """(question, answer) in words for those that have an answer."""
        found = ((self.label(name), self.said(name, answers)) for name in names)
        return tuple((label, said) for label, said in found if said)


def words(context: Context, language: str) -> Words:
    """The words in which answers are shown to a practitioner who reads `language`."""
    library = context.library(context.clinic.spoken(language))
    questions = {q.id: q for one in library.questionnaires.values() for q in one.questions()}
    return Words(library, questions, {region.id: region for region in library.regions})


def for_visit(
    tx: Tx, context: Context, booking_id: int, now: datetime, language: str = ""
) -> VisitSummary | None:
    """The summary; None while the client has not sent the intake (or none is asked)."""
    booking, intake = bookings.get(tx, booking_id), intakes.of_booking(tx, booking_id)
    if booking is None or intake is None or not intake.done:
        return None
    said = words(context, language or context.clinic.language)
    seen = picture(tx, context, booking, intake, now)
    answers = seen.answers
    client = clients.get(tx, booking.client_id)
    return VisitSummary(
        reference=reference(booking),
        client=client.name,
        age=seen.age,
        service=booking.service_name or booking.service,
        when=when(context, booking, client.zone, said.library.language),
        practitioner=booking.practitioner,
        language=said.library.language,
        flags=_flags(tx, booking, seen, said),
        complaint=said.pairs(COMPLAINT, answers),
        regions=values_of(answers, "pain_regions"),
        avoid=values_of(answers, "avoid_areas"),
        pains=_pains(said, answers),
        goals=said.pairs(GOALS, answers),
        activities=_activities(answers),
        daily=said.pairs(DAILY, answers),
        changes=_changes(tx, intake, answers, said),
        cautions=_cautions(seen, said),
        medicines=_medicines(said, answers),
        wishes=said.pairs(WISHES, answers),
        consents=_consents(said, answers),
        progress=tuple(one for one in _since(tx, context, booking, intake, said) if one.answers),
        sections=_sections(said, intake),
    )


def _flags(tx: Tx, booking: Booking, seen: Picture, said: Words) -> tuple[FlagLine, ...]:
    stored = {one["rule"]: one for one in intakes.flags_of(tx, booking.id)}
    standing = {flag.rule: flag for flag in seen.flags}
    found = [
        _flag(flag, stored[rule]["id"] if rule in stored else 0, said) for rule, flag in standing.items()
    ]
    return (*sorted(found, key=lambda one: one.severity.rank), *_cleared(stored, set(standing), said))


def _flag(flag: Flag, number: int, said: Words) -> FlagLine:
    return FlagLine(
        id=number,
        rule=flag.rule,
        severity=flag.severity,
        name=said.library.to_staff(flag.name),
        because=tuple((said.label(name), said.value(name, value) or "–") for name, value in flag.because),
        action=said.library.to_staff(flag.clinic_action),
    )


def early_flags(
    tx: Tx, context: Context, booking_id: int, language: str = "", client_id: int = 0
) -> tuple[FlagLine, ...]:
    """Flags that stand, gravest first, though the form is not sent: some act the moment they are raised.

    Of who comes to the visit, or of the client named.
    """
    said = words(context, language or context.clinic.language)
    raised = intakes.flags_of_all(tx, booking_id) if client_id else intakes.flags_of(tx, booking_id)
    standing = [one for one in raised if not one["cleared_at"] and client_id in (0, one["client_id"])]
    found = [(from_stored(one), one["id"]) for one in standing]
    found.sort(key=lambda one: one[0].severity.rank)
    return tuple(_flag(flag, number, said) for flag, number in found)


def _cleared(
    stored: Mapping[str, Mapping[str, object]], standing: set[str], said: Words
) -> tuple[FlagLine, ...]:
    return tuple(
        FlagLine(
            id=int(str(one["id"])),
            rule=rule,
            severity=Severity(str(one["severity"])),
            name=said.library.to_staff(str(one["name"])),
            because=tuple((said.label(a), said.value(a, b) or "–") for a, b in one["because"]),  # type: ignore[attr-defined]
            action="",
            cleared_by=str(one["cleared_by"]),
        )
        for rule, one in stored.items()
        if rule not in standing and one["cleared_at"]
    )


def _pains(said: Words, answers: Answers) -> tuple[tuple[str, int], ...]:
    found = ((said.label(name), next(iter(values_of(answers, name)), "")) for name in PAINS)
    return tuple((label, int(value)) for label, value in found if value.isdigit())


def _activities(answers: Answers) -> tuple[tuple[str, str], ...]:
    """What is hard for the client, in their own words, with 0 (cannot) to 10 (as before)."""
    found = []
    for number in (1, 2, 3):
        names, scores = (values_of(answers, f"act{number}_{part}") for part in ("name", "score"))
        if names:
            found.append((names[0], f"{scores[0]} / 10" if scores else "–"))
    return tuple(found)


def _changes(tx: Tx, intake: Intake, answers: Answers, said: Words) -> tuple[ChangeLine, ...]:
    """What a returning client says differently, before and after."""
    earlier = previous(tx, intake)
    if earlier is None:
        return ()
    before = effective(tx, earlier)
    names = [name for name in said.questions if name in before and not name.startswith(("gate_", "upd_"))]
    changed = [name for name in names if values_of(before, name) != values_of(answers, name)]
    return tuple(
        ChangeLine(said.label(name), said.said(name, before) or "–", said.said(name, answers) or "–")
        for name in changed
        if said.questions[name].type is not QuestionType.CONSENT and name in answers
    )


def _cautions(seen: Picture, said: Words) -> tuple[CautionLine, ...]:
    return tuple(
        CautionLine(row.name, row.massage, row.exercise)
        for row in said.library.conditions
        if row.when.holds(seen.answers, seen.facts, seen.age)
    )


def _medicines(said: Words, answers: Answers) -> tuple[tuple[str, str], ...]:
    taken = [name for name in said.questions if name.startswith("med_")]
    given = [
        name for name in (*taken, *MEDICINES) if values_of(answers, name) not in ((), ("no",), ("none",))
    ]
    return said.pairs(given, answers)


def _consents(said: Words, answers: Answers) -> tuple[tuple[str, bool], ...]:
    asked = [q for q in said.questions.values() if q.type is QuestionType.CONSENT and q.id in answers]
    return tuple((question.label, values_of(answers, question.id) == ("yes",)) for question in asked)


def _since(tx: Tx, context: Context, booking: Booking, intake: Intake, said: Words) -> Iterator[Since]:
    """How it went: what the form says, and the client's newest answer to a check-in, each with its day."""
    zone = context.zone(booking.zone)
    if intake.submitted_at:
        yield Since(
            intake.submitted_at.astimezone(zone), check_in=False, answers=said.pairs(PROGRESS, intake.answers)
        )
    last = checkins.last_reply(tx, clients.family(tx, booking.client_id))
    if last is not None and last.answered_at:
        answers = said.pairs(last.reply, last.reply)
        yield Since(last.answered_at.astimezone(zone), check_in=True, answers=answers)


def _sections(said: Words, intake: Intake) -> tuple[Section, ...]:
    """Every answer of this intake, screen by screen."""
    questionnaire = said.library.questionnaires[intake.questionnaire]
    made = (
        Section(step.title, said.pairs([q.id for q in step.questions], intake.answers))
        for step in questionnaire.steps
    )
    return tuple(section for section in made if section.answers)


WEIGHTS = {**dict.fromkeys(STOPS, Weight.STOP), Severity.REVIEW: Weight.REVIEW}


def paper(visit: VisitSummary, said: Words) -> Summary:
    """The same for one printed page; flags that were cleared and single answers stay out."""
    standing = [flag for flag in visit.flags if not flag.cleared_by]
    allergies = {said.label(name) for name in ("allergy_oils", "allergy_text")}
    return Summary(
        client_name=visit.client,
        when=visit.when,
        reference=visit.reference,
        service=visit.service,
        practitioner=visit.practitioner,
        age=visit.age,
        flags=tuple(_paper_flag(flag) for flag in standing),
        complaint="; ".join(f"{label} {value}" for label, value in visit.complaint[:4]),
        regions=visit.regions,
        main_region=visit.regions[0] if visit.regions else "",
        place=", ".join(said.place(one) for one in visit.regions),
        pain=tuple(Fact(label, f"{score} / 10") for label, score in visit.pains),
        goals=tuple(value for _label, value in visit.goals),
        activities=tuple(Fact(label, value) for label, value in visit.activities),
        changes=tuple(Change(one.question, one.before, one.after) for one in visit.changes),
        last_plan="; ".join(_since_on_paper(one, visit.language) for one in visit.progress),
        cautions=tuple(Caution(one.name, one.massage, one.exercise) for one in visit.cautions),
        medicines=tuple(f"{a}: {b}" for a, b in visit.medicines if a not in allergies),
        allergies=tuple(b for a, b in visit.medicines if a in allergies),
        preferences=tuple(Fact(label, value) for label, value in (*visit.wishes, *visit.daily)),
        consents=tuple(Consent(label, yes) for label, yes in visit.consents),
    )


def _since_on_paper(one: Since, language: str) -> str:
    said = "; ".join(f"{label}: {value}" for label, value in one.answers)
    return f"{readable.short_date(one.at.date(), language)}: {said}"


def _paper_flag(flag: FlagLine) -> SummaryFlag:
    because = "; ".join(f"{label} {value}" for label, value in flag.because)
    return SummaryFlag(WEIGHTS.get(flag.severity, Weight.NOTE), flag.name, because, flag.action)
