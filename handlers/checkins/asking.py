"""Check-ins: when to ask, what, and when to leave a client in peace (B11)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.answers import effective, withdrew
from handlers.checkins import reach
from handlers.context import Context
from handlers.plans.history import asked, missed_in_a_row
from handlers.schedule import alerts, recipients
from handlers.schedule.quiet import quiet_hours
from library.checkins import ASKED_FROM
from render.language import readable
from schemas.booking import Booking
from schemas.checkin import CheckIn, CheckInKind
from schemas.delivery import CheckInQuestion, Delivery, Due, Purpose
from schemas.forms.questionnaire import Question
from schemas.notions.words import fill
from schemas.plan import PlanStatus
from schemas.reason import Reason
from store import bookings, checkins, clients, deliveries, intakes
from store import plans as stored_plans
from store.base import Tx

NEEDS = {f"act{number}_score": f"act{number}_name" for number in (1, 2, 3)}


def questions(tx: Tx, context: Context, language: str, checkin: CheckIn) -> tuple[Question, ...]:
    """What is asked at this check-in: of the things that were hard, only those that the client named."""
    intake = intakes.of_booking(tx, checkin.booking_id)
    known, kind = effective(tx, intake) if intake else {}, checkin.kind
    assert isinstance(kind, CheckInKind)
    rule = context.checkins.rule(kind)
    asked_for = [name for name in rule.questions if name not in NEEDS or NEEDS[name] in known]
    asked = (_short_window(_question(context, language, name), rule.window_days) for name in asked_for)
    who = {"practitioner": _practitioner(tx, context, checkin)}
    return tuple(replace(each, label=fill(each.label, who)) for each in asked)


def _practitioner(tx: Tx, context: Context, checkin: CheckIn) -> str:
    """Who reads what is written: as the scheduler names them, else who signs the plans, else the clinic."""
    booking = bookings.get(tx, checkin.booking_id)
    written = readable.unlinked(readable.plain(booking.practitioner, 60)) if booking else ""
    return written or context.clinic.sender or context.clinic.name


def _question(context: Context, language: str, name: str) -> Question:
    known = context.library(language).questionnaires
    found = (known[each].question(name) for each in ASKED_FROM)
    return next(question for question in found if question is not None)


def _short_window(question: Question, days: int) -> Question:
    return replace(question, maximum=days) if question.id == "fu_days_done" else question


def signs(asked_for: Sequence[Question], ticked: Sequence[str]) -> list[str]:
    """The warning signs among what was ticked: they count even when the rest can not be taken (B8)."""
    known = {c.id for q in asked_for if q.id == "fu_symptoms" for c in q.choices if not c.alone}
    return [each for each in dict.fromkeys(ticked) if each in known]


def schedule(tx: Tx, context: Context, booking: Booking, now: datetime) -> None:
    """Schedule every check-in once a plan has gone out."""
    client = clients.get(tx, booking.client_id)
    zone = context.zone(client.zone or booking.zone)
    quiet = quiet_hours(context, booking, client.zone)
    channel = reach.channel(tx, context, booking)
    rules = context.checkins
    for rule in rules.checkin:
        day = booking.end.astimezone(zone).date() + timedelta(days=rule.after_days)
        at = quiet.next_open(datetime.combine(day, rules.asked_at, zone).astimezone(now.tzinfo))
        if at <= now:
            continue
        key = recipients.to_client(tx, booking, Purpose.checkin, CheckInQuestion(rule.id), channel)
        deliveries.schedule(tx, Due(key, at), now)


def went_out(tx: Tx, context: Context, delivery: Delivery, at: datetime, now: datetime) -> None:
    """From now on a reply is waited for; without one the client is reminded `at` this time."""
    asked_now = delivery.key.number
    assert isinstance(asked_now, CheckInQuestion)
    checkins.went_out(tx, delivery.booking_id, delivery.key.client, asked_now.kind, now)
    _remind(tx, context, delivery, at, now)


def _remind(tx: Tx, context: Context, delivery: Delivery, at: datetime, now: datetime) -> None:
    """One reminder of a check-in, where its rule wants one; none of the reminder itself.

    A check-in that a person sent again keeps the reminder that it has.
    """
    asked_now = delivery.key.number
    assert isinstance(asked_now, CheckInQuestion)
    if asked_now.reminder or not context.checkins.rule(asked_now.kind).reminder:
        return
    reminder = CheckInQuestion(asked_now.kind, reminder=True)
    key = replace(delivery.key, booking=delivery.booking_id, number=reminder, resend=0)
    if not delivery.key.resend or deliveries.by_key(tx, key) is None:
        deliveries.schedule(tx, Due(key, at), now)


def not_now(tx: Tx, context: Context, booking: Booking, kind: CheckInKind, now: datetime) -> Reason:
    """Why this check-in is not asked; `none` when it is."""
    plan = stored_plans.newest(tx, booking.id)
    if plan is None or plan.status is not PlanStatus.sent:
        return Reason.no_plan
    intake = intakes.of_booking(tx, booking.id)
    if intake is not None and withdrew(tx, intake, "consent_exercise"):
        return Reason.no_consent
    if any(
        each.booking_id != booking.id and each.sent_at and plan.sent_at and each.sent_at > plan.sent_at
        for each in stored_plans.of_client(tx, clients.family(tx, booking.client_id))
    ):
        return Reason.newer_plan
    # Who came again and filled in a form since is not silent: earlier visits' questions do not count.
    mine = [each for each in asked(tx, booking.client_id) if each.booking_id == booking.id]
    if missed_in_a_row(mine, context.checkins, now) >= context.checkins.most_missed:
        return Reason.no_reply
    done = [each for each in checkins.of_booking(tx, booking.id) if each.kind == kind and each.answered_at]
    return Reason.answered if done else Reason.none


def nudge_staff(tx: Tx, booking: Booking, now: datetime) -> None:
    """Two check-ins without a reply: no more messages, a word to the clinic instead."""
    alerts.soon(tx, booking.id, "no_reply", now)
