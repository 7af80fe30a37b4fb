"""The form in which a plan is changed: which exercises stand on it, in which order, and what was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from clinical.plan import limits
from clinical.plan.edit import Edit
from clinical.plan.limits import Limit
from schemas.choosing import PlanContent
from schemas.plan import Dose, Own, PlanItem, Side
from schemas.staff import Staff

Form = MultiDict[str, str]
FIELDS = {
    "sets": "sets",
    "reps": "reps",
    "hold": "hold_seconds",
    "minutes": "minutes",
    "days": "days_per_week",
}
"""Name of a field, and of the figure of a dose that it holds."""
OWN = "own"
FIRST_OWN = Dose(sets=2, reps=8, days_per_week=3)
MOST_LINES, MOST_DIGITS = 12, 4
TEXT, OWN_NAME, OWN_TEXT, REASON, CREDENTIAL = 200, 80, 1000, 300, 20
"""How long what is typed may be."""


@dataclass
class Draft:
    """A plan as it stands in the form: its exercises in order, and each wrong field by exercise and name."""

    items: list[PlanItem]
    typed: Form
    wrong: dict[str, dict[str, Limit]] = field(default_factory=dict)

    @property
    def kept(self) -> list[PlanItem]:
        """Those that are not to be taken out."""
        gone = set(self.typed.getlist("remove"))
        return [item for item in self.items if item.exercise_id not in gone]


def stored(items: Sequence[PlanItem]) -> Draft:
    """The form before anything is typed."""
    return Draft(list(items), MultiDict())


def posted(form: Form, before: Sequence[PlanItem], content: PlanContent) -> Draft:
    """What the form says now, after the button that moves, adds or swaps; nothing is decided by it."""
    known = {item.exercise_id: item for item in before}
    names = list(dict.fromkeys(form.getlist("line")))[:MOST_LINES]
    items = [known.get(name) or new(name, content) for name in _arranged(names, form.get("do", ""))]
    draft = Draft(items, form)
    draft.items = [_typed(item, draft) for item in items]
    return draft


def new(name: str, content: PlanContent) -> PlanItem:
    """An exercise that comes in, at the first level."""
    exercise = content.exercises.get(name)
    return PlanItem(name, 1, replace(exercise.dose.at(1), note="") if exercise else Dose())


def _arranged(names: list[str], do: str) -> list[str]:
    act, _, rest = do.partition(":")
    name, _, other = rest.partition(":")
    if act == "add":
        return [*names, *([name] if name not in names else [])]
    if name not in names:
        return names
    at = names.index(name)
    if act == "swap":
        return [other if each == name else each for each in names if each == name or each != other]
    to = at + {"up": -1, "down": 1}.get(act, 0)
    rest_of = [each for each in names if each != name]
    return [*rest_of[: max(to, 0)], name, *rest_of[max(to, 0) :]]


def _typed(item: PlanItem, draft: Draft) -> PlanItem:
    """The exercise with what was typed; a figure that is none is wrong, and stays as it was."""
    form, name = draft.typed, item.exercise_id
    dose, wrong = dose_of(form, name, item.dose)
    if wrong:
        draft.wrong[name] = wrong
    side = form.get(f"side-{name}", "")
    given = Side(side) if side in list(Side) else item.side
    level = int(form[f"level-{name}"]) if form.get(f"level-{name}") in ("1", "2", "3") else item.level
    by_hand = (dose, given) != (item.dose, item.side) or (item.by_hand and level == item.level)
    own = _own(form, name, item.own) if item.own else None
    text = form.get(f"text-{name}", item.text).strip()[:TEXT]
    return replace(item, dose=dose, side=given, level=level, by_hand=by_hand, text=text, own=own)


def _own(form: Form, name: str, own: Own) -> Own:
    said = form.get(f"name-{name}", "").strip()[:OWN_NAME] or own.name
    return replace(own, name=said, steps=_steps(form.get(f"steps-{name}", "\n".join(own.steps))))


def _steps(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text[:OWN_TEXT].splitlines() if line.strip())


def dose_of(form: Mapping[str, str], name: str, before: Dose) -> tuple[Dose, dict[str, Limit]]:
    """The figures typed for one exercise, and which of them are none, with what they may be."""
    figures: dict[str, Any] = {}
    wrong = {}
    for short, figure in FIELDS.items():
        if figure not in limits.figures(before) or f"{short}-{name}" not in form:
            continue
        said = form[f"{short}-{name}"].strip()
        if said.isdecimal() and len(said) <= MOST_DIGITS:
            figures[figure] = int(said)
        else:
            wrong[figure] = Limit(*limits.LIMITS[figure])
    return replace(before, **figures), wrong


def with_own(draft: Draft, ident: str, media: str = "") -> Draft:
    """The form with the own exercise that was typed at its end; `ident` is new with each."""
    form = draft.typed
    said = form.get(f"name-{OWN}", "").strip()[:OWN_NAME]
    if not said:
        return draft
    dose, wrong = dose_of(form, OWN, FIRST_OWN)
    wrong |= past(dose)
    own = Own(said, _steps(form.get(f"steps-{OWN}", "")), media)
    item = PlanItem(f"{OWN}_{ident}", 1, dose, by_hand=True, own=own)
    return Draft([*draft.items, item], form, draft.wrong | ({OWN: wrong} if wrong else {}))


def past(dose: Dose) -> dict[str, Limit]:
    """The figures of an own exercise that are past their limit."""
    own = ((name, Limit(*limits.LIMITS[name])) for name in limits.figures(dose))
    return {name: one for name, one in own if not one.least <= getattr(dose, name) <= one.most}


def edit_of(draft: Draft, who: Staff) -> Edit:
    """The change of the whole plan, in the name of who is signed in."""
    return Edit(
        author=who.name,
        credential=draft.typed.get("credential", who.credential).strip()[:CREDENTIAL],
        reason=draft.typed.get("reason", "").strip()[:REASON],
        lines=tuple(draft.kept),
    )
