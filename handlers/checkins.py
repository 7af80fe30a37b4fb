"""The loop after the visit: when to ask, what a reply does to the plan, who has to know (B11)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from handlers import facts, feedback, flags, plans
from handlers.answers import effective
from handlers.choosing_case import case_for
from handlers.history import asked, history, missed_in_a_row
from handlers.house import House
from handlers.schedule import quiet_hours
from schemas import plan as plans_json
from schemas.checkin import Step
from schemas.choosing import Action
from schemas.delivery import Channel, Purpose
from schemas.plan import Plan, PlanStatus
from schemas.questionnaire import Question
from schemas.rules import Flag
from store import bookings, checkins, clients, deliveries, intakes, notes
from store import plans as stored_plans
from store.base import Tx
from store.bookings import Thread
from store.checkins import CheckIn
from store.deliveries import Due
from store.intakes import Answers

AFTER = {"h24": 1, "d3": 3, "w1": 7, "w2": 14, "w4": 28}  # days after the session
WINDOW = {"d3": 3}  # days that "days done" counts, where it is not a week
ASKED_AT = time(10)  # of the client's morning
MOST_MISSED = 2
WEEK = ("fu_symptoms", "pain_avg7", "fu_pain_during", "fu_worse_next_day", "fu_days_done", "fu_difficulty")
QUESTIONS = {
    "h24": ("fu_symptoms", "fu_feel"),
    "d3": ("fu_symptoms", "fu_days_done", "pain_now"),
    "w1": WEEK,
    "w2": (*WEEK, "act1_score", "confidence"),
    "w4": (*WEEK, "act1_score", "act2_score", "act3_score", "grc"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from a reply: flags first, else a plain word; `plan` is the new version, if any."""

    flags: tuple[Flag, ...]
    step: Step
    plan: Plan | None = None


def questions(house: House, language: str, kind: str) -> tuple[Question, ...]:
    """What is asked at this check-in."""
    library = house.library(language)
    found = []
    for name in QUESTIONS[kind]:
        for questionnaire in ("checkin", "returning", "first_visit"):
            question = library.questionnaires[questionnaire].question(name)
            if question is not None:
                found.append(_short_window(question, kind))
                break
    return tuple(found)


def _short_window(question: Question, kind: str) -> Question:
    if question.id == "fu_days_done" and kind in WINDOW:
        return replace(question, maximum=WINDOW[kind])
    return question


def owe(tx: Tx, house: House, booking: Thread, now: datetime) -> None:
    """Schedule every check-in once a plan has gone out; texts too, for who agreed to them."""
    client = clients.get(tx, booking.client_id)
    zone = house.zone(client.zone or booking.zone)
    quiet = quiet_hours(house, booking, client.zone)
    intake = intakes.of_booking(tx, booking.id)
    by_text = bool(intake and client.phone and plans.agreed(tx, intake, "consent_sms"))
    for kind, days in AFTER.items():
        day = booking.end.astimezone(zone).date() + timedelta(days=days)
        at = quiet.next_open(datetime.combine(day, ASKED_AT, zone).astimezone(now.tzinfo))
        if at <= now:
            continue
        channel = Channel.sms if by_text and Channel.sms in house.senders else Channel.email
        key = f"{booking.id}:checkin:{kind}:{channel}"
        deliveries.owe(tx, Due(key, booking.id, Purpose.checkin, channel, at), now)


def kind_of(key: str) -> str:
    """The kind of check-in that a delivery's key names."""
    return key.split(":")[2]


def not_now(tx: Tx, booking: Thread, kind: str, now: datetime) -> str:
    """Why this check-in is not asked; "" when it is."""
    plan = stored_plans.newest(tx, booking.id)
    if plan is None or plan.status != "sent":
        return "no_plan"
    if any(
        each.booking_id > booking.id and each.sent_at
        for each in stored_plans.of_client(tx, booking.client_id)
    ):
        return "newer_plan"
    if missed_in_a_row(asked(tx, booking.client_id), now) >= MOST_MISSED:
        return "no_reply"
    done = [each for each in checkins.of_booking(tx, booking.id) if each.kind == kind and each.answered_at]
    return "answered" if done else ""


def nudge_staff(tx: Tx, booking: Thread, now: datetime) -> None:
    """Two check-ins without a reply: no more messages, a word to the clinic instead."""
    _alert(tx, booking.id, "no_reply", now)


def _alert(tx: Tx, booking_id: int, name: str, now: datetime) -> None:
    for channel in (Channel.email, Channel.sms):
        key = f"{booking_id}:alert:{name}:{channel}"
        deliveries.owe(tx, Due(key, booking_id, Purpose.alert, channel, now), now)


def reply(tx: Tx, house: House, checkin: CheckIn, answers: Answers, now: datetime) -> Outcome:
    """Take in a reply: flags at once, the step by the table, the next plan, the alerts."""
    booking = bookings.get(tx, checkin.booking_id)
    assert booking is not None
    intake = intakes.of_booking(tx, booking.id)
    before = effective(tx, intake) if intake else {}
    today = now.astimezone(house.zone(booking.zone)).date()
    found = _flags(house, answers, before | answers, today)
    stops = any(flag.severity.stops for flag in found)
    past = history(tx, house, booking.client_id, before, now)
    said = feedback.reply_from(answers, stops, WINDOW.get(checkin.kind, 7))
    moves = house.moves(house.clinic.spoken(intake.language if intake else ""))
    merged = before | {name: value for name, value in answers.items() if not name.startswith("fu_")}
    case = case_for(
        merged,
        facts.derive(merged, today),
        facts.age_on(merged, today),
        found,
        past,
        notes.newest(tx, booking.id),
    )
    made, step = feedback.next_plan(case, said, moves, plans.policy(house))
    if not checkins.answer(tx, checkin.id, answers, step.action, now):
        return Outcome(found, step)
    for flag in found:
        intakes.raise_flag(tx, booking.id, flag.rule, flag.severity, flags.to_stored(flag), now)
    for alert in step.alerts:
        _alert(tx, booking.id, f"{checkin.kind}-{alert.id}", now)
    changed = _next_version(tx, booking, past.plan, made, step, now)
    return Outcome(found, step, changed)


def _flags(house: House, answers: Answers, merged: Answers, today: date) -> tuple[Flag, ...]:
    """Flags of this reply alone: what the intake raised stands in its own rows."""
    library = house.library(house.clinic.language)
    asked_now = library.questionnaires["checkin"]
    known, age = facts.derive(answers, today), facts.age_on(merged, today)
    return flags.at_once(answers, known, age, library.rules, asked_now)


def _next_version(
    tx: Tx, booking: Thread, last: Plan | None, made: Plan, step: Step, now: datetime
) -> Plan | None:
    if last is not None and made.items == last.items and made.status is PlanStatus.READY:
        return None
    content = plans_json.dump(made)
    status = plans.STATUS[made.status]
    why = f"{plans.BY_CHECKIN}{step.row}"
    stored = stored_plans.add(tx, booking.id, booking.client_id, status, made.protocol_id, why, content, now)
    if step.action in (Action.STOP, Action.PAUSE):
        return made
    key = f"{booking.id}:plan:{stored.version}:email"
    deliveries.owe(tx, Due(key, booking.id, Purpose.plan, Channel.email, now), now)
    return made
