"""A client's answers, tap by tap: plain low back pain and nothing else, unless a test says more."""

from collections.abc import Iterator
from datetime import date, datetime

from clinical.answers.asking import Screen, settle
from handlers.answers import effective, previous
from handlers.context import Context
from handlers.intake import form, who
from handlers.intake.form import CHECK, Asked, Submitted
from schemas.booking import Booking
from schemas.forms.condition import Answer, Answers, values_of
from schemas.forms.questionnaire import Question, Questionnaire, QuestionType
from store.base import Tx
from tests.helpers.clinic import NOW
from tests.helpers.content import library

MOST_SCREENS = 40
TODAY = date(2026, 11, 22)

TAPPED: dict[str, Answer] = {
    "date_of_birth": "1980-05-31",
    "emergency_contact_name": "Bo",
    "emergency_contact_phone": "555 123 4567",
    "visit_reason": "pain",
    "goals": ["less_pain"],
    "activity_profile": "desk",
    "activity_level": "some",
    "minutes_per_day": "10",
    "confidence": "8",
    "gate_move": ["none"],
    "pain_regions": ["low_back_l", "low_back_r"],
    "pain_now": "4",
    "pain_avg7": "4",
    "pain_worst24": "6",
    "pain_duration": "gt_3m",
    "pain_onset": "slowly",
    "pain_pattern": "comes_and_goes",
    "pain_spread": "no",
    "pain_feel": ["ache"],
    "worse_with": ["sitting"],
    "better_with": ["moving"],
    "morning_stiff": "lt_30",
    "night_wake": "no",
    "act1_name": "Put on socks",
    "act1_score": "5",
    "gate_nerves": ["none"],
    "gate_chest": ["none"],
    "gate_injury": ["none"],
    "gate_ill": ["none"],
    "gate_heart": ["none"],
    "gate_bones": ["none"],
    "gate_other": ["none"],
    "gate_medicines": ["none"],
    "under_other_care": ["none"],
    "consent_massage": "yes",
    "consent_exercise": "yes",
    "consent_health_data": "yes",
    "consent_email": "yes",
    "signature_name_date": "Ann Example",
}


UPDATE: dict[str, Answer] = {
    "upd_health_change": "no",
    "upd_safety": ["none"],
    "upd_pain_same_place": "same",
    "pain_now": "3",
    "pain_avg7": "3",
    "pain_worst24": "5",
    "upd_after_massage": "fine",
    "grc": "better",
    "upd_days_done": "5",
    "upd_difficulty": "3",
    "act1_score": "7",
    "confidence": "9",
}
"""What a returning client taps in the short update."""


def tapped(asked: Questionnaire, said: Answers) -> dict[str, Answer]:
    """What a client taps to say `said` and that all else is well: a gate that holds one of it is opened."""
    well = UPDATE if asked.id == "returning" else TAPPED
    gates = (each for each in asked.questions() if each.type is QuestionType.GATE)
    opened: dict[str, Answer] = {}
    for gate in gates:
        covered = [question for name in gate.covers if (question := asked.question(name))]
        named = [each for each in covered if values_of(said, each.id) not in ((), (each.clear,))]
        if named:
            opened |= {each.id: each.clear for each in covered} | {gate.id: list(_ticks(gate, named, said))}
    return {**well, **opened, **said}


def _ticks(gate: Question, named: list[Question], said: Answers) -> Iterator[str]:
    """The choices of a gate that say these answers, or bring up their questions."""
    for choice in gate.choices:
        sets = dict(choice.sets)
        if any(each.id in choice.opens or sets.get(each.id) in values_of(said, each.id) for each in named):
            yield choice.id


