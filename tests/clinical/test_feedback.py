"""Check-ins: each row of the feedback table, the alerts, and five weeks of five clients."""

from dataclasses import replace

import pytest

from clinical.loop.feedback import activity_score, adherence, decide, enough_change, next_plan, reply_from
from clinical.plan.case import Case, History, Policy
from clinical.plan.choose import choose
from clinical.plan.wording import change_text
from schemas.checkin import PlanState, Reply, Step
from schemas.choosing import Action, Mode, Within
from schemas.exercise import LEVELS
from schemas.plan import Plan, Readiness
from schemas.session_note import SendWish, SessionNote
from tests.helpers.strategies import HEALTHY, Answers, case_of, moves

POLICY = Policy(mode=Mode.CLINICAL, clinic_phone="555-0100")
STATE = PlanState(pain_at_start=4, days_per_week=5, days_in_plan=14, days_in_stage=14, days_since_change=14)
GOOD = Reply(pain=3, pain_during=2, worse_next_day=False, days_done=5, difficulty=3)


def step(reply: Reply | None, **state: object) -> Step:
    rules = moves()
    return decide(reply, replace(STATE, **state), rules.feedback, rules.choosing.growth)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "state", "action", "message"),
    [
        (replace(GOOD, red_flag=True), {}, Action.STOP, "urgent"),
        (replace(GOOD, new_symptoms=("hot_limb",)), {}, Action.STOP, "urgent"),
        (replace(GOOD, new_symptoms=("not_sure",)), {}, Action.STOP, "urgent"),
        (replace(GOOD, new_symptoms=("ill",)), {}, Action.PAUSE, "paused"),
        (replace(GOOD, new_symptoms=("fall",)), {}, Action.PAUSE, "paused"),
        (replace(GOOD, new_symptoms=("numb_tingling",)), {}, Action.PAUSE, "paused"),
        (None, {"missed": 1}, Action.HOLD_NO_REPLY, ""),
        (replace(GOOD, pain=7, worse_next_day=True), {}, Action.REGRESS_REVIEW, ""),
        (replace(GOOD, pain=8), {"pain_at_start": 8}, Action.REGRESS_REVIEW, ""),
        (replace(GOOD, pain=6), {}, Action.REGRESS, "progress_down"),
        (replace(GOOD, pain_during=6), {}, Action.REGRESS, "progress_down"),
        (replace(GOOD, worse_next_day=True), {}, Action.REGRESS, "progress_down"),
        (replace(GOOD, pain=6), {"last_action": Action.REGRESS}, Action.REGRESS_REVIEW, ""),
        (replace(GOOD, pain=4, overall="worse"), {}, Action.REGRESS, "progress_down"),
        (replace(GOOD, difficulty=None, daily_hard=3), {}, Action.EASIER, "progress_down"),
        (replace(GOOD, difficulty=None, daily_hard=2), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, daily_hard=2), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, difficulty=None, daily_easy=2), {}, Action.STAGE_OK, "progress_better"),
        (replace(GOOD, difficulty=None), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, difficulty=5), {}, Action.EASIER, "progress_down"),
        (replace(GOOD, days_done=1), {}, Action.SHRINK, "shrink"),
        (replace(GOOD, days_done=3), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, difficulty=4), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, crash=True), {}, Action.HOLD, "progress_hold"),
        (GOOD, {"crash_after_effort": True}, Action.HOLD, "progress_hold"),
        (replace(GOOD, difficulty=1), {}, Action.STAGE_OK, "progress_better"),
        (GOOD, {}, Action.STAGE_OK, "progress_better"),
        (replace(GOOD, difficulty=1, pain=4), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, difficulty=1, pain=None), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, pain=4), {"days_in_plan": 28}, Action.HOLD, "progress_look"),
        (replace(GOOD, pain=0), {"pain_at_start": 0}, Action.STAGE_OK, "progress_done"),
        (replace(GOOD, pain=None), {"pain_at_start": None}, Action.STAGE_OK, "progress_done"),
        (replace(GOOD, pain=1), {"pain_at_start": 0}, Action.HOLD, "progress_hold"),
        (replace(GOOD, pain=5), {}, Action.HOLD, "progress_hold"),
        (replace(GOOD, activity=3.0), {"activity_at_start": 4.0}, Action.HOLD, "progress_hold"),
        (replace(GOOD, activity=5.0), {"activity_at_start": 4.0}, Action.STAGE_OK, "progress_better"),
        (replace(GOOD, pain=4, activity=5.0), {"activity_at_start": 4.0}, Action.HOLD, "progress_hold"),
        (replace(GOOD, pain=4, activity=6.0), {"activity_at_start": 4.0}, Action.STAGE_OK, "progress_better"),
        (Reply(), {}, Action.HOLD, "progress_hold"),
    ],
)
def test_each_row_of_the_feedback_table(
    reply: Reply | None, state: dict[str, object], action: Action, message: str
) -> None:
    made = step(reply, **state)
    assert (made.action, made.message) == (action, message)


