"""A plan as the practitioner reads it: moves, reasons in plain words, and what may be changed."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from clinical.plan.edit import Edit
from handlers.context import Context
from handlers.plans.by_hand import CHANGEABLE
from schemas import plan as plans_json
from schemas.choosing import Moves
from schemas.plan import Effect, Plan, PlanItem, Reason, StoredPlan
from web.console import drawings
from web.language import Say

GROUPS = {
    Effect.IN: "Why these moves",
    Effect.HELD: "Why it waits",
    Effect.SWAPPED: "Swapped",
    Effect.OUT: "Left out",
    Effect.LEVEL: "Made easier or harder",
    Effect.STAGE: "Stage",
    Effect.BUDGET: "How many",
}


def plan_view(context: Context, stored: StoredPlan, say: Say) -> dict[str, Any]:
    """Everything that the page shows of a plan."""
    plan = plans_json.load(stored.content)
    moves = context.moves(context.clinic.spoken(plan.language))
    return {
        "stored": stored,
        "plan": plan,
        "items": [_item(item, moves) for item in plan.items],
        "reasons": _reasons(plan, moves, say),
        "others": _others(plan, moves),
        "protocol": plan.protocol_name_full or plan.protocol_name_for_client,
        "open": stored.status in CHANGEABLE,
    }


def _item(item: PlanItem, moves: Moves) -> dict[str, Any]:
    exercise = moves.exercises.get(item.exercise_id)
    swaps = [*exercise.swaps, exercise.easier, exercise.harder] if exercise else []
    known = [name for name in dict.fromkeys(swaps) if name in moves.exercises]
    return {
        "item": item,
        "swaps": [(name, moves.exercises[name].name) for name in known],
        "figures": [svg for svg, _label in drawings.of_exercise(item.exercise_id)],
    }


def _name(moves: Moves, exercise_id: str | None) -> str:
    found = moves.exercises.get(exercise_id or "")
    return found.name if found else exercise_id or ""


def _reasons(plan: Plan, moves: Moves, say: Say) -> list[dict[str, Any]]:
    """Reasons by what they did, each with its move's name, the rule and the fact."""
    made = []
    for effect, title in GROUPS.items():
        rows = [_reason(one, moves) for one in plan.reasons if one.effect is effect]
        if rows:
            made.append({"title": say(title), "effect": str(effect), "rows": rows})
    return made


def _reason(one: Reason, moves: Moves) -> dict[str, str]:
    return {
        "move": _name(moves, one.exercise_id),
        "other": _name(moves, one.other_id),
        "text": one.full_text or one.client_text,
        "rule": one.rule,
        "fact": one.fact,
    }


def _others(plan: Plan, moves: Moves) -> list[tuple[str, list[tuple[str, str]]]]:
    """Moves that could be added, by phase."""
    there = {item.exercise_id for item in plan.items}
    phases: dict[str, list[tuple[str, str]]] = {}
    for one in sorted(moves.exercises.values(), key=lambda each: each.name):
        if one.id not in there:
            label = moves.wording.phases.get(one.phase, str(one.phase))
            phases.setdefault(label, []).append((one.id, one.name))
    return sorted(phases.items())


def edit_from(form: Mapping[str, str] | MultiDict[str, str], author: str, credential: str) -> Edit:
    """The change that was posted: `remove`, `add`, `swap-<id>`, `level-<id>`, `reason`."""
    gone = form.getlist("remove") if isinstance(form, MultiDict) else []
    swaps = _named(form, "swap-")
    levels = {name: int(value) for name, value in _named(form, "level-").items() if value in ("1", "2", "3")}
    add = form.get("add", "")
    return Edit(
        author=author,
        credential=form.get("credential", credential).strip()[:20],
        remove=tuple(gone),
        add=(add,) if add else (),
        swap=tuple((name, to) for name, to in swaps.items() if name not in gone),
        levels=tuple(levels.items()),
        reason=form.get("reason", "").strip()[:300],
    )


def _named(form: Mapping[str, str] | MultiDict[str, str], prefix: str) -> dict[str, str]:
    return {
        key.removeprefix(prefix): value for key, value in form.items() if key.startswith(prefix) and value
    }
