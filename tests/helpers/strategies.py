"""Random intakes, flags, session notes and replies: a healthy client, a few answers changed or blank."""

from datetime import date
from functools import cache

from hypothesis import strategies as st

from clinical.answers.facts import age_on, derive
from clinical.plan.case import Case, Policy, case_for
from clinical.plan.wording import word
from library.content import load
from schemas.checkin import Reply
from schemas.choosing import Mode, PlanContent
from schemas.plan import Plan
from schemas.rules import Flag, Severity
from schemas.session_note import Response, SendWish, SessionNote
from schemas.worded_plan import WordedPlan
from tests.helpers.content import CONTENT

TODAY = date(2026, 11, 22)

Answers = dict[str, str | list[str]]

HEALTHY: Answers = {
    "date_of_birth": "1986-03-01",
    "visit_reason": "pain",
    "goals": ["less_pain"],
    "activity_profile": "desk",
    "sitting_hours": "6-8",
    "activity_level": "some",
    "is_runner": "no",
    "minutes_per_day": "60",  # time for everything: what has no room is another test
    "confidence": "8",
    "equipment": ["ball", "band", "foam_roller", "rolling_pin", "step"],
    "move_floor": "yes",
    "move_kneel": "yes",
    "move_stand": "yes",
    "pain_regions": ["low_back_l"],
    "main_region": "low_back_l",
    "main_side": "left",
    "pain_now": "3",
    "pain_avg7": "3",
    "pain_worst24": "5",
    "pain_duration": "gt_3m",
    "pregnancy": "no",
    "falls_12m": "0",
    "falls_unsteady": "no",
    "falls_worry": "no",
    "under_other_care": ["none"],
    "consent_exercise": "yes",
}

RISKS = {
    "move_floor": ["no"],
    "move_kneel": ["no"],
    "move_stand": ["no"],
    "pregnancy": ["t1", "t2", "t3", "postpartum", "unsure"],
    "cond_heart": ["stable"],
    "cond_bp": ["not_controlled"],
    "cond_stroke": ["past", "recent"],
    "cond_clot": ["past", "recent"],
    "cond_varicose": ["yes"],
    "cond_bleeding": ["yes"],
    "cond_cancer": ["past", "active"],
    "cond_lymph": ["yes"],
    "cond_bone": ["osteopenia", "osteoporosis", "spine_fracture"],
    "recent_fracture": ["spine_rib", "arm_shoulder", "leg_hip"],
    "recent_surgery": ["spine", "belly_chest", "arm_shoulder", "leg_hip"],
    "cond_joint_replacement": ["hip_recent", "knee_recent", "shoulder_recent", "old"],
    "cond_inflam_arthritis": ["quiet", "flare"],
    "cond_fibro": ["yes"],
    "cond_hypermobile": ["yes"],
    "cond_neck_unstable": ["yes"],
    "cond_spine_slip": ["yes"],
    "cond_sciatica": ["yes"],
    "cond_diabetes": ["numb_feet"],
    "cond_numb": ["yes"],
    "cond_dizzy": ["yes", "unexplained"],
    "cond_lung": ["yes"],
    "cond_hernia": ["yes"],
    "cond_eye": ["yes"],
    "cond_skin": ["yes"],
    "cond_panic_breath": ["yes"],
    "falls_12m": ["1", "2+"],
    "falls_unsteady": ["yes"],
    "med_blood_thinner": ["yes", "not_sure"],
    "med_steroids": ["yes"],
    "allergy_oils": ["latex"],
    "rf_bone_spot": ["yes", "not_sure"],
    "pain_spread": ["below_elbow_knee"],
}
"""Answers that only ever make a plan smaller or gentler."""

REGIONS = [
    "neck_back",
    "upper_trap",
    "shoulder_blade_r",
    "shoulder_front_l",
    "mid_back",
    "chest",
    "low_back_r",
    "buttock_l",
    "hip_groin_l",
    "hip_side_r",
    "knee_front_l",
    "knee_outer_r",
    "knee_inner_l",
    "knee_back_r",
    "thigh_front_l",
    "calf_r",
    "achilles_heel_l",
    "foot_sole_r",
    "wrist_hand_l",
    "belly",
    "jaw_l",
    "neck_front",
    "head_back_r",
]

OTHER = {
    "date_of_birth": ["1940-05-05", "1958-01-01", "1979-07-07", "2000-02-29"],
    "main_region": REGIONS,
    "main_side": ["left", "right", "both", "middle"],
    "visit_reason": ["stiff", "sport", "relax", "after_injury"],
    "goals": ["balance", "run", "work"],
    "activity_profile": ["retired", "athlete", "manual_job"],
    "sitting_hours": ["0-2", "9+"],
    "activity_level": ["little", "very"],
    "is_runner": ["yes"],
    "minutes_per_day": ["5", "10", "15"],
    "confidence": ["2", "10"],
    "equipment": ["none", "ball", "band", "foam_roller"],
    "pain_now": ["0", "6", "8", "10"],
    "pain_avg7": ["1", "9"],
    "pain_worst24": ["8", "10"],
    "pain_duration": ["lt_6w", "6_12w"],
    "pain_feel": ["burning", "ache"],
    "worse_with": ["running", "sitting", "lying_on_side"],
    "cond_oa": ["knee", "hip", "hand"],
    "post_exert_crash": ["yes", "not_sure"],
    "under_other_care": ["physical_therapist", "surgeon", "doctor"],
    "avoid_areas": ["buttock_l", "thigh_front_r", "shoulder_blade_l", "calf_l", "mid_back", "neck_back"],
}

