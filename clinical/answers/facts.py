"""Derives facts from answers: `field=value` strings that safety rules and the choice of moves read.

Source: docs/clinical.md#how-a-plan-comes-about. Words that the client typed never become facts.
"""

from collections.abc import Iterator
from datetime import date

from schemas.forms.condition import Answers, values_of, without_side

BORN = "date_of_birth"
FREE_TEXT = frozenset(
    {
        "full_name",
        "preferred_name",
        "email",
        "mobile_phone",
        "emergency_contact_name",
        "emergency_contact_phone",
        "emergency_contact_relation",
        "doctor_name_phone",
        "guardian_name",
        "goal_text",
        "act1_name",
        "act2_name",
        "act3_name",
        "cond_other_text",
        "med_other",
        "allergy_text",
        "comfort_note",
        "signature_name_date",
        BORN,
    }
)
"""Answers that are typed, not chosen."""

_BODY_MAPS = frozenset({"pain_regions", "avoid_areas", "main_region"})
_LOWER = (
    "hip",
    "thigh",
    "knee",
    "shin",
    "ankle",
    "foot",
    "buttock",
    "calf",
    "achilles",
    "low_back",
    "tailbone",
)
_SENIOR = 65


def age_on(answers: Answers, today: date) -> int | None:
    """Return the client's age in whole years on a day, or None when no date of birth was given."""
    given = values_of(answers, BORN)
    try:
        born = date.fromisoformat(given[0]) if given else None
    except ValueError:
        return None
    if born is None or born > today:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def derive(answers: Answers, today: date) -> frozenset[str]:
    """Return every fact that follows from the answers on a day; body-map places come without a side."""
    age = age_on(answers, today)
    return frozenset(
        (*_given(answers), *_health(answers), *_falls(answers, age), *_places(answers), *_age(age))
    )


def _is(answers: Answers, name: str, *wanted: str) -> bool:
    return any(value in wanted for value in values_of(answers, name))


def _given(answers: Answers) -> Iterator[str]:
    for name in answers:
        if name in FREE_TEXT:
            continue
        for value in values_of(answers, name):
            yield f"{name}={without_side(value) if name in _BODY_MAPS else value}"


def _health(answers: Answers) -> Iterator[str]:
    for name in answers:
        if name.startswith(("med_", "cond_")) and _is(answers, name, "not_sure"):
            yield f"{name}=yes"
    if values_of(answers, "cond_other_text"):
        yield "cond_other_text=present"
    if _is(answers, "rf_bone_spot", "yes", "not_sure"):
        yield "flag_bone_stress=yes"
    if _is(answers, "cond_dizzy", "unexplained"):
        yield "cond_dizzy=yes"
    if _is(answers, "pain_spread", "below_elbow_knee"):
        yield "cond_sciatica=yes"
    if _is(answers, "allergy_oils", "latex"):
        yield "allergy_latex=yes"
    if _is(answers, "bp_reading_high", "160_100", "180_110"):
        yield "cond_bp=not_controlled"
    if not values_of(answers, "is_runner"):
        yield "is_runner=no"


def _falls(answers: Answers, age: int | None) -> Iterator[str]:
    unsteady = _is(answers, "falls_unsteady", "yes", "not_sure")
    any_sign = (
        unsteady or _is(answers, "falls_worry", "yes", "not_sure") or not _is(answers, "falls_12m", "0")
    )
    senior = age is not None and age >= _SENIOR
    if _is(answers, "falls_12m", "2+", "not_sure") or unsteady or (senior and any_sign):
        yield "falls_flag=yes"


def _age(age: int | None) -> Iterator[str]:
    if age is not None and age < 18:
        yield "age=under18"
    if age is not None and age < 16:
        yield "age=under16"


def _quarter(region: str) -> str:
    side = region[-2:] if region.endswith(("_l", "_r")) else ""
    return f"{'lower' if region.startswith(_LOWER) else 'upper'}{side}" if side else ""


def _places(answers: Answers) -> Iterator[str]:
    """Yield whether one or several places hurt, and whether pain is all over (5 places, 3 quarters)."""
    regions = values_of(answers, "pain_regions")
    places = {without_side(region) for region in regions}
    quarters = {_quarter(region) for region in regions} - {""}
    if places:
        yield f"pain_places={'several' if len(places) > 1 else 'one'}"
    if len(places) >= 5 and len(quarters) >= 3:
        yield "widespread=yes"
    for name, value in main_place(answers).items():
        yield f"{name}={value}"


def main_place(answers: Answers) -> dict[str, str]:
    """Return `main_region` and `main_side` where the body map alone tells them, and they were not given."""
    regions = values_of(answers, "pain_regions")
    places = {without_side(region) for region in regions}
    if len(places) != 1:
        return {}
    sides = {region[-1] for region in regions if region.endswith(("_l", "_r"))}
    side = "both" if len(sides) == 2 else {"l": "left", "r": "right"}.get("".join(sides), "middle")
    found = {"main_region": places.pop(), "main_side": side}
    return {name: value for name, value in found.items() if not values_of(answers, name)}