@pytest.mark.parametrize(
    ("reply", "state", "alert", "within"),
    [
        (replace(GOOD, red_flag=True), {}, "red_flag", Within.NOW),
        (replace(GOOD, new_symptoms=("ill",)), {}, "unwell", Within.SAME_DAY),
        (replace(GOOD, new_symptoms=("numb_tingling",)), {}, "numb_tingling", Within.SAME_DAY),
        (replace(GOOD, new_symptoms=("fall",)), {}, "fall", Within.SAME_DAY),
        (replace(GOOD, new_symptoms=("fall",)), {"age": 70}, "fall_senior", Within.SAME_DAY),
        (Reply(after_massage="very_sore"), {}, "unwell_after_visit", Within.SAME_DAY),
        (Reply(after_massage="sore_3_plus"), {}, "sore_long", Within.NEXT_VISIT),
        (replace(GOOD, pain=6), {}, "worse", Within.ONE_WORK_DAY),
        (replace(GOOD, pain=7, worse_next_day=True), {}, "much_worse", Within.SAME_DAY),
        (replace(GOOD, pain=6), {"last_action": Action.REGRESS}, "worse_twice", Within.ONE_WORK_DAY),
        (replace(GOOD, difficulty=5), {"hard_replies": 2}, "too_hard_twice", Within.TWO_WORK_DAYS),
        (replace(GOOD, days_done=0), {}, "not_started", Within.THREE_DAYS),
        (None, {"missed": 2}, "silent", Within.THREE_DAYS),
        (replace(GOOD, pain=4), {"days_in_plan": 28}, "no_change", Within.AT_REVIEW),
    ],
)
def test_each_threshold_alerts_the_clinic(
    reply: Reply | None, state: dict[str, object], alert: str, within: Within
) -> None:
    assert (alert, within) in [(one.id, one.within) for one in step(reply, **state).alerts]


def test_a_good_check_in_alerts_nobody() -> None:
    assert step(GOOD).alerts == ()


def test_what_got_in_the_way_gives_a_tip() -> None:
    tips = step(replace(GOOD, days_done=1, barriers=("time", "forgot"))).tips
    assert tips == tuple(moves().feedback.barriers[name] for name in ("time", "forgot"))


def test_adherence_counts_within_the_days_that_were_asked_about_and_stops_at_one() -> None:
    assert adherence(Reply(days_done=7), 5) == 1.0
    assert adherence(Reply(days_done=3, window_days=3), 7) == 1.0
    assert adherence(Reply(days_done=2), 5) == pytest.approx(0.4)
    assert adherence(Reply(), 5) is None


@pytest.mark.parametrize(
    ("reply", "start", "enough"),
    [
        (Reply(pain=2), 4, True),
        (Reply(pain=2), 3, True),
        (Reply(pain=7), 8, False),
        (Reply(pain=4, activity=6.0), 4, True),
        (Reply(), 4, None),
    ],
)
def test_a_change_that_matters_is_two_points_or_a_third_or_two_points_of_activity(
    reply: Reply, start: int, enough: bool | None
) -> None:
    state = PlanState(pain_at_start=start, activity_at_start=4.0)
    assert enough_change(reply, state, moves().choosing.growth) is enough


def test_a_reply_is_read_from_a_check_in_and_from_a_short_update() -> None:
    checkin = {"fu_symptoms": ["none"], "pain_avg7": "3", "fu_pain_during": "2", "fu_worse_next_day": "no"}
    assert reply_from({**checkin, "fu_days_done": "5", "fu_difficulty": "3"}) == GOOD
    update = reply_from({"upd_days_done": "4", "upd_difficulty": "2", "upd_after_massage": "sore_3_plus"})
    assert (update.days_done, update.difficulty, update.after_massage) == (4, 2, "sore_3_plus")
    assert reply_from({"fu_symptoms": ["fall", "other"]}).new_symptoms == ("fall", "other")


