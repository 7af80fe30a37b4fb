"""A reply to a check-in: what it does to the plan, and who has to know (B11)."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from clinical.answers import facts, flags
from clinical.answers.typed import says_nothing
from clinical.loop import feedback
from clinical.plan.case import Case, History, case_for, policy_for
from handlers.answers import Picture, picture
from handlers.context import Context
from handlers.plans import drafting, page, reviews
from handlers.plans.history import history
from handlers.schedule import alerts, news, recipients
from schemas.booking import Booking
from schemas.checkin import WEEK, CheckIn, CheckInKind, Reply, Step, Tick
from schemas.choosing import HELD_BY, Action, PlanContent, Within
from schemas.delivery import Due, Purpose
from schemas.intake import Answers
from schemas.plan import Plan, PlanOrigin, Readiness
from schemas.rules import Flag, Rules
from schemas.staff import StaffNews
from store import bookings, checkins, clients, deliveries, intakes, notes, remarks
from store import plans as stored_plans
from store.base import Tx

URGENT = (Within.NOW, Within.SAME_DAY)
HARDEST = 5
WORDS = "fu_words"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from a reply: flags first, else a plain word; `plan` is the new version, if any."""

    flags: tuple[Flag, ...]
    step: Step
    plan: Plan | None = None

    @property
    def paused(self) -> bool:
        """True when the plan waits for a practitioner from now on."""
        return self.plan is not None and self.plan.status is Readiness.HELD


@dataclass(frozen=True, slots=True)
class Judged:
    """What a reply means, before anything is kept: flags, the step, the plan it makes of the last one."""

    flags: tuple[Flag, ...]
    step: Step
    last: Plan | None
    made: Plan


def reply(tx: Tx, context: Context, checkin: CheckIn, answers: Answers, now: datetime) -> Outcome:
    """Take in a reply: flags at once, the step by the table, the next plan, the alerts.

    A second reply changes nothing, but a warning sign in it counts like any other. One that comes after the
    plan of a later visit is about how the client is now, and so about that plan.
    """
    asked_at = bookings.get(tx, checkin.booking_id)
    assert asked_at is not None
    booking = page.visit_of(tx, asked_at)
    answers = _without_nothing(context, answers)
    judged = _judge(tx, context, booking, answers, checkin.kind, now)
    for flag in judged.flags:
        intakes.raise_flag(
            tx, booking.id, booking.client_id, flag.rule, flag.severity, flags.to_stored(flag), now
        )
    first = checkins.answer(tx, checkin.id, answers, judged.step.action, now)
    if first and answers.get(WORDS):
        remarks.add(tx, booking.id, booking.client_id, checkin.id, str(answers[WORDS]), now)
        news.tell(tx, booking, StaffNews.written, now)
    if not first and not judged.flags:
        return Outcome(judged.flags, judged.step)
    late = "" if booking.id == asked_at.id else f"-{checkin.id}"  # that visit has a check-in of this kind too
    return _follow(tx, context, booking, judged, f"{checkin.kind}{late}", now)


def _without_nothing(context: Context, answers: Answers) -> Answers:
    """The answers without a comment that says "no" or "none": nobody has to read it."""
    nothing = says_nothing(str(answers.get(WORDS, "")), context.library(context.clinic.language).rules.typed)
    return {name: value for name, value in answers.items() if name != WORDS or not nothing}


def tick(
    tx: Tx, context: Context, booking: Booking, plan_id: int, day: date, said: Answers, now: datetime
) -> Outcome | None:
    """Keep a ticked day. Pain that calls for a person the same day is taken like the reply to a check-in.

    The day counts for the visit by whose plan the client went then, through whichever link it came.
    """
    going = page.visit_of(tx, booking)
    then = going if page.day_of_visit(context, going) <= day else booking
    checkins.tick(tx, then.id, plan_id, day, said, now)
    answers = {"pain_now": said["pain"]} if "pain" in said else {}
    judged = _judge(tx, context, going, answers, Tick(day), now)
    if not any(alert.within in URGENT for alert in judged.step.alerts):
        return None
    return _follow(tx, context, going, judged, f"tick-{day}-{plan_id}", now)


