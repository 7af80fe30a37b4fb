"""A plan put into words, in the language of the content that is given: one decision reads in any.

Words come from the content of now. Where it has none for an id any more, the words kept with the plan are
shown: those of an exercise in whichever language they are, a single sentence in its own language alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clinical.plan.case import Policy
from clinical.plan.decision import LOW_PAIN
from clinical.plan.doses import dose_text, side_text, tempo_text
from clinical.plan.own import with_own
from schemas.choosing import LevelRow, MatchRow, PlanContent
from schemas.exercise import NOT_SURE, Adjust, Exercise, Kind
from schemas.notions.words import placeholders
from schemas.plan import Effect, KeptItem, KeptWords, Plan, PlanItem, PlanReason
from schemas.worded_plan import WordedItem, WordedPlan

NOTHING = KeptItem("", "", "", (), (), (), "")


def word(plan: Plan, content: PlanContent, policy: Policy) -> WordedPlan:
    """Return the plan in the language of `content`, in the clinic's scope of practice."""
    content = with_own(content, plan.items)
    words, mode = content.wording, content.wording.modes[policy.mode]
    protocol = content.protocols.get(plan.protocol_id)
    items = tuple(_item(item, plan, content, policy) for item in plan.items)
    return WordedPlan(
        version=plan.version,
        language=content.language,
        title=mode.title,
        protocol_name=protocol.client_name if protocol else plan.kept.protocol_name,
        items=items,
        intro=_old(plan, content).intro or _intro(plan, mode.intro, content),
        pain_rule=words.pain_rule_low if plan.pain_cap <= LOW_PAIN else words.pain_rule,
        stop_rule=words.stop_rule.format(emergency_number=policy.emergency_number),
        scope_text=mode.scope,
        days_per_week=plan.days_per_week,
        reasons=_reasons(plan, content),
        clinic_phone=policy.clinic_phone,
        practitioner_note=plan.practitioner_note,
        change_text=change_text(plan, content),
        because=_said_once(plan.items, items),
        tip=protocol.tip if protocol else plan.kept.tip,
        massage=massage_text(plan, content),
        protocol_name_full=protocol.name if protocol and mode.protocol_names else "",
    )


def remember(plan: Plan, content: PlanContent, policy: Policy) -> Plan:
    """Return the plan with its words of now, for the day on which content has no words for an id any more."""
    worded = word(plan, content, policy)
    items = {item.exercise_id: _kept(item) for item in worded.items}
    kept = KeptWords(
        language=worded.language,
        protocol_name=worded.protocol_name,
        tip=worded.tip,
        change_text=worded.change_text,
        intro=_old(plan, content).intro,
        items=items,
        reasons=worded.reasons,
    )
    return replace(plan, language=content.language, kept=kept)


def change_text(plan: Plan, content: PlanContent) -> str:
    """Return what is new against the last plan, as a few short sentences; empty for a first plan."""
    said = changes_text(plan.changes, content)
    return _old(plan, content).change_text if said is None else said


def changes_text(changes: Mapping[str, Sequence[str]], content: PlanContent) -> str | None:
    """Return the same for what changed alone; None where the content has no words for it any more."""
    words = content.wording.changes
    if any(kind not in words for kind in changes):
        return None
    names = {kind: [_name(name, content) for name in ids] for kind, ids in changes.items()}
    known = {kind: list(filter(None, found)) for kind, found in names.items() if any(found) or not found}
    return " ".join(words[kind].format(names=", ".join(found)) for kind, found in known.items())


def _said_once(items: Sequence[PlanItem], worded: Sequence[WordedItem]) -> str:
    """Return the sentence of the match that several moves share: it speaks of the client, not of a move."""
    pairs = zip(items, worded, strict=True)
    said = [each.because for item, each in pairs if item.because.key.startswith("match.")]
    return next((text for text in said if text and said.count(text) > 1), "")


def massage_text(plan: Plan, content: PlanContent) -> str:
    """Return one line that ties the visit to the plan: what massage eased, and which exercise keeps it.

    What an exercise of the practitioner's own is good for, nobody has said.
    """
    there = (item.exercise_id for item in plan.items if not item.own)
    known = [content.exercises[name] for name in there if name in content.exercises]
    ease = next((one.name for one in known if one.kind is Kind.EASE), "")
    load = next((one.name for one in known if one.kind is Kind.LOAD), "")
    if not ease or not load:
        return ""
    words = content.wording.massage
    regions = words.join.join(filter(None, (_region(place, content) for place in plan.worked)))
    return (words.worked if regions else words.general).format(regions=regions, ease=ease, load=load)


def _intro(plan: Plan, template: str, content: PlanContent) -> str:
    figures = {"count": len(plan.items), "minutes": plan.minutes_per_day, "days": plan.days_per_week}
    said = template.format(**figures)
    return f"{said} {content.wording.over_time}" if plan.over_time else said


def sentence(key: str, values: Mapping[str, str], content: PlanContent) -> str:
    """Return a sentence by its key; "" where content has none, or no words for what it names."""
    template = _template(key, content)
    said = {"name": _name, "fact": fact_words, "region": _region}
    filled = {
        name: said[name](values.get(name, ""), content) for name in placeholders(template) if name in said
    }
    return template.format(**filled) if all(filled.values()) else ""


