"""How it goes: one client over time, and the clinic's board of outcomes (docs/clinical.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from clinical.loop.feedback import activity_score
from handlers.answers import effective
from handlers.context import Context
from handlers.plans.history import asked
from schemas.checkin import WEEK, CheckInKind, CheckInRules
from schemas.choosing import Growth
from schemas.forms.condition import Answers, values_of
from store import clients, intakes
from store.base import Tx
from store.views import board
from store.views.board import Share
from store.views.pains import Pain, score_of
from store.views.pains import latest as pains_of

ACTIVITIES = ("act1_score", "act2_score", "act3_score")
EVERY = 1000  # more answers than anybody gives
NEWEST = 100  # sealed replies that one board opens
LONG_AGO = datetime.min.replace(tzinfo=UTC)
DAYS_DONE = "fu_days_done"
Reply = dict[str, object]


@dataclass(frozen=True, slots=True)
class Week:
    """Days done in one check-in's window, and days planned."""

    at: datetime
    done: int
    planned: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that was hard, in the client's own words: from 0 (cannot) to 10, first and last."""

    words: str
    first: int
    last: int

    def is_clear(self, growth: Growth) -> bool:
        """Tell whether it changed by more than one answer alone may differ from day to day."""
        return abs(self.last - self.first) >= growth.activity_one_points


@dataclass(frozen=True, slots=True)
class Progress:
    """One client over time; `activity` is the mean of "what you can do", 0 to 10."""

    pains: tuple[Pain, ...]
    activity: tuple[tuple[datetime, float], ...]
    outcomes: tuple[Outcome, ...]
    weeks: tuple[Week, ...]


def of_client(tx: Tx, context: Context, client_id: int, since: datetime | None = None) -> Progress:
    """Everything a client has said about pain, activities and days (`since` a time), oldest first."""
    family, first = clients.family(tx, client_id), since or LONG_AGO
    forms = [(one.submitted_at, one) for one in intakes.done_of_client(tx, family)]
    replies = [one for one in asked(tx, client_id, since) if one.answered_at]
    said = [(at, effective(tx, one)) for at, one in forms if at and at >= first]
    said += [(one.answered_at, one.reply) for one in replies if one.answered_at]
    said.sort(key=lambda pair: pair[0])
    pains = [one for one in pains_of(tx, [client_id], EVERY)[client_id] if one.at >= first]
    activity = tuple((at, mean) for at, answers in said if (mean := activity_score(answers)) is not None)
    planned = board.days_per_week(tx, {one.plan_id for one in replies})
    weeks = tuple(
        Week(
            one.answered_at,
            days,
            round(planned.get(one.plan_id, 0) * context.checkins.window_days(one.kind) / WEEK),
        )
        for one in replies
        if one.answered_at and (days := _days(one.reply)) is not None
    )
    return Progress(tuple(pains), activity, _outcomes([answers for _, answers in said]), weeks)


def _outcomes(said: Sequence[Answers]) -> tuple[Outcome, ...]:
    """What became of each thing that was named, oldest answers first; another name is another thing."""
    found: dict[int, Outcome] = {}
    for number, answers in product((1, 2, 3), said):
        words = next(iter(values_of(answers, f"act{number}_name")), "").strip()
        score = next(iter(values_of(answers, f"act{number}_score")), "")
        before = found.get(number)
        if words and (before is None or before.words.casefold() != words.casefold()):
            before = None
            found.pop(number, None)
        if score.isdigit() and (words or before):
            first = before.first if before else int(score)
            found[number] = Outcome(before.words if before else words, first, int(score))
    return tuple(found.values())


def _days(reply: dict[str, object]) -> int | None:
    value = str(reply.get(DAYS_DONE, ""))
    return int(value) if value.isdigit() else None


@dataclass(frozen=True, slots=True)
class Board:
    """The clinic's figures over one period; days, pain and activities look at the newest replies.

    `false_alarms` are flags that stop which a clinician cleared, of all that were raised.
    """

    start: datetime
    end: datetime
    replies: Share
    enough_days: Share
    eased: Share
    abler: Share
    alerts: Share
    false_alarms: Share
    intakes: Share
    booked_again: Share
    plans_sent: int


def board_of(tx: Tx, context: Context, start: datetime, end: datetime) -> Board:
    """The board for [start, end)."""
    rules, growth = context.checkins, context.plan_content(context.clinic.language).choosing.growth
    in_time, cleared = board.alerts(tx, start, end, timedelta(minutes=rules.board.alert_within_minutes))
    pairs = _before_and_after(tx, start, end)
    return Board(
        start=start,
        end=end,
        replies=board.replies(tx, start, end),
        enough_days=_enough_days(tx, rules, start, end),
        eased=_eased(pairs, growth),
        abler=_abler(pairs, growth),
        alerts=in_time,
        false_alarms=cleared,
        intakes=board.intakes_in_time(tx, start, end),
        booked_again=board.booked_again(tx, start, end),
        plans_sent=board.plans_sent(tx, start, end),
    )


def _enough_days(tx: Tx, rules: CheckInRules, start: datetime, end: datetime) -> Share:
    counted = tuple(rule.id for rule in rules.checkin if DAYS_DONE in rule.questions)
    replies = board.answered(tx, start, end, counted, NEWEST)
    planned = board.days_per_week(tx, {one.plan_id for one in replies})
    parts = [
        days / (planned[one.plan_id] * rules.window_days(one.kind) / WEEK)
        for one in replies
        if (days := _days(one.reply)) is not None and planned.get(one.plan_id)
    ]
    return Share(sum(100 * part >= rules.board.enough_days_percent for part in parts), len(parts))


def _before_and_after(tx: Tx, start: datetime, end: datetime) -> list[tuple[Reply, Reply]]:
    """What the intake of a visit said, and what was said four weeks later."""
    replies = board.answered(tx, start, end, (CheckInKind.w4,), NEWEST)
    first = board.answers_of(tx, {one.booking_id for one in replies})
    return [(first.get(one.booking_id, {}), one.reply) for one in replies]


def _eased(replies: list[tuple[Reply, Reply]], growth: Growth) -> Share:
    """Less pain by an amount that matters, in points or percent."""
    pairs = [(score_of(before), score_of(after)) for before, after in replies]
    known = [(before, after) for before, after in pairs if before and after is not None]
    enough = [min(growth.pain_points, growth.pain_percent / 100 * before) for before, _ in known]
    eased = sum(before - after >= least for (before, after), least in zip(known, enough, strict=True))
    return Share(eased, len(known))


def _abler(replies: list[tuple[Reply, Reply]], growth: Growth) -> Share:
    """More points for what was hard to do, by an amount that matters."""
    gains = [gain for before, after in replies if (gain := _gain(before, after)) is not None]
    return Share(sum(gain >= growth.activity_points for gain in gains), len(gains))


def _gain(before: Reply, after: Reply) -> float | None:
    """The mean change of the activities that were scored both times; None where there is none."""
    scores = [(str(before.get(name, "")), str(after.get(name, ""))) for name in ACTIVITIES]
    changes = [int(now) - int(then) for then, now in scores if then.isdigit() and now.isdigit()]
    return sum(changes) / len(changes) if changes else None
