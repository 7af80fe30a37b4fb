"""The loop after the visit: when to ask, what a reply does to the plan, who has to know (B11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from clinical.answers import facts, flags
from clinical.loop import feedback
from clinical.plan.case import Case, History, case_for, policy_for
from clinical.plan.choose import HELD_BY
from handlers.answers import Picture, effective, picture
from handlers.context import Context
from handlers.plans import drafting
from handlers.plans.history import ANSWERED_WITHIN, asked, history, missed_in_a_row
from handlers.schedule import alerts
from handlers.schedule.due import quiet_hours
from schemas import plan as plans_json
from schemas.booking import Booking
from schemas.checkin import CheckIn, Reply, Step
from schemas.choosing import Action, Moves, Within
from schemas.delivery import Channel, Delivery, Due, Purpose
from schemas.intake import Answers
from schemas.plan import Plan, PlanStatus
from schemas.questionnaire import Question
from schemas.rules import Flag
from store import bookings, checkins, clients, deliveries, intakes, notes
from store import plans as stored_plans
from store.base import Tx

URGENT = (Within.NOW, Within.SAME_DAY)
AFTER = {"h24": 1, "d3": 3, "w1": 7, "w2": 14, "w4": 28}  # days after the session
WINDOW = {"d3": 3}  # days that "days done" counts, where it is not a week
ASKED_AT = time(10)  # of the client's morning
MOST_MISSED = 2
HARDEST = 5
REMINDED_AFTER = ANSWERED_WITHIN  # the second without a reply: then staff are told, not the client
NOT_REMINDED = ("h24",)  # the question of day 3 comes instead
AGAIN = "-again"  # ends the name of a reminder
OF_REPLIES = ("RF25", "RF26")  # crisis words, and what a check-in alone can raise
WEEK = ("fu_symptoms", "pain_avg7", "fu_pain_during", "fu_worse_next_day", "fu_days_done", "fu_difficulty")
QUESTIONS = {
    "h24": ("fu_symptoms", "fu_feel"),
    "d3": ("fu_symptoms", "fu_days_done", "pain_now"),
    "w1": WEEK,
    "w2": (*WEEK, "act1_score", "confidence"),
    "w4": (*WEEK, "act1_score", "act2_score", "act3_score", "grc"),
}
NEEDS = {f"act{number}_score": f"act{number}_name" for number in (1, 2, 3)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from a reply: flags first, else a plain word; `plan` is the new version, if any."""

    flags: tuple[Flag, ...]
    step: Step
    plan: Plan | None = None

    @property
    def paused(self) -> bool:
        """True when the plan waits for a practitioner from now on."""
        return self.plan is not None and self.plan.status is PlanStatus.HELD


@dataclass(frozen=True, slots=True)
class Judged:
    """What a reply means, before anything is kept: flags, the step, the plan it makes of the last one."""

    flags: tuple[Flag, ...]
    step: Step
    last: Plan | None
    made: Plan


def questions(tx: Tx, context: Context, language: str, checkin: CheckIn) -> tuple[Question, ...]:
    """What is asked at this check-in: of the things that were hard, only those that the client named."""
    intake = intakes.of_booking(tx, checkin.booking_id)
    told = effective(tx, intake) if intake else {}
    asked_for = [name for name in QUESTIONS[checkin.kind] if name not in NEEDS or NEEDS[name] in told]
    return tuple(_short_window(_question(context, language, name), checkin.kind) for name in asked_for)


def _question(context: Context, language: str, name: str) -> Question:
    known = context.library(language).questionnaires
    found = (known[each].question(name) for each in ("checkin", "returning", "first_visit"))
    return next(question for question in found if question is not None)


def _short_window(question: Question, kind: str) -> Question:
    if question.id == "fu_days_done" and kind in WINDOW:
        return replace(question, maximum=WINDOW[kind])
    return question


def signs(asked_for: Sequence[Question], ticked: Sequence[str]) -> list[str]:
    """The warning signs among what was ticked: they count even when the rest can not be taken (B8)."""
    known = {c.id for q in asked_for if q.id == "fu_symptoms" for c in q.choices if not c.alone}
    return [each for each in dict.fromkeys(ticked) if each in known]