def fill_in(context: Context, booking: Booking | int, now: datetime = NOW, **said: Answer) -> Submitted:
    """The client answers screen after screen and sends the form, as the pages do; `said` is not as usual.

    What a screen refuses, or never asks, fails the test: no client can have said it. A blank is left blank.
    What screens have come to for one client is kept at once for the next who says the same to the same form.
    """
    booking_id = booking if isinstance(booking, int) else booking.id
    with context.db.begin() as tx:
        asked = _answered(tx, context, booking_id, now, said)
        sent = form.submit(tx, context, asked, now)
    assert sent.go_to == "", sent.go_to
    return sent


def _answered(tx: Tx, context: Context, booking_id: int, now: datetime, said: Answers) -> Asked:
    asked = _begun(tx, context, booking_id, now)
    theirs = (id(asked.library), asked.questionnaire.id, asked.today, asked.known, context.clinic.country)
    key = (*theirs, repr(sorted(asked.before.items())), repr(sorted(said.items())))
    if asked.answers or key not in _walked:
        done = answer_screens(tx, context, booking_id, now, **said)
        if not asked.answers:
            _walked[key] = done
        return done
    walked = _walked[key]
    who.saved_first(tx, asked.booking, asked.intake, now)
    begun = dict(list(walked.answers.items())[:1])
    for answers in (begun, walked.answers):  # a beginning, too: of what was changed last, other rules hold
        form._keep(tx, asked, walked.intake.step, answers, now)
        asked = _begun(tx, context, booking_id, now)
    form._raise(tx, asked, walked.answers, now, sent=False)
    done = _begun(tx, context, booking_id, now)
    assert set(walked.raised) <= set(done.raised)
    return done


_walked: dict[tuple[object, ...], Asked] = {}
"""What a form came to, by what it depends on; it holds on to the library, so that its id stays its own."""


def _begun(tx: Tx, context: Context, booking_id: int, now: datetime) -> Asked:
    """The form, open to be answered."""
    asked = form.open_intake(tx, context, booking_id, now)
    assert asked is not None, "nothing is asked for this booking"
    if asked.ask is None:
        return asked
    assert form.for_me(tx, context, asked, _born(tx, asked), now)
    return _begun(tx, context, booking_id, now)


def answer_screens(
    tx: Tx, context: Context, booking_id: int, now: datetime, up_to: str = "", /, **said: Answer
) -> Asked:
    """Every screen answered and kept, or those before the one that asks `up_to`; nothing sent yet."""
    step = ""
    for _ in range(MOST_SCREENS):
        asked = _begun(tx, context, booking_id, now)
        step = step or asked.resume_at()
        if step == CHECK:
            unsaid = {name for name, value in said.items() if value and asked.answers.get(name) != value}
            assert not unsaid, f"the form never took {unsaid}"
            return asked
        screen = asked.screen(step)
        assert screen is not None
        if up_to in [each.id for each in screen.questions]:
            return asked
        usual = tapped(asked.questionnaire, said)
        for _brought_up in range(2):  # what an answer of this screen brings up is answered with it
            taps = _denied(screen) | usual
            on_screen = {each.id: taps[each.id] for each in screen.questions if each.id in taps}
            screen = asked.screen(step, on_screen) or screen
        saved = form.save_step(tx, context, asked, step, on_screen, now)
        assert not saved.errors, (step, saved.errors)
        step = saved.go_to
    raise AssertionError("The form never ended.")


def _born(tx: Tx, asked: Asked) -> str:
    """The date of birth that the client gave before."""
    earlier = previous(tx, asked.intake)
    return str(effective(tx, earlier)["date_of_birth"]) if earlier else ""


def _denied(screen: Screen) -> dict[str, Answer]:
    """A "no" to what another answer has brought up."""
    needed = [each for each in screen.questions if each.id in screen.required]
    return {each.id: "no" if each.choice("no") else ["none"] for each in needed}


def settled(**changes: Answer) -> dict[str, Answer]:
    """The settled answers, with single ones changed afterwards: for pure functions, which take any."""
    return settle(library().questionnaires["first_visit"], TAPPED, TODAY) | changes