class Story:
    """One client over weeks: each check-in steps the plan and the state."""

    def __init__(self, place: str = "neck_back") -> None:
        self.case: Case = case_of({**HEALTHY, "main_region": place, "pain_regions": [place]})
        self.plan: Plan = choose(self.case, moves(), POLICY)
        self.state = PlanState(
            pain_at_start=4, pain_cap=self.plan.pain_cap, days_per_week=self.plan.days_per_week
        )

    def week(self, reply: Reply | None) -> Step:
        """Seven days pass and a check-in is answered, or not."""
        old = self.state
        passed = replace(
            old,
            days_in_plan=old.days_in_plan + 7,
            days_in_stage=old.days_in_stage + 7,
            days_since_change=old.days_since_change + 7,
            missed=0 if reply else old.missed + 1,
        )
        plan, made = next_plan(replace(self.case, history=History(self.plan, passed)), reply, moves(), POLICY)
        moved = plan.stage != self.plan.stage
        self.state = replace(
            passed,
            last_action=made.action,
            days_in_stage=0 if moved else passed.days_in_stage,
            days_since_change=passed.days_since_change if plan is self.plan else 0,
        )
        self.plan = plan
        return made


def test_story_improving_grows_stage_by_stage() -> None:
    story = Story()
    stages = []
    for pain in (4, 3, 2, 2, 1):
        story.week(replace(GOOD, pain=pain))
        stages.append(story.plan.stage)
    assert stages == [1, 2, 2, 3, 3]
    assert story.plan.status is Readiness.READY


def test_story_stalled_keeps_the_plan_and_suggests_a_doctor_after_four_weeks() -> None:
    story = Story()
    first = story.plan
    steps = [story.week(replace(GOOD, pain=4, days_done=3)) for _ in range(5)]
    assert {one.action for one in steps} == {Action.HOLD}
    assert story.plan is first
    assert ["no_change" in [alert.id for alert in one.alerts] for one in steps] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_story_worse_steps_down_then_waits_for_a_person() -> None:
    story = Story()
    first = story.plan
    assert story.week(replace(GOOD, pain=6)).action is Action.REGRESS
    assert len(story.plan.items) < len(first.items)
    assert story.plan.status is Readiness.READY
    assert story.week(replace(GOOD, pain=6)).action is Action.REGRESS_REVIEW
    assert (story.plan.protocol_id, story.plan.status) == ("calm_only", Readiness.HELD)


def test_only_a_practitioner_leads_out_of_the_calm_plan_and_looks_within_two_weeks() -> None:
    story = Story()
    for _ in range(2):
        story.week(replace(GOOD, pain=6))
    calm = replace(story.plan, status=Readiness.READY)
    history = History(calm, replace(story.state, days_in_stage=7, last_action=Action.HOLD))
    week, _ = next_plan(replace(story.case, history=history), GOOD, moves(), POLICY)
    assert (week.protocol_id, week.status) == ("calm_only", Readiness.READY)
    later = replace(history, state=replace(history.state, days_in_stage=14))
    held, _ = next_plan(replace(story.case, history=later), GOOD, moves(), POLICY)
    assert (held.protocol_id, held.status) == ("calm_only", Readiness.HELD)
    note = SessionNote(send=SendWish.OK_TO_SEND, author="sam", protocol="neck_shoulder_desk")
    on, _ = next_plan(replace(story.case, history=later, note=note), GOOD, moves(), POLICY)
    assert (on.protocol_id, on.stage, on.status) == ("neck_shoulder_desk", 1, Readiness.READY)


def test_story_silent_never_grows_and_a_person_is_told_after_two() -> None:
    story = Story()
    first = story.plan
    alerts = [[alert.id for alert in story.week(None).alerts] for _ in range(3)]
    assert alerts == [[], ["silent"], ["silent"]]
    assert story.plan is first


def test_story_new_red_flag_ends_the_plan_and_alerts_at_once() -> None:
    story = Story()
    story.week(GOOD)
    made = story.week(replace(GOOD, new_symptoms=("chest_breath",), red_flag=True))
    assert made.action is Action.STOP
    assert [alert.within for alert in made.alerts] == [Within.NOW]
    assert (story.plan.status, story.plan.items) == (Readiness.NONE, ())


