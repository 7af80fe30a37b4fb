"""Plans as they were stored first, with finished words: read as decisions, as far as they can be.

Sentences had no keys then. Where rule and fact give the key, the sentence can be said in any language; where
they do not, the old words are kept, and shown in their own language alone.
"""

import re
from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]
ROW = re.compile(r"row (\w+) of the match table")
REGION = re.compile(r"main_region=(\w+?)(?:_[lr])?(?: |$)")
OLD = "old"  # a key that no content has: the words kept are all there is
BECAUSE = {"R5": "calm_added", "R6": "fill"}
STEPPED = {"step up": "stepped_up", "step down": "stepped_down"}
REFUSED = {"R0": "too_young", "R1": "red_flag", "R8": "red_flag", "R9": "no_plan_wanted"}
SAME = ("protocol_id", "stage", "version", "status", "days_per_week", "minutes_per_day", "pain_cap")
ALSO = ("practitioner_note", "overrides", "language")


def is_it(values: Values) -> bool:
    """True for a plan of the first form."""
    return "protocol_name_for_client" in values


def decision(values: Values) -> dict[str, Any]:
    """The plan in the form of now, as plain JSON values."""
    made = {name: values[name] for name in (*SAME, *ALSO) if name in values}
    made["items"] = [_item(item, values) for item in values["items"]]
    levels = {item["exercise_id"]: item["level"] for item in values["items"]}
    made["reasons"] = [_reason(reason, levels) for reason in values["reasons"]]
    made["changes"] = {OLD: []} if values.get("change_text") else {}
    made["kept"] = {
        "language": values["language"],
        "protocol_name": values["protocol_name_for_client"],
        "tip": values.get("tip", ""),
        "change_text": values.get("change_text", ""),
        "intro": values["intro"],
        "items": {item["exercise_id"]: _kept(item) for item in values["items"]},
        "reasons": ["" if one["effect"] == "in" else one["client_text"] for one in values["reasons"]],
    }
    return made


def _item(item: Values, plan: Values) -> dict[str, Any]:
    dose = {name: value for name, value in item["dose"].items() if name not in ("note", "language")}
    counted = dose.get("minutes") or dose.get("reps")
    return {
        "exercise_id": item["exercise_id"],
        "level": item["level"],
        "dose": dose,
        "side": item.get("side", "none"),
        "because": _because(item["exercise_id"], plan),
        "caution": _caution(item["exercise_id"], plan) if item.get("caution") else "",
        "dose_note": OLD if item["dose"].get("note") and not counted else "",
        "priority": item.get("priority", 0),
    }


def _caution(name: str, plan: Values) -> str:
    """The fact behind a caution, where it lowered the level too: the reason of that names it."""
    own = (one for one in plan["reasons"] if one["effect"] == "level" and one["exercise_id"] == name)
    return next((str(one["fact"]) for one in own if not one["fact"].startswith("cap=")), OLD)


def _because(name: str, plan: Values) -> dict[str, Any]:
    """The key of why an exercise is there, read from the reason that let it in."""
    own = (one for one in plan["reasons"] if one["effect"] == "in" and one["exercise_id"] == name)
    reason = next(own, None)
    if reason is None:
        return {"key": OLD}
    rule, fact = reason["rule"], reason["fact"]
    if rule == "R4":
        return _swapped(name, plan)
    if rule == "R2":
        return _chosen(fact, plan)
    if rule == "R7" and fact.startswith("sn_add="):
        return {"key": "added"}
    return {"key": BECAUSE.get(rule) or STEPPED.get(fact, OLD)}


def _swapped(name: str, plan: Values) -> dict[str, Any]:
    swaps = (one for one in plan["reasons"] if one["effect"] == "swapped" and one.get("other_id") == name)
    found = next(swaps, None)
    if found is None:
        return {"key": OLD}
    return {
        "key": _named("swapped", found["fact"]),
        "values": {"name": found["exercise_id"], "fact": found["fact"]},
    }


def _chosen(fact: str, plan: Values) -> dict[str, Any]:
    if fact.startswith("adjust="):
        return {"key": f"adjust.{plan['protocol_id']}.{fact.removeprefix('adjust=')}"}
    stage = next((one for one in plan["reasons"] if one["effect"] == "stage"), None)
    row = ROW.search(stage["full_text"]) if stage else None
    region = REGION.search(fact)
    if row is None:
        return {"key": OLD}
    return {"key": f"match.{row[1]}", "values": {"region": region[1]} if region else {}}


def _reason(reason: Values, levels: Mapping[str, int]) -> dict[str, Any]:
    return {
        "rule": reason["rule"],
        "fact": _fact(reason),
        "effect": reason["effect"],
        "exercise_id": reason["exercise_id"],
        "key": _key(reason),
        "values": _figures(reason, levels),
        "other_id": reason.get("other_id"),
    }


def _figures(reason: Values, levels: Mapping[str, int]) -> dict[str, str]:
    """The figures of a reason that its fact or its exercise names."""
    name, _, value = reason["fact"].partition("=")
    if reason["effect"] == "in":
        return {"level": f"{levels[reason['exercise_id']]}"} if reason["exercise_id"] in levels else {}
    if reason["effect"] == "budget":
        return {"count" if name == "moves" else "minutes": value}
    return {}


def _fact(reason: Values) -> str:
    """The gate speaks of flags that stop as `stop=RF02`, and of a change that does not fit any more."""
    fact = str(reason["fact"])
    if reason["effect"] == "out" and reason["exercise_id"] is None:
        return fact.replace("flag=", "stop=")
    return "change=refused" if reason["effect"] == "held" and fact == "practitioner" else fact


def _key(reason: Values) -> str:
    rule, fact, effect = reason["rule"], reason["fact"], reason["effect"]
    if effect == "held":
        return "needs_review"
    if effect == "out" and reason["exercise_id"] is None:
        return "no_consent" if fact == "consent_exercise=no" else REFUSED.get(rule, OLD)
    if effect == "budget":
        return "no_room" if fact.startswith("moves=") else "no_time"
    if effect == "swapped":
        return _named("swapped", fact)
    if effect == "out":
        return _taken_out(rule, fact) if reason["client_text"] else "not_added"
    return OLD if reason["client_text"] and effect == "level" else ""


def _taken_out(rule: str, fact: str) -> str:
    if rule == "R8":
        return "no_room"
    return "removed" if fact.startswith("practitioner=") else _named("left_out", fact)


def _named(key: str, fact: str) -> str:
    return "removed" if fact == "removed=practitioner" else key


def _kept(item: Values) -> dict[str, Any]:
    helps = item.get("helps", "")
    words = {name: item[name] for name in ("name", "phase_label", "steps", "cues", "mistakes", "stop_when")}
    because = str(item["why"]).removesuffix(helps).strip()
    return words | {
        "helps": helps,
        "because": because,
        "caution": item.get("caution", ""),
        "note": item["dose"].get("note", ""),
    }
