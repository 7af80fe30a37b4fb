"""What a check-in does to a plan: a row of the feedback table, alerts, the next version of the plan."""

from collections.abc import Mapping
from dataclasses import replace

from clinical.plan.case import Case, Policy
from clinical.plan.choose import choose
from schemas.checkin import DAYS, Alert, PlanState, Reply, Step
from schemas.choosing import Action, Difference, FeedbackRules, Growth, PlanContent
from schemas.forms.condition import Answer, values_of
from schemas.plan import Plan, Readiness

UP = frozenset({Action.LEVEL_UP, Action.STAGE_OK})
BETTER, UNCHANGED, WORSE, NO_PAIN = "better", "unchanged", "worse", "no_pain"
"""How it goes since the start (`course` in `rules/feedback.toml`)."""
OVERALL = {"much_worse": WORSE, "worse": WORSE, "better": BETTER, "much_better": BETTER}


def decide(reply: Reply | None, state: PlanState, rules: FeedbackRules, growth: Growth) -> Step:
    """Return what a reply does (None: the client did not reply): the first row that holds wins."""
    known = known_from(reply, state, growth)
    row = next(row for row in rules.row if row.when.holds(known))
    alerts = tuple(Alert(one.id, one.within, one.text) for one in rules.alert if one.when.holds(known))
    barriers = reply.barriers if reply else ()
    return Step(
        action=row.action,
        row=row.id,
        message=row.text,
        days=_days(reply, state),
        alerts=alerts,
        tips=tuple(rules.barriers[name] for name in barriers if name in rules.barriers),
        hard_exercise=reply.hard_exercise if reply else "",
    )


def next_plan(case: Case, reply: Reply | None, content: PlanContent, policy: Policy) -> tuple[Plan, Step]:
    """Return the plan after a check-in and the step that made it.

    `case.history` holds the plan and the state; `case.flags` the flags of now. When no move, level, stage or
    status changes, the very plan of the history comes back, and a step up that was not possible is a hold.
    What the step says of the plan is read off the two plans.
    """
    past = case.history
    step = decide(reply, past.state, content.feedback, content.choosing.growth)
    gap_days = 0 if reply and reply.days_done else past.gap_days
    made = choose(replace(case, history=replace(past, step=step, gap_days=gap_days)), content, policy)
    last = past.plan
    if last is None or made.status is not Readiness.READY:
        return made, step
    change = content.feedback.change.get(difference(last, made, content), "")
    if not _same(made, last):
        return made, replace(step, change=change)
    action = Action.HOLD if step.action in UP else step.action
    return last, replace(step, action=action, change=change)


def difference(last: Plan, made: Plan, content: PlanContent) -> Difference:
    """Return whether a plan asks more or less than the one before it, by stage, exercises and levels."""
    if _same(made, last):
        return Difference.SAME
    if made.stage > last.stage:
        return Difference.MORE
    before, now = _load(last, content), _load(made, content)
    more = [a > b for a, b in zip(now, before, strict=True)]
    less = [a < b for a, b in zip(now, before, strict=True)]
    if any(more) == any(less):
        return Difference.OTHER
    return Difference.MORE if any(more) else Difference.LESS


def _load(plan: Plan, content: PlanContent) -> tuple[int, int]:
    """How many exercises, and how hard they are together: rank in the family first, then level."""
    known = [(content.exercises.get(item.exercise_id), item.level) for item in plan.items]
    hard = sum(3 * (exercise.rank if exercise else 0) + level for exercise, level in known)
    return len(plan.items), hard


def reply_from(answers: Mapping[str, Answer], red_flag: bool = False, window_days: int = 7) -> Reply:
    """Return the answers of a check-in, or of a returning client's short update, as a reply.

    `red_flag`: a rule that stops fired on these answers; the days done are counted in `window_days`.
    """
    worse = _first(answers, "fu_worse_next_day")
    return Reply(
        red_flag=red_flag,
        new_symptoms=tuple(one for one in values_of(answers, "fu_symptoms") if one != "none"),
        after_massage=_first(answers, "fu_feel", "upd_after_massage"),
        pain=_whole(answers, "pain_avg7", "pain_now"),
        pain_during=_whole(answers, "fu_pain_during"),
        worse_next_day=worse == "yes" if worse else None,
        days_done=_whole(answers, "fu_days_done", "upd_days_done"),
        window_days=window_days,
        difficulty=_whole(answers, "fu_difficulty", "upd_difficulty"),
        activity=activity_score(answers),
        overall=_first(answers, "grc"),
        crash=_first(answers, "post_exert_crash") in ("yes", "not_sure"),
        words=bool(_first(answers, "fu_words")),
        barriers=values_of(answers, "upd_barrier"),
    )


def activity_score(answers: Mapping[str, Answer], like: Mapping[str, Answer] | None = None) -> float | None:
    """Return the mean of the "what you can do" scores that were given (0 to 10), or None.

    Where the things are named too, a score of none of them does not count: nobody is asked for it again.
    With `like`, only what is scored there counts too: not every check-in asks for every thing.
    """
    named = [number for number in (1, 2, 3) if answers.get(f"act{number}_name")] or [1, 2, 3]
    asked = [number for number in named if like is None or like.get(f"act{number}_score")]
    given = [_whole(answers, f"act{number}_score") for number in asked]
    scores = [score for score in given if score is not None]
    return sum(scores) / len(scores) if scores else None