def test_easy_weeks_raise_two_moves_at_most() -> None:
    story = Story()
    before = {item.exercise_id: item.level for item in story.plan.items}
    assert story.week(replace(GOOD, difficulty=1)).change == "plan_more"
    after = {item.exercise_id: item.level for item in story.plan.items}
    assert sorted(after[name] - before[name] for name in before) == [0, 1, 1]
    assert change_text(story.plan, moves()).startswith("A little more of: ")


def test_a_step_up_that_is_too_early_is_a_hold_and_says_so() -> None:
    story = Story()
    story.week(replace(GOOD, difficulty=1))
    raised = story.plan
    early = replace(story.state, days_since_change=3)
    case = replace(story.case, history=History(raised, early))
    plan, made = next_plan(case, replace(GOOD, difficulty=1), moves(), POLICY)
    assert plan is raised
    assert (made.action, made.change, made.row) == (Action.HOLD, "plan_same", "better")


def test_a_move_at_the_top_level_gives_way_to_a_harder_one_only_if_that_is_safe() -> None:
    answers: Answers = {**HEALTHY, "activity_profile": "retired", "sitting_hours": "0-2"}
    case = case_of(answers)
    plan = choose(case, moves(), POLICY)
    top = replace(plan, items=tuple(replace(item, level=3) for item in plan.items))
    state = PlanState(pain_at_start=4, days_per_week=4, days_in_plan=20, days_since_change=20)
    harder, _ = next_plan(
        replace(case, history=History(top, state)), replace(GOOD, difficulty=1), moves(), POLICY
    )
    levels = {item.exercise_id: item.level for item in harder.items}
    assert levels == {"act_bridge_single": 1, "calm_legs_on_chair": 3, "int_walk": 3}
    items = tuple(replace(item, exercise_id="act_heel_raise") for item in top.items[:1])
    stiff = case_of({**answers, "cond_joint_replacement": ["hip_recent"]})
    safe, _ = next_plan(
        replace(stiff, history=History(replace(top, items=items), state)),
        replace(GOOD, difficulty=1),
        moves(),
        POLICY,
    )
    assert {item.exercise_id: item.level for item in safe.items}["act_heel_raise"] == 3


def test_a_busy_week_shrinks_the_plan_to_its_two_best_moves() -> None:
    story = Story()
    best = {item.exercise_id for item in story.plan.items if item.priority < 2}
    story.week(replace(GOOD, days_done=1))
    assert {item.exercise_id for item in story.plan.items} == best


def test_too_hard_makes_the_move_that_the_client_names_easier() -> None:
    story = Story("low_back_l")
    story.week(replace(GOOD, difficulty=5, hard_exercise="act_bridge"))
    assert "act_glute_squeeze" in {item.exercise_id for item in story.plan.items}


def test_a_score_of_a_thing_that_was_not_named_is_not_an_activity() -> None:
    assert activity_score({"act1_name": "Put on socks", "act1_score": "5", "act2_score": "0"}) == 5
    assert activity_score({"act1_score": "4", "act2_score": "6"}) == 5  # a check-in asks by number


def test_what_one_can_do_is_compared_with_the_same_things_at_the_start() -> None:
    start = {"act1_name": "Socks", "act1_score": "3", "act2_name": "Stairs", "act2_score": "8"}
    assert activity_score(start) == 5.5
    assert activity_score(start, {"act1_score": "4"}) == 3
    assert activity_score(start, {"pain_now": "4"}) is None


@pytest.mark.parametrize(
    ("done", "window", "days"),
    [
        (5, 7, {"done": 5, "planned": 5}),
        (7, 7, {"done": 5, "planned": 5}),
        (1, 3, {"done": 1, "planned": 2}),
        (None, 7, {}),
    ],
)
def test_a_step_says_how_many_of_the_planned_days_were_done(
    done: int | None, window: int, days: dict[str, int]
) -> None:
    assert step(replace(GOOD, days_done=done, window_days=window)).days == days


def test_no_dose_is_of_a_single_day_so_days_are_always_many() -> None:
    doses = [each.dose.at(level) for each in moves().exercises.values() for level in LEVELS]
    assert min(dose.days_per_week for dose in doses) > 1
