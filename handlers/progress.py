"""How it goes: one client over time, and the clinic's board of outcomes (clinical sources, section 6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.answers import effective
from handlers.feedback import activity_score
from handlers.history import SCHEDULED
from store import board, checkins, intakes, plans
from store.base import Tx
from store.board import Share
from store.plans import StoredPlan
from store.views import Pain, score_of

ALERT_WITHIN = timedelta(hours=1)
ENOUGH_DAYS = 0.7  # of the planned ones
LESS_POINTS, LESS_PART = 2, 0.3  # pain that eased by this much has eased in a way that matters
NEWEST = 100  # sealed replies that one board opens
WINDOW = {"d3": 3}


@dataclass(frozen=True, slots=True)
class Week:
    """Days done in one check-in's window, and days planned."""

    at: datetime
    done: int
    planned: int


@dataclass(frozen=True, slots=True)
class Progress:
    """One client over time; `activity` is the mean of "what you can do", 0 to 10."""

    pains: tuple[Pain, ...]
    activity: tuple[tuple[datetime, float], ...]
    weeks: tuple[Week, ...]
    versions: tuple[StoredPlan, ...]


def of_client(tx: Tx, client_id: int) -> Progress:
    """Everything a client has told about pain, activities and days, oldest first."""
    told = [(one.submitted_at, effective(tx, one)) for one in intakes.done_of_client(tx, client_id)]
    replies = [one for one in checkins.of_client(tx, client_id) if one.kind in SCHEDULED and one.answered_at]
    said = [(at, answers) for at, answers in told if at]
    said += [(one.answered_at, one.reply) for one in replies if one.answered_at]
    said.sort(key=lambda pair: pair[0])
    versions = plans.of_client(tx, client_id)
    pains = tuple(Pain(at, score) for at, answers in said if (score := score_of(answers)) is not None)
    activity = tuple((at, mean) for at, answers in said if (mean := activity_score(answers)) is not None)
    planned = {one.id: int(one.content["days_per_week"]) for one in versions}
    weeks = tuple(
        Week(one.answered_at, days, round(planned.get(one.plan_id, 0) * WINDOW.get(one.kind, 7) / 7))
        for one in replies
        if one.answered_at and (days := _days(one.reply)) is not None
    )
    return Progress(pains, activity, weeks, tuple(versions))


def _days(reply: dict[str, object]) -> int | None:
    value = str(reply.get("fu_days_done", ""))
    return int(value) if value.isdigit() else None


@dataclass(frozen=True, slots=True)
class Board:
    """The clinic's figures over one period; `enough_days` and `eased` look at the newest replies."""

    start: datetime
    end: datetime
    replies: Share
    enough_days: Share
    eased: Share
    alerts: Share
    intakes: Share
    plans_sent: int


def board_of(tx: Tx, start: datetime, end: datetime) -> Board:
    """The board for [start, end)."""
    return Board(
        start=start,
        end=end,
        replies=board.replies(tx, start, end),
        enough_days=_enough_days(tx, start, end),
        eased=_eased(tx, start, end),
        alerts=board.alerts_in_time(tx, start, end, ALERT_WITHIN),
        intakes=board.intakes_in_time(tx, start, end),
        plans_sent=board.plans_sent(tx, start, end),
    )


def _enough_days(tx: Tx, start: datetime, end: datetime) -> Share:
    told = board.told(tx, start, end, ("d3", "w1", "w2", "w4"), NEWEST)
    planned = board.days_per_week(tx, {one.plan_id for one in told})
    parts = [
        days / (planned[one.plan_id] * WINDOW.get(one.kind, 7) / 7)
        for one in told
        if (days := _days(one.reply)) is not None and planned.get(one.plan_id)
    ]
    return Share(sum(part >= ENOUGH_DAYS for part in parts), len(parts))


def _eased(tx: Tx, start: datetime, end: datetime) -> Share:
    """Week 4 against the intake of the same visit: two points or thirty percent less pain."""
    told = board.told(tx, start, end, ("w4",), NEWEST)
    first = board.answers_of(tx, {one.booking_id for one in told})
    pairs = [(score_of(first.get(one.booking_id, {})), score_of(one.reply)) for one in told]
    known = [(before, after) for before, after in pairs if before and after is not None]
    eased = sum(before - after >= min(LESS_POINTS, LESS_PART * before) for before, after in known)
    return Share(eased, len(known))
