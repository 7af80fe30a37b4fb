"""A plan as the practitioner reads it: exercises, reasons in plain words, and what may be changed."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from clinical.plan.edit import Edit
from clinical.plan.own import with_own
from handlers.context import Context
from handlers.plans import page
from handlers.plans.by_hand import CHANGEABLE
from schemas.choosing import PlanContent
from schemas.plan import Effect, Plan, PlanReason, StoredPlan
from schemas.worded_plan import WordedItem
from web.console import drawings
from web.console.plan_reasons import explained, name_of
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


def plan_view(context: Context, stored: StoredPlan, language: str, say: Say) -> dict[str, Any]:
    """Everything that the page shows of a plan, in the practitioner's language."""
    plan = stored.plan
    content = with_own(context.plan_content(language), plan.items)
    worded = page.worded(context, stored, language)
    return {
        "stored": stored,
        "plan": plan,
        "items": [_item(item, stored, worded.language) for item in worded.items],
        "reasons": _reasons(plan, content, say),
        "protocol": worded.protocol_name_full or worded.protocol_name,
        "open": stored.status in CHANGEABLE,
    }


def _item(item: WordedItem, stored: StoredPlan, language: str) -> dict[str, Any]:
    """An exercise, its drawings, and where its photo or clip is when it is the practitioner's own."""
    own = any(each.own for each in stored.plan.items if each.exercise_id == item.exercise_id)
    media = url_for("console_editor.own", booking_id=stored.booking_id, name=item.exercise_id)
    figures = [svg for svg, _label, _language in drawings.of_exercise(item.exercise_id, language)]
    return {"item": item, "figures": figures, "own": own, "media": media if item.media else ""}


def _reasons(plan: Plan, content: PlanContent, say: Say) -> list[dict[str, Any]]:
    """Reasons by what they did, each with its exercise's name, the rule and the fact."""
    made = []
    for effect, title in GROUPS.items():
        rows = [_reason(one, content, say) for one in plan.reasons if one.effect is effect]
        if rows:
            made.append({"title": say(title), "effect": str(effect), "rows": rows})
    return made


def _reason(one: PlanReason, content: PlanContent, say: Say) -> dict[str, str]:
    return {
        "exercise": name_of(one.exercise_id, content),
        "other": name_of(one.other_id, content),
        "text": explained(one, say, content),
        "rule": one.rule,
        "fact": one.fact,
    }


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
