"""The intake as a client goes through it: open it, save a screen, send it in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from clinical.answers import asking, facts, flags
from clinical.answers.asking import Accepted, Screen
from handlers.answers import FULL, SHORT_UPDATE, effective, previous
from handlers.clients import people
from handlers.context import Context
from handlers.intake import choices, reached, who
from handlers.intake.who import Ask
from handlers.plans import drafting
from handlers.schedule import alerts, attach, news, recipients
from library.content import Library
from schemas.booking import Booking, BookingStatus
from schemas.delivery import Channel, DeliveryStatus, Due, Purpose
from schemas.forms.condition import Answer, Answers
from schemas.forms.questionnaire import Question, Questionnaire, QuestionType
from schemas.intake import Intake, IntakeStatus
from schemas.reason import Reason
from schemas.rules import Flag, Severity
from schemas.staff import StaffNews
from store import audit, bookings, clients, deliveries, intakes
from store.base import Tx

CHECK = "check"  # the page after the last screen
WHO = "who"  # the page before the first, where it is asked whom the form is for


@dataclass(frozen=True)
class Asked:
    """One client's questionnaire as it stands: the content, what was said now, what was said before."""

    booking: Booking
    intake: Intake
    library: Library
    questionnaire: Questionnaire
    before: Answers
    known: tuple[str, ...]
    today: date
    raised: tuple[str, ...] = ()  # rules whose flags the client has read already
    ask: Ask | None = None  # what has to be said first of whom the form is for

    @property
    def answers(self) -> dict[str, Answer]:
        """What the client has said so far."""
        return self.intake.answers

    @cached_property
    def screens(self) -> tuple[Screen, ...]:
        """The screens that this client sees, given the answers so far."""
        return asking.screens(self.questionnaire, self.answers, self.today, self.known, self.before)

    @property
    def parts(self) -> int:
        """How many parts the form has; fixed, whatever the answers bring up."""
        return max(step.part for step in self.questionnaire.steps)

    def part(self, step: str) -> int:
        """The part to which a step belongs; the check page belongs to the last one."""
        found = self.questionnaire.step(step)
        return found.part if found else self.parts

    def _passed(self) -> int:
        names = [each.step.id for each in self.screens]
        return names.index(self.intake.step) + 1 if self.intake.step in names else 0

    @cached_property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """(step, question) of everything that is still needed."""
        return asking.unanswered_on(self.screens, self.answers)

    def screen(self, step: str, sent: Answers = asking.NONE) -> Screen | None:
        """The screen of a step, if this client sees it; `sent` is what was just sent and not yet kept."""
        answers = {**self.answers, **sent}
        return asking.screen(self.questionnaire, step, answers, self.today, self.known, self.before)

    def resume_at(self) -> str:
        """Where to go on: the screen after the last one saved, or the first with something missing."""
        names = [each.step.id for each in self.screens]
        missing = [names.index(step) for step, _question in self.missing]
        place = min([self._passed(), *missing])
        return names[place] if place < len(names) else CHECK

    def after(self, step: str) -> str:
        """The screen after this one, or the check page."""
        names = [each.step.id for each in self.screens]
        if step not in names:
            return self.resume_at()
        place = names.index(step) + 1
        return names[place] if place < len(names) else CHECK

    def before_step(self, step: str) -> str:
        """The screen before this one, or "" for the first."""
        names = [*(each.step.id for each in self.screens), CHECK]
        place = names.index(step) if step in names else 0
        return names[place - 1] if place else ""


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of one screen: errors by question, what was sent (to show again), flags, where to go."""

    errors: Mapping[str, str]
    shown: Mapping[str, Answer]
    flags: tuple[Flag, ...]
    go_to: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of sending it in: the first screen with something missing, or the flags that stand.

    `again`: channels whose stop the client took back; `typed`: those of an address or number to confirm.
    """

    go_to: str
    flags: tuple[Flag, ...]
    again: tuple[Channel, ...] = ()
    typed: tuple[Channel, ...] = ()


