"""A plan that is there, said in another language: the same moves and doses in other words."""

from collections.abc import Iterator
from dataclasses import replace

from clinical.plan.case import Policy
from clinical.plan.safety import fact_words
from clinical.plan.wording import change_text
from schemas.choosing import Moves
from schemas.plan import Plan, PlanItem, Reason

EXPLAINED = ("left_out", "swapped", "no_room", "no_time", "removed")


def in_language(plan: Plan, old: Moves, new: Moves, policy: Policy, last: Plan | None = None) -> Plan:
    """The plan in the language of `new`; `old` is the content in which it was made, `last` the one before.

    A sentence that has no counterpart is left out, never shown in the wrong language; what a practitioner
    wrote stays as written.
    """
    if plan.language == new.language:
        return plan
    said = dict(_phrases(old, new)) | dict(_swaps(plan, old, new))
    mode, words, protocol = new.wording.modes[policy.mode], new.wording, new.protocols[plan.protocol_id]
    items = tuple(_item(item, old, new, said, policy) for item in plan.items)
    before = in_language(last, old, new, policy) if last else None
    intro = mode.intro.format(count=len(items), minutes=plan.minutes_per_day, days=plan.days_per_week)
    over = plan.intro.endswith(old.wording.over_time)
    low = plan.pain_rule == old.wording.pain_rule_low
    return replace(
        plan,
        language=new.language,
        protocol_name_for_client=protocol.client_name,
        title=mode.title,
        items=items,
        reasons=tuple(_reason(reason, old, new, said) for reason in plan.reasons),
        intro=f"{intro} {words.over_time}" if over else intro,
        pain_rule=words.pain_rule_low if low else words.pain_rule,
        stop_rule=words.stop_rule.format(emergency_number=policy.emergency_number),
        scope_text=mode.scope,
        change_text=change_text(before, items, new) if before and plan.change_text else "",
        tip=protocol.tip if plan.tip else "",
    )


def _item(item: PlanItem, old: Moves, new: Moves, said: dict[str, str], policy: Policy) -> PlanItem:
    exercise, known = new.exercises[item.exercise_id], old.exercises[item.exercise_id]
    because = item.why.removesuffix(known.why).strip()
    stop_when = exercise.stop_when or new.wording.stop_when
    return replace(
        item,
        name=exercise.name,
        phase_label=new.wording.phases[item.phase],
        dose=replace(item.dose, note=said.get(item.dose.note, ""), language=new.language),
        steps=exercise.steps,
        cues=exercise.cues,
        mistakes=exercise.mistakes,
        stop_when=stop_when.format(emergency_number=policy.emergency_number),
        why=" ".join(part for part in (said.get(because, ""), exercise.why) if part),
        caution=said.get(item.caution, ""),
        helps=exercise.why,
    )


def _reason(reason: Reason, old: Moves, new: Moves, said: dict[str, str]) -> Reason:
    text = said.get(reason.client_text) or _explained(reason, old, new)
    return replace(reason, client_text=text)


def _explained(reason: Reason, old: Moves, new: Moves) -> str:
    """A sentence about a move, found by trying the sentences that name one."""
    for name in (reason.exercise_id or "", reason.other_id or ""):
        for key in EXPLAINED if name in old.exercises else ():
            if _sentence(key, name, reason.fact, old) == reason.client_text:
                return _sentence(key, name, reason.fact, new)
    return ""


def _sentence(key: str, name: str, fact: str, moves: Moves) -> str:
    sentence = moves.wording.reasons[key]
    return sentence.format(name=moves.exercises[name].name, fact=fact_words(fact, moves))


def _swaps(plan: Plan, old: Moves, new: Moves) -> Iterator[tuple[str, str]]:
    """(old, new) of why one move stands in for another."""
    for reason in plan.reasons:
        name = reason.exercise_id or ""
        if reason.other_id and name in old.exercises:
            yield _sentence("swapped", name, reason.fact, old), _sentence("swapped", name, reason.fact, new)


def _phrases(old: Moves, new: Moves) -> Iterator[tuple[str, str]]:
    """(old, new) of every sentence that can stand in a plan and names no move."""
    yield from zip(_because(old), _because(new), strict=True)
    for fact in old.facts:
        words = [each.wording.side_note.format(fact=each.facts[fact]) for each in (old, new)]
        yield words[0], words[1]
    yield from ((words, new.wording.reasons[key]) for key, words in old.wording.reasons.items())


def _because(moves: Moves) -> Iterator[str]:
    """Every "because" of the rules, in the order in which the content has them."""
    rules = moves.choosing
    for row in rules.match:
        for place in (*rules.regions.values(), "one place"):
            yield row.because.format(region=place)
    yield from (row.because for row in (*rules.start_low, *rules.start_high))
    yield from (note.note for note in rules.dose_note)
    for protocol in moves.protocols.values():
        yield from (adjust.because for adjust in protocol.adjust)