def fact_words(fact: str, content: PlanContent) -> str:
    """Return a fact in the client's words; "" for one that has none."""
    name, _, value = fact.partition("=")
    words = content.wording.reasons
    special = {
        "no_equipment": words["no_equipment"].format(thing=content.choosing.equipment.get(value, "")),
        "avoid_areas": words["avoid_area"].format(region=content.choosing.regions.get(value, "")),
        "mode": words["not_in_mode"],
        "second_run": words["second_run"],
    }
    return (
        content.facts.get(fact)
        or special.get(name, "")
        or (words["not_sure"] if fact.endswith(NOT_SURE) else "")
    )


def _template(key: str, content: PlanContent) -> str:
    """The words of `no_room`, `match.<row>`, `start_low.<row>` or `adjust.<protocol>.<row>`."""
    table, _, row = key.partition(".")
    if not row:
        return content.wording.reasons.get(key, "")
    protocol, _, adjust = row.partition(".")
    if table == "adjust":
        found = content.protocols.get(protocol)
        return _because(found.adjust if found else (), adjust)
    return _because(content.choosing.match if table == "match" else content.choosing.start_low, row)


def _because(rows: Sequence[MatchRow | LevelRow | Adjust], name: str) -> str:
    return next((row.because for row in rows if row.id == name), "")


def _name(exercise_id: str, content: PlanContent) -> str:
    found = content.exercises.get(exercise_id)
    return found.name if found else ""


def _region(place: str, content: PlanContent) -> str:
    return content.choosing.regions.get(place, "")


def _item(item: PlanItem, plan: Plan, content: PlanContent, policy: Policy) -> WordedItem:
    words = _words(item, plan, content, policy)
    return WordedItem(
        exercise_id=item.exercise_id,
        name=words.name or item.exercise_id,
        phase_label=words.phase_label,
        level=item.level,
        dose=item.dose,
        dose_text=dose_text(replace(item.dose, note=words.note), content.doses),
        steps=words.steps,
        cues=words.cues,
        mistakes=words.mistakes,
        stop_when=words.stop_when,
        helps=words.helps,
        because=words.because,
        caution=words.caution,
        note=words.note,
        tempo_text=tempo_text(item.dose.tempo, content.doses),
        side_text=side_text(item.side, content.doses),
        text=item.text,
        media=item.own.media if item.own else "",
    )


def _words(item: PlanItem, plan: Plan, content: PlanContent, policy: Policy) -> KeptItem:
    exercise, kept = content.exercises.get(item.exercise_id), plan.kept.items.get(item.exercise_id, NOTHING)
    old = _old(plan, content).items.get(item.exercise_id, NOTHING)
    base = _of_exercise(exercise, item.level, content, policy) if exercise else kept
    if item.own:
        base = replace(base, phase_label="")
    return replace(
        base,
        because=sentence(item.because.key, item.because.values, content) or old.because,
        caution=_caution(item.caution, content) or old.caution,
        note=_dose_note(item, content, old.note) if item.dose_note else base.note,
    )


def _of_exercise(exercise: Exercise, level: int, content: PlanContent, policy: Policy) -> KeptItem:
    stop_when = exercise.stop_when or content.wording.stop_when
    return KeptItem(
        name=exercise.name,
        phase_label=content.wording.phases[exercise.phase],
        helps=exercise.why,
        steps=exercise.steps,
        cues=exercise.cues,
        mistakes=exercise.mistakes,
        stop_when=stop_when.format(emergency_number=policy.emergency_number),
        note=exercise.dose.at(level).note,
    )


def _old(plan: Plan, content: PlanContent) -> KeptWords:
    """The words kept with a plan where they are in the reader's language."""
    return plan.kept if plan.kept.language == content.language else KeptWords()


def _caution(fact: str, content: PlanContent) -> str:
    words = fact_words(fact, content)
    return content.wording.side_note.format(fact=words) if words else ""


def _dose_note(item: PlanItem, content: PlanContent, old: str) -> str:
    """The words of the rule; of a rule that is not known, those of the exercise's own rule come last."""
    rules = [one for one in content.choosing.dose_note if one.exercise == item.exercise_id]
    own = next((one.note for one in rules if one.id == item.dose_note), "")
    return own or old or next((one.note for one in rules), "")


def _reasons(plan: Plan, content: PlanContent) -> tuple[str, ...]:
    """Why each exercise was left out, swapped or made easier; what holds a plan is not said to a client."""
    old = _old(plan, content).reasons
    kept = old if len(old) == len(plan.reasons) else ("",) * len(plan.reasons)
    return tuple(
        "" if one.exercise_id is None or one.effect is Effect.IN else _said(one, content) or words
        for one, words in zip(plan.reasons, kept, strict=True)
    )


def _said(reason: PlanReason, content: PlanContent) -> str:
    values = {"name": reason.exercise_id or "", "fact": reason.fact}
    return sentence(reason.key, values, content)


def _kept(item: WordedItem) -> KeptItem:
    return KeptItem(
        name=item.name,
        phase_label=item.phase_label,
        helps=item.helps,
        steps=item.steps,
        cues=item.cues,
        mistakes=item.mistakes,
        stop_when=item.stop_when,
        because=item.because,
        caution=item.caution,
        note=item.note,
    )