def _judge(
    tx: Tx, context: Context, booking: Booking, answers: Answers, kind: CheckInKind | Tick, now: datetime
) -> Judged:
    intake = intakes.of_booking(tx, booking.id)
    assert intake is not None
    before = picture(tx, context, booking, intake, now)
    today = now.astimezone(context.zone(booking.zone)).date()
    found = _flags(context, answers, before.answers | answers, today)
    said = feedback.reply_from(answers, flags.stops(found), context.checkins.window_days(kind))
    easy, hard = _daily(tx, booking, today)
    said = replace(said, daily_easy=easy, daily_hard=hard)
    past = _with(said, history(tx, context, booking.client_id, before.answers, now, answers))
    content = context.plan_content(intake.language)
    case = _case(tx, booking, before, answers, found, past, said, content, today)
    made, step = feedback.next_plan(case, said, content, policy_for(context.clinic))
    changed = past.plan is None or made.items != past.plan.items
    return Judged(found, step, past.plan, reviews.held(tx, context, made, now) if changed else made)


def _follow(tx: Tx, context: Context, booking: Booking, judged: Judged, what: str, now: datetime) -> Outcome:
    """Tell who must know, and make the next version; `what` names the reply in the alerts' keys."""
    for alert in judged.step.alerts:
        tell = alerts.at_once if alert.within in URGENT else alerts.soon
        tell(tx, booking.id, f"{what}-{alert.id}", now)
    made = _next_version(tx, context, booking, judged.last, judged.made, judged.step, now)
    return Outcome(judged.flags, judged.step, made)


def _with(said: Reply, past: History) -> History:
    hard = past.state.hard_replies + (said.difficulty == HARDEST)
    return replace(past, state=replace(past.state, hard_replies=hard))


def _daily(tx: Tx, booking: Booking, today: date) -> tuple[int, int]:
    """On how many days of the last week the plan was ticked off as too easy, and as too hard."""
    week = [each for each in checkins.of_booking(tx, booking.id) if _in_week(each.kind, today)]
    said = [str(each.reply.get("effort", "")) for each in week]
    return said.count("too_easy"), said.count("too_hard")


def _in_week(kind: CheckInKind | Tick, today: date) -> bool:
    return isinstance(kind, Tick) and 0 <= (today - kind.day).days < WEEK


def _case(
    tx: Tx,
    booking: Booking,
    before: Picture,
    answers: Answers,
    found: tuple[Flag, ...],
    past: History,
    said: Reply,
    content: PlanContent,
    today: date,
) -> Case:
    """The case of a reply: what was said before and now, and every flag that stands.

    A practitioner who let the plan out knew the flags of then: they keep it from growing, not from going on.
    """
    merged = before.answers | answers
    given = {name: value for name, value in merged.items() if not name.startswith("fu_")}
    rules = {flag.rule for flag in found}
    standing = (*found, *(flag for flag in before.flags if flag.rule not in rules))
    step = feedback.decide(said, past.state, content.feedback, content.choosing.growth)
    known = not found and step.action not in HELD_BY
    return case_for(
        merged,
        facts.derive(given, today),
        facts.age_on(given, today),
        standing,
        past,
        notes.newest(tx, booking.id),
        _released_by(tx, booking) if known else "",
    )


def _released_by(tx: Tx, booking: Booking) -> str:
    """Who let a version of this visit's plan out, if anybody had to."""
    versions = stored_plans.of_client(tx, clients.family(tx, booking.client_id))
    by = [each.released_by for each in versions if each.booking_id == booking.id and each.released_by]
    return by[-1] if by else ""


def _flags(context: Context, answers: Answers, merged: Answers, today: date) -> tuple[Flag, ...]:
    """Flags of this reply alone: what the intake raised stands in its own rows."""
    library = context.library(context.clinic.language)
    asked_now = library.questionnaires["checkin"]
    known, age = facts.derive(answers, today), facts.age_on(merged, today)
    found = flags.evaluate(answers, known, age, library.rules, asked_now, blanks=False)
    return tuple(flag for flag in found if flag.severity.stops or _of_reply(library.rules, flag))


def _of_reply(rules: Rules, flag: Flag) -> bool:
    return rules.acts_at_once(flag) or rules.is_of_check_in(flag.rule)


def _next_version(
    tx: Tx, context: Context, booking: Booking, last: Plan | None, made: Plan, step: Step, now: datetime
) -> Plan | None:
    if last is not None and made.items == last.items and made.status is Readiness.READY:
        return None
    content = drafting.content_of(context, made)
    status = drafting.STATUS[made.status]
    why = PlanOrigin(check_in=step.row)
    stored = stored_plans.add(tx, booking.id, booking.client_id, status, made.protocol_id, why, content, now)
    if step.action is Action.STOP:
        return made
    key = recipients.to_client(tx, booking, Purpose.plan, stored.version)
    deliveries.schedule(tx, Due(key, now), now)
    return made