MULTI = frozenset(
    [
        "goals",
        "equipment",
        "recent_fracture",
        "recent_surgery",
        "cond_joint_replacement",
        "pain_feel",
        "worse_with",
        "cond_oa",
        "under_other_care",
        "avoid_areas",
        "allergy_oils",
    ]
)

pairs = st.sampled_from(
    [(name, value) for table in (RISKS, OTHER) for name, values in table.items() for value in values]
)
risk_pairs = st.sampled_from([(name, value) for name, values in RISKS.items() for value in values])


@cache
def moves(language: str = "en") -> PlanContent:
    """Return the clinic's own content, read once."""
    return load(CONTENT, language).plan_content


def worded(plan: Plan, policy: Policy | None = None, language: str = "en") -> WordedPlan:
    """Return the plan in words."""
    return word(plan, moves(language), policy or Policy())


def with_answer(answers: Answers, name: str, value: str) -> Answers:
    """Return the answers with one more: multiple answers grow, others are replaced."""
    if name == "main_region":
        return {**answers, name: value, "pain_regions": [value, "low_back_l"]}
    given = answers.get(name, [])
    if name not in MULTI:
        return {**answers, name: value}
    kept = [one for one in given if one != "none"] if isinstance(given, list) else []
    return {**answers, name: [value] if value == "none" else [*kept, value]}


@st.composite
def intakes(draw: st.DrawFn, changed: st.SearchStrategy[tuple[str, str]] = pairs) -> Answers:
    """A first-visit intake: up to nine answers changed, up to three left blank."""
    answers: Answers = dict(HEALTHY)
    for name, value in draw(st.lists(changed, max_size=9)):
        answers = with_answer(answers, name, value)
    for name in draw(
        st.lists(st.sampled_from(sorted(HEALTHY.keys() - {"consent_exercise", "date_of_birth"})), max_size=3)
    ):
        answers.pop(name, None)
    return answers


def flag(severity: Severity, rule: str = "RF99") -> Flag:
    """Return a flag of one severity."""
    return Flag(rule, rule, severity, (), "text", "action", "source")


def case_of(answers: Answers, *flags: Flag, note: SessionNote | None = None, released_by: str = "") -> Case:
    """Return the case of an intake, with the facts and the age that the intake gives."""
    facts = derive(answers, TODAY)
    return case_for(answers, facts, age_on(answers, TODAY), flags, note=note, released_by=released_by)


some_flags = st.lists(
    st.builds(flag, st.sampled_from(list(Severity)), st.sampled_from(["RF12", "RF18", "RF21", "RF24"])),
    max_size=2,
)

policies = st.builds(
    Policy,
    first_moves=st.sampled_from([2, 3, 4]),
    most_moves=st.sampled_from([4, 5]),
    mode=st.sampled_from(list(Mode)),
    clinic_phone=st.just("555-0100"),
    require_ok=st.booleans(),
)


@st.composite
def notes(draw: st.DrawFn) -> SessionNote:
    """A session note with edits, signed or not."""
    names = st.sampled_from(sorted(moves().exercises))
    return SessionNote(
        send=draw(st.sampled_from([SendWish.OK_TO_SEND, SendWish.HOLD])),
        author="sam",
        credential=draw(st.sampled_from(["", "LMT"])),
        protocol=draw(st.sampled_from(["", "", "", *sorted(moves().protocols)])),
        response=draw(st.sampled_from([None, *Response])),
        remove=tuple(draw(st.lists(names, max_size=2))),
        add=tuple(draw(st.lists(names, max_size=3))),
        add_reason=draw(st.sampled_from(["", "Done together in the visit, no trouble."])),
        level_cap=draw(st.sampled_from([1, 2, 3])),
    )


good_replies = st.builds(
    Reply,
    pain=st.sampled_from([1, 2, 3]),
    pain_during=st.sampled_from([0, 2, 3]),
    worse_next_day=st.just(False),
    days_done=st.sampled_from([5, 6, 7]),
    difficulty=st.sampled_from([1, 2, 3, 3]),
    activity=st.just(6.0),
)

replies = st.builds(
    Reply,
    red_flag=st.sampled_from([False, False, False, False, True]),
    new_symptoms=st.sampled_from([(), (), (), (), ("fall",), ("numb_tingling",), ("ill",)]),
    pain=st.sampled_from([None, 0, 1, 2, 3, 3, 4, 5, 6, 8]),
    pain_during=st.sampled_from([None, 0, 1, 2, 3, 4, 6]),
    worse_next_day=st.sampled_from([None, False, False, True]),
    days_done=st.sampled_from([None, 0, 1, 2, 3, 4, 5, 6, 7]),
    difficulty=st.sampled_from([None, 1, 2, 3, 3, 4, 5]),
    activity=st.sampled_from([None, 3.0, 6.0]),
    crash=st.sampled_from([False, False, False, True]),
)