def open_intake(tx: Tx, context: Context, booking_id: int, now: datetime, reads: str = "") -> Asked | None:
    """The intake behind a link; None when the booking is off, or nothing is asked for it.

    `reads` is the language that the browser asks for; it counts where the booking named none.
    """
    booking = bookings.get(tx, booking_id)
    intake = intakes.of_booking(tx, booking_id)
    if booking is None or intake is None or booking.status is not BookingStatus.confirmed:
        return None
    library = context.library(context.clinic.spoken(intake.language or reads))
    return _asked(tx, context, booking, intake, library, now)


def _asked(
    tx: Tx, context: Context, booking: Booking, intake: Intake, library: Library, now: datetime
) -> Asked:
    return Asked(
        booking=booking,
        intake=intake,
        library=library,
        questionnaire=library.questionnaires[intake.questionnaire],
        before=_before(tx, intake),
        known=_known(tx, context, booking, intake),
        raised=tuple(each["rule"] for each in intakes.flags_of(tx, booking.id)),
        today=now.astimezone(context.zone(booking.zone)).date(),
        ask=who.ask(tx, booking, intake),
    )


def _before(tx: Tx, asked: Intake) -> Answers:
    """What earlier visits said and still counts; safety signs are asked again."""
    if asked.questionnaire != SHORT_UPDATE:
        return {}
    earlier = previous(tx, asked)
    return asking.carried(effective(tx, earlier)) if earlier else {}


def _known(tx: Tx, context: Context, booking: Booking, intake: Intake) -> tuple[str, ...]:
    client = clients.get(tx, booking.client_id)
    booked = [name for name in ("name", "email", "phone") if getattr(client, name)]
    if Channel.sms not in context.senders:
        booked.append("no_texts")
    if intake.questionnaire == SHORT_UPDATE and reached.mail_is_settled(tx, booking, _before(tx, intake)):
        booked.append("mail_agreed")
    return tuple(booked)


def fitting(tx: Tx, context: Context, booking: Booking, intake: Intake, now: datetime) -> str:
    """Which questionnaire fits: the short update for who filled in the full form not long ago (B7)."""
    service = context.clinic.service(booking.service, booking.service_name)
    if service.questionnaire != FULL or who.given_up(tx, booking.id):
        return service.questionnaire
    oldest = now - context.clinic.policy.full_intake_after
    full = previous(tx, intake, questionnaires=(FULL,))
    fresh = full is not None and full.submitted_at is not None and full.submitted_at >= oldest
    return SHORT_UPDATE if fresh else FULL