def owe(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """Schedule every check-in once a plan has gone out; texts too, for who agreed to them."""
    client = clients.get(tx, booking.client_id)
    zone = context.zone(client.zone or booking.zone)
    quiet = quiet_hours(context, booking, client.zone)
    intake = intakes.of_booking(tx, booking.id)
    by_text = bool(intake and client.phone and drafting.agreed(tx, intake, "consent_sms"))
    for kind, days in AFTER.items():
        day = booking.end.astimezone(zone).date() + timedelta(days=days)
        at = quiet.next_open(datetime.combine(day, ASKED_AT, zone).astimezone(now.tzinfo))
        if at <= now:
            continue
        channel = Channel.sms if by_text and Channel.sms in context.senders else Channel.email
        key = f"{booking.id}:checkin:{kind}:{channel}"
        deliveries.owe(tx, Due(key, booking.id, Purpose.checkin, channel, at), now)


def kind_of(key: str) -> str:
    """The kind of check-in that a delivery's key names."""
    return key.split(":")[2].removesuffix(AGAIN)


def remind(tx: Tx, delivery: Delivery, at: datetime, now: datetime) -> None:
    """One reminder of a check-in, two days later; none of the first day's, none of the reminder itself."""
    kind = delivery.key.split(":")[2]
    if kind not in NOT_REMINDED and not kind.endswith(AGAIN):
        key = f"{delivery.booking_id}:checkin:{kind}{AGAIN}:{delivery.channel}"
        deliveries.owe(tx, Due(key, delivery.booking_id, Purpose.checkin, delivery.channel, at), now)


def not_now(tx: Tx, booking: Booking, kind: str, now: datetime) -> str:
    """Why this check-in is not asked; "" when it is."""
    plan = stored_plans.newest(tx, booking.id)
    if plan is None or plan.status != "sent":
        return "no_plan"
    if any(
        each.booking_id > booking.id and each.sent_at
        for each in stored_plans.of_client(tx, booking.client_id)
    ):
        return "newer_plan"
    # Who came again and filled in a form since is not silent: earlier visits' questions do not count.
    mine = [each for each in asked(tx, booking.client_id) if each.booking_id == booking.id]
    if missed_in_a_row(mine, now) >= MOST_MISSED:
        return "no_reply"
    done = [each for each in checkins.of_booking(tx, booking.id) if each.kind == kind and each.answered_at]
    return "answered" if done else ""


def nudge_staff(tx: Tx, booking: Booking, now: datetime) -> None:
    """Two check-ins without a reply: no more messages, a word to the clinic instead."""
    alerts.soon(tx, booking.id, "no_reply", now)


def reply(tx: Tx, context: Context, checkin: CheckIn, answers: Answers, now: datetime) -> Outcome:
    """Take in a reply: flags at once, the step by the table, the next plan, the alerts.

    A second reply changes nothing, but a warning sign in it counts like any other.
    """
    booking = bookings.get(tx, checkin.booking_id)
    assert booking is not None
    judged = _judge(tx, context, booking, answers, WINDOW.get(checkin.kind, 7), now)
    for flag in judged.flags:
        intakes.raise_flag(tx, booking.id, flag.rule, flag.severity, flags.to_stored(flag), now)
    first = checkins.answer(tx, checkin.id, answers, judged.step.action, now)
    if not first and not judged.flags:
        return Outcome(judged.flags, judged.step)
    return _follow(tx, booking, judged, checkin.kind, now)


def tick(
    tx: Tx, context: Context, booking: Booking, plan_id: int, day: date, said: Answers, now: datetime
) -> Outcome | None:
    """Keep a ticked day. Pain that calls for a person the same day is taken like the reply to a check-in."""
    checkins.tick(tx, booking.id, plan_id, f"{day}", said, now)
    answers = {"pain_now": said["pain"]} if "pain" in said else {}
    judged = _judge(tx, context, booking, answers, 1, now)
    if not any(alert.within in URGENT for alert in judged.step.alerts):
        return None
    return _follow(tx, booking, judged, f"tick-{day}-{plan_id}", now)


def _judge(
    tx: Tx, context: Context, booking: Booking, answers: Answers, window_days: int, now: datetime
) -> Judged:
    intake = intakes.of_booking(tx, booking.id)
    assert intake is not None
    before = picture(tx, context, booking, intake, now)
    today = now.astimezone(context.zone(booking.zone)).date()
    found = _flags(context, answers, before.answers | answers, today)
    said = feedback.reply_from(answers, flags.stops(found), window_days)
    past = _with(said, history(tx, context, booking.client_id, before.answers, now, answers))
    moves = context.moves(context.clinic.spoken(intake.language))
    case = _case(tx, booking, before, answers, found, past, said, moves, today)
    made, step = feedback.next_plan(case, said, moves, policy_for(context.clinic))
    return Judged(found, step, past.plan, made)


def _follow(tx: Tx, booking: Booking, judged: Judged, what: str, now: datetime) -> Outcome:
    """Tell who must know, and make the next version; `what` names the reply in the alerts' keys."""
    for alert in judged.step.alerts:
        tell = alerts.at_once if alert.within in URGENT else alerts.soon
        tell(tx, booking.id, f"{what}-{alert.id}", now)
    made = _next_version(tx, booking, judged.last, judged.made, judged.step, now)
    return Outcome(judged.flags, judged.step, made)


def _with(said: Reply, past: History) -> History:
    hard = past.state.hard_replies + (said.difficulty == HARDEST)
    return replace(past, state=replace(past.state, hard_replies=hard))


def _case(
    tx: Tx,
    booking: Booking,
    before: Picture,
    answers: Answers,
    found: tuple[Flag, ...],
    past: History,
    said: Reply,
    moves: Moves,
    today: date,
) -> Case:
    """The case of a reply: what was said before and now, and every flag that stands.

    A practitioner who let the plan out knew the flags of then: they keep it from growing, not from going on.
    """
    merged = before.answers | answers
    told = {name: value for name, value in merged.items() if not name.startswith("fu_")}
    rules = {flag.rule for flag in found}
    standing = (*found, *(flag for flag in before.flags if flag.rule not in rules))
    step = feedback.decide(said, past.state, moves.feedback, moves.choosing.growth)
    known = not found and step.action not in HELD_BY
    return case_for(
        merged,
        facts.derive(told, today),
        facts.age_on(told, today),
        standing,
        past,
        notes.newest(tx, booking.id),
        _released_by(tx, booking) if known else "",
    )


def _released_by(tx: Tx, booking: Booking) -> str:
    """Who let a version of this visit's plan out, if anybody had to."""
    versions = stored_plans.of_client(tx, booking.client_id)
    by = [each.released_by for each in versions if each.booking_id == booking.id and each.released_by]
    return by[-1] if by else ""


def _flags(context: Context, answers: Answers, merged: Answers, today: date) -> tuple[Flag, ...]:
    """Flags of this reply alone: what the intake raised stands in its own rows."""
    library = context.library(context.clinic.language)
    asked_now = library.questionnaires["checkin"]
    known, age = facts.derive(answers, today), facts.age_on(merged, today)
    found = flags.evaluate(answers, known, age, library.rules, asked_now, blanks=False)
    return tuple(flag for flag in found if flag.severity.stops or flag.rule in OF_REPLIES)


def _next_version(
    tx: Tx, booking: Booking, last: Plan | None, made: Plan, step: Step, now: datetime
) -> Plan | None:
    if last is not None and made.items == last.items and made.status is PlanStatus.READY:
        return None
    content = plans_json.dump(made)
    status = drafting.STATUS[made.status]
    why = f"{drafting.BY_CHECKIN}{step.row}"
    stored = stored_plans.add(tx, booking.id, booking.client_id, status, made.protocol_id, why, content, now)
    if step.action is Action.STOP:
        return made
    key = f"{booking.id}:plan:{stored.version}:email"
    deliveries.owe(tx, Due(key, booking.id, Purpose.plan, Channel.email, now), now)
    return made
