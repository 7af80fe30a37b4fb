"""Where a client stands with a plan: the baseline, the days, the last step."""

from dataclasses import replace
from datetime import datetime

from clinical.answers.facts import age_on
from clinical.loop.feedback import activity_score, decide, reply_from
from clinical.plan.case import History
from handlers.answers import effective
from handlers.context import Context
from schemas.checkin import CheckIn, CheckInKind, CheckInRules, PlanState, Step, Tick
from schemas.choosing import Action
from schemas.forms.condition import values_of
from schemas.intake import Answers
from schemas.plan import Plan, Readiness, StoredPlan
from store import checkins, clients, intakes, plans
from store.base import Tx


def asked(tx: Tx, client_id: int, since: datetime | None = None) -> list[CheckIn]:
    """The check-ins that a client was asked (or answered `since`), without ticked days."""
    return [
        each
        for each in checkins.of_client(tx, clients.family(tx, client_id), since)
        if isinstance(each.kind, CheckInKind)
    ]


def missed_in_a_row(found: list[CheckIn], rules: CheckInRules, now: datetime) -> int:
    """How many check-ins in a row, up to the newest, have had no reply in time."""
    count = 0
    for each in reversed(found):
        if each.answered_at:
            break
        if each.asked_at and now - each.asked_at >= rules.answered_within:
            count += 1
    return count


def history(
    tx: Tx, context: Context, client_id: int, answers: Answers, now: datetime, said: Answers | None = None
) -> History:
    """The client's last sent plan and how it has been going; empty for a first plan.

    `said` is the reply that is compared with the start, where it is not `answers`.
    """
    sent = [each for each in plans.of_client(tx, clients.family(tx, client_id)) if each.sent_at]
    if not sent:
        return History()
    replies = asked(tx, client_id)
    like = answers if said is None else said
    state = _state(tx, context, sent, replies, answers, like, now)
    step = _step_of_update(context, answers, state)
    gap = 0 if _did_something(like) else _gap_days(tx, client_id, sent[-1], now)
    return History(_plan(sent[-1]), state, step, gap)


def _plan(stored: StoredPlan) -> Plan:
    """What went out was ready, whoever had to say so."""
    return replace(stored.plan, status=Readiness.READY)


def _first_answers(tx: Tx, first: StoredPlan) -> Answers:
    intake = intakes.of_booking(tx, first.booking_id)
    return effective(tx, intake) if intake else {}


def _state(
    tx: Tx,
    context: Context,
    sent: list[StoredPlan],
    replies: list[CheckIn],
    answers: Answers,
    like: Answers,
    now: datetime,
) -> PlanState:
    start = _first_answers(tx, sent[0])
    last = _plan(sent[-1])
    same_stage = [each for each in sent if _plan(each).stage == last.stage]
    answered = [each for each in replies if each.answered_at]
    actions = [Action(each.action) for each in answered if each.action]
    return PlanState(
        pain_at_start=_number(start, "pain_avg7"),
        activity_at_start=activity_score(start, like),
        pain_cap=last.pain_cap,
        days_per_week=last.days_per_week,
        days_in_plan=_days(context, sent[0], now),
        days_in_stage=_days(context, same_stage[0], now),
        days_since_change=_days(context, sent[-1], now),
        last_action=actions[-1] if actions else None,
        missed=missed_in_a_row(replies, context.checkins, now),
        hard_replies=sum("5" in values_of(each.reply, "fu_difficulty") for each in answered),
        age=age_on(answers or start, now.astimezone(context.zone()).date()),
        crash_after_effort=bool({"yes", "not_sure"}.intersection(values_of(start, "post_exert_crash"))),
    )


def _days(context: Context, stored: StoredPlan, now: datetime) -> int:
    """Days on the calendar: a week after an afternoon visit is a week in the morning too."""
    assert stored.sent_at is not None
    zone = context.zone()
    return (now.astimezone(zone).date() - stored.sent_at.astimezone(zone).date()).days


def _number(answers: Answers, name: str) -> int | None:
    value = next(iter(values_of(answers, name)), "")
    return int(value) if value.isdigit() else None


def _step_of_update(context: Context, answers: Answers, state: PlanState) -> Step | None:
    """A returning client's short update says how the plan went; it counts like a check-in."""
    if not values_of(answers, "upd_days_done"):
        return None
    content = context.plan_content(context.clinic.language)
    return decide(reply_from(answers), state, content.feedback, content.choosing.growth)


def _gap_days(tx: Tx, client_id: int, last: StoredPlan, now: datetime) -> int:
    """Days since the client last spoke of having exercised before today, or since the plan went out."""
    spoken = [
        each.answered_at
        for each in checkins.of_client(tx, clients.family(tx, client_id))
        if each.answered_at and (isinstance(each.kind, Tick) or _did_something(each.reply))
    ]
    since = max([*spoken, *([last.sent_at] if last.sent_at else [])], default=now)
    return max(0, (now - since).days)


def _did_something(said: Answers) -> bool:
    """Tell whether a reply, or a returning client's update, names a day on which the plan was done."""
    return any((_number(said, name) or 0) > 0 for name in ("fu_days_done", "upd_days_done"))