def begin(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """Before a message: offer the questionnaire that fits this client now, until they have begun."""
    intake = intakes.of_booking(tx, booking.id)
    if intake is not None and intake.status is IntakeStatus.open and not who.confirmed(tx, intake):
        _exchange(tx, context, intake, fitting(tx, context, booking, intake, now), now)


def ask_everything(tx: Tx, context: Context, asked: Asked, now: datetime) -> None:
    """The client wants the full form instead of the short update."""
    if asked.intake.questionnaire == SHORT_UPDATE and asked.intake.status is IntakeStatus.open:
        _exchange(tx, context, asked.intake, FULL, now)


def for_me(tx: Tx, context: Context, asked: Asked, born: str, now: datetime) -> bool:
    """The client says "this is for me"; after too many wrong dates of birth the full form is asked."""
    if who.confirm(tx, context, asked.booking, asked.intake, born, now):
        return True
    if who.given_up(tx, asked.booking.id):
        ask_everything(tx, context, asked, now)
    return False


def _exchange(tx: Tx, context: Context, intake: Intake, wanted: str, now: datetime) -> None:
    if intake.questionnaire != wanted:
        content = context.library(context.clinic.spoken(intake.language)).questionnaires[wanted]
        intakes.exchange(tx, intake.id, wanted, content.version, now)


def check_step(
    context: Context, asked: Asked, step: str, posted: Mapping[str, str | Sequence[str]]
) -> Accepted:
    """What one screen comes to, and what is wrong with it; nothing is kept."""
    return asking.accept(
        asked.questionnaire,
        step,
        posted,
        asked.answers,
        asked.today,
        context.clinic.country,
        asked.library.errors,
        asked.known,
        asked.before,
    )


def standing(asked: Asked, answers: Answers) -> tuple[Flag, ...]:
    """The flags of these answers that are shown while the form is open."""
    return _found(asked, answers, flags.at_once)


def save_step(
    tx: Tx,
    context: Context,
    asked: Asked,
    step: str,
    posted: Mapping[str, str | Sequence[str]],
    now: datetime,
) -> Saved:
    """Check and keep one screen. Flags that stop act at once, before anything else is asked (B8)."""
    taken = check_step(context, asked, step, posted)
    if taken.errors:
        return Saved(taken.errors, taken.shown, _raise(tx, asked, taken.read, now, sent=False), step)
    _keep(tx, asked, step, taken.answers, now)
    if step == asked.screens[0].step.id:
        who.saved_first(tx, asked.booking, asked.intake, now)
    raised = _raise(tx, asked, taken.answers, now, sent=False)
    return Saved({}, {}, raised, _next_screen(tx, context, asked.booking.id, step, now))


def _keep(tx: Tx, asked: Asked, step: str, answers: Answers, now: datetime) -> None:
    """Save the answers as they are now, and beside them what changed and what is gone."""
    change = {key: value for key, value in answers.items() if asked.answers.get(key) != value}
    gone = [key for key in asked.answers if key not in answers]
    if not asked.intake.language:
        intakes.set_language(tx, asked.intake.id, asked.library.language)
    intakes.save(tx, asked.intake, step, dict(answers), change | dict.fromkeys(gone), now)


def _next_screen(tx: Tx, context: Context, booking_id: int, step: str, now: datetime) -> str:
    later = open_intake(tx, context, booking_id, now)
    if later is None:
        return CHECK
    # An answer may have brought up more questions on the same screen: without a script they are shown now.
    again = any(name == step for name, _question in later.missing)
    return step if again else later.after(step)


def _raise(tx: Tx, asked: Asked, answers: Answers, now: datetime, *, sent: bool) -> tuple[Flag, ...]:
    """Flags of the answers so far; while the form is open only those that must act at once."""
    rules = asked.library.rules
    standing = _found(asked, answers, flags.evaluate if sent else flags.at_once)
    for flag in standing:
        new = intakes.raise_flag(
            tx, asked.booking.id, asked.intake.client_id, flag.rule, flag.severity, flags.to_stored(flag), now
        )
        if new and rules.acts_at_once(flag):
            alerts.at_once(tx, asked.booking.id, flag.rule, now)
    return standing


def _found(asked: Asked, answers: Answers, find: Callable[..., tuple[Flag, ...]]) -> tuple[Flag, ...]:
    everything = {**asked.before, **answers}
    known, age = facts.derive(everything, asked.today), facts.age_on(everything, asked.today)
    return find(everything, known, age, asked.library.rules, asked.questionnaire)


def may_be_slips(asked: Asked, found: Sequence[Flag]) -> tuple[Question, ...]:
    """The lines behind a stop that the client may take back: none of them is an emergency by itself."""
    if any(flag.severity is not Severity.STOP_URGENT or flag.rule == flags.UNSURE for flag in found):
        return ()
    named = dict.fromkeys(name for flag in found for name, _ in flag.because)
    lines = (asked.questionnaire.question(name) for name in named)
    return tuple(line for line in lines if line and _may_be_slip(line))


def _may_be_slip(line: Question) -> bool:
    return line.safety and line.is_plain_yes_no and not line.emergency


def take_back(tx: Tx, asked: Asked, lines: Sequence[str], now: datetime) -> None:
    """Lines that the client tapped by mistake are answered with no; their stop becomes a look by a person."""
    known = (asked.questionnaire.question(name) for name in lines)
    named = {line.id for line in known if line and _may_be_slip(line) and line.id in asked.answers}
    changed = {**asked.answers, **dict.fromkeys(named, "no")}
    answers = asking.settle(asked.questionnaire, changed, asked.today, asked.before)
    if not named:
        return
    _keep(tx, asked, asked.intake.step, answers, now)
    standing = {flag.rule for flag in _found(asked, answers, flags.evaluate)}
    for stored in intakes.flags_of(tx, asked.booking.id):
        flag = flags.from_stored(stored)
        taken = flag.rule not in standing and named & {name for name, _ in flag.because}
        if taken and flag.severity is Severity.STOP_URGENT and not stored["cleared_at"]:
            _soften(tx, asked, flag, now)
    audit.add(tx, "client", "answer_taken_back", f"booking:{asked.booking.id}", now, str(len(named)))


def _soften(tx: Tx, asked: Asked, flag: Flag, now: datetime) -> None:
    """A stop that was a slip still waits for a person: nobody else can tell a slip from a second thought."""
    text = asked.library.rules.review.always.client_text
    milder = flags.to_stored(replace(flag, severity=Severity.REVIEW, client_text=text))
    who_comes = asked.intake.client_id
    intakes.raise_flag(tx, asked.booking.id, who_comes, flag.rule, Severity.REVIEW, milder, now)


def submit(tx: Tx, context: Context, asked: Asked, now: datetime) -> Submitted:
    """Send it to the clinic: every rule on every answer, the consents as worded, the plan's draft."""
    if asked.ask is not None:
        return Submitted(WHO, ())
    missing = asked.missing
    if missing:
        return Submitted(missing[0][0], ())
    raised = _raise(tx, asked, asked.answers, now, sent=True)
    before = choices.given(tx, context, asked.intake.client_id)
    if intakes.finish(tx, asked.intake.id, _wording(asked), now):
        choices.note_denied(tx, context, asked.intake.client_id, before, now)
        _keep_number(tx, context, asked, now)
        _stop_chasing(tx, asked.booking.id, now)
        _tell_practitioner(tx, asked.booking, now)
        drafting.draft(tx, context, asked.booking.id, now)
        attach.schedule(tx, context, asked.booking, now)
        again = reached.agreed_again(tx, context, asked.booking, asked.answers, now)
        typed = reached.ask_to_confirm(tx, context, asked.booking, asked.answers, now)
        return Submitted("", raised, again, typed)
    return Submitted("", raised)


def _keep_number(tx: Tx, context: Context, asked: Asked, now: datetime) -> None:
    """The client's own number, where the scheduler knows none: the console shows it and searches for it."""
    number = str(asked.answers.get("mobile_phone", ""))
    if number:
        people.learn_phone(tx, context, asked.booking.id, number, now)


def _wording(asked: Asked) -> dict[str, str]:
    """The consents exactly as they stood on the screen, with language and version of the questionnaire."""
    on_screen = (question for screen in asked.screens for question in screen.questions)
    asked_for = [question for question in on_screen if question.type is QuestionType.CONSENT]
    texts = {question.id: question.label for question in asked_for}
    return texts | {"language": asked.library.language, "version": asked.questionnaire.version}


def _stop_chasing(tx: Tx, booking_id: int, now: datetime) -> None:
    """Nobody is asked again for a form that was sent, whichever of its visits the request was for."""
    asks = (Purpose.intake, Purpose.intake_reminder)
    for each in bookings.together(tx, booking_id):
        waiting = [one.id for one in deliveries.of_booking(tx, each) if one.purpose in asks]
        deliveries.end(tx, waiting, DeliveryStatus.skipped, Reason.answered, now)


def _tell_practitioner(tx: Tx, booking: Booking, now: datetime) -> None:
    news.tell(tx, booking, StaffNews.form, now)
    deliveries.schedule(tx, Due(recipients.about(booking, Purpose.summary, 0), now), now)