def adherence(reply: Reply, days_per_week: int) -> float | None:
    """Return the part of the planned days that was done, 0 to 1; None when it is not known."""
    planned = days_per_week * reply.window_days / 7
    if reply.days_done is None or planned <= 0:
        return None
    return min(1.0, reply.days_done / planned)


def _days(reply: Reply | None, state: PlanState) -> dict[str, int]:
    planned = round(state.days_per_week * reply.window_days / 7) if reply else 0
    if reply is None or reply.days_done is None or planned <= 0:
        return {}
    return dict(zip(DAYS, (min(reply.days_done, planned), planned), strict=True))


def known_from(reply: Reply | None, state: PlanState, growth: Growth) -> dict[str, str | tuple[str, ...]]:
    """Return the names that the feedback table can ask about; what is not known is left out."""
    known: dict[str, str | tuple[str, ...] | None] = {
        "replied": "no" if reply is None else "yes",
        "missed": str(state.missed),
        "last_action": str(state.last_action) if state.last_action else None,
        "hard_replies": str(state.hard_replies),
        "weeks_in_plan": str(state.days_in_plan // 7),
        "weeks_in_stage": str(state.days_in_stage // 7),
        "age": None if state.age is None else str(state.age),
        "crash": _yes(state.crash_after_effort),
    }
    if reply is not None:
        known |= _from_reply(reply, state, growth)
    return {name: value for name, value in known.items() if value is not None}


def enough_change(reply: Reply, state: PlanState, growth: Growth) -> bool | None:
    """Return whether pain or activity changed by an amount that matters since the start; None: not known."""
    pain, activity = _pain_change(reply, state), _activity_change(reply, state)
    if pain is None and activity is None:
        return None
    part = -100 * pain / state.pain_at_start if pain is not None and state.pain_at_start else 0.0
    eased = pain is not None and (-pain >= growth.pain_points or part >= growth.pain_percent)
    return eased or (activity is not None and activity >= growth.activity_points)


def _from_reply(reply: Reply, state: PlanState, growth: Growth) -> dict[str, str | tuple[str, ...] | None]:
    done, change = adherence(reply, state.days_per_week), _pain_change(reply, state)
    enough = enough_change(reply, state, growth)
    over = None if reply.pain_during is None else _yes(reply.pain_during > state.pain_cap)
    return {
        "red_flag": _yes(reply.red_flag),
        "new_symptoms": reply.new_symptoms or None,
        "words": "yes" if reply.words else None,
        "after_massage": reply.after_massage or None,
        "pain": _text(reply.pain),
        "pain_change": _text(change),
        "over_cap": over,
        "worse_next_day": None if reply.worse_next_day is None else _yes(reply.worse_next_day),
        "difficulty": _text(reply.difficulty),
        "days_done": _text(reply.days_done),
        "adherence": None if done is None else f"{100 * done:.4f}",
        "activity_change": _text(_activity_change(reply, state)),
        "crash": _yes(reply.crash or state.crash_after_effort),
        "enough_change": None if enough is None else _yes(enough),
        "course": course(reply, state, growth),
        "daily_easy": str(reply.daily_easy),
        "daily_hard": str(reply.daily_hard),
    }


def course(reply: Reply, state: PlanState, growth: Growth) -> str:
    """Return how it goes since the start: `better`, `unchanged`, `worse`, or `no_pain` to go by.

    What is not known of pain counts as unchanged. Whoever had no pain at the start is judged by what they
    can do. The client's own word on the change only weighs where pain and activity say nothing.
    """
    pain, activity = _pain_change(reply, state), _activity_change(reply, state)
    overall, grown = OVERALL.get(reply.overall, UNCHANGED), activity or 0.0
    if (pain or 0) >= growth.pain_points or overall == WORSE:
        return WORSE
    if (pain or 0) > 0 or grown < 0:
        return UNCHANGED
    if state.pain_at_start is None or state.pain_at_start < growth.no_pain:
        return NO_PAIN
    eased = -(pain or 0) >= growth.better_points or (pain is None and overall == BETTER)
    return BETTER if eased or grown >= growth.activity_points else UNCHANGED


def _pain_change(reply: Reply, state: PlanState) -> int | None:
    if reply.pain is None or state.pain_at_start is None:
        return None
    return reply.pain - state.pain_at_start


def _activity_change(reply: Reply, state: PlanState) -> float | None:
    if reply.activity is None or state.activity_at_start is None:
        return None
    return reply.activity - state.activity_at_start


def _same(made: Plan, last: Plan) -> bool:
    return _core(made) == _core(last)


def _core(plan: Plan) -> tuple[object, ...]:
    levels = [(item.exercise_id, item.level) for item in plan.items]
    return plan.protocol_id, plan.stage, plan.status, sorted(levels)


def _whole(answers: Mapping[str, Answer], *names: str) -> int | None:
    for name in names:
        for value in values_of(answers, name):
            if value.isdigit():
                return int(value)
    return None


def _first(answers: Mapping[str, Answer], *names: str) -> str:
    return next((value for name in names for value in values_of(answers, name)), "")


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
