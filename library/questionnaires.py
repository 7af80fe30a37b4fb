"""Builds questionnaires from their content files, and checks that every id in them resolves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from library.reading import Reader
from library.shapes import QuestionnaireIn
from library.translations import Raw
from schemas.forms.condition import Condition, Test, parse
from schemas.forms.questionnaire import Choice, Question, Questionnaire, QuestionType, Step
from schemas.notions.words import Words
from schemas.rules import Region

FOLDER = "questionnaires"
NOT_USED = "is used by no question"
GATE = "gate"  # the set of choices with the words of every gate
SIDES = ("l", "r")
"""How the id of a place ends on the left and on the right of the body."""
FACT_NAMES = frozenset(
    {
        "age",
        "falls_flag",
        "flag_bone_stress",
        "allergy_latex",
        "pain_places",
        "widespread",
        "main_region",
        "grc",
    }
)
"""Names that `clinical.answers.facts` derives and that no questionnaire has to ask."""

_KEPT = (
    "id",
    "type",
    "label",
    "hint",
    "why",
    "short",
    "choices_from",
    "required",
    "show_if",
    "safety",
    "emergency",
    "clear",
    "known",
    "minimum",
    "maximum",
    "low",
    "high",
    "max_choices",
    "max_length",
    "autocomplete",
    "more",
)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What questions of one file may refer to."""

    regions: Sequence[Region]
    pages: Words
    sets: Mapping[str, Mapping[str, str]]


def read_questionnaires(
    reader: Reader, regions: Sequence[Region], pages: Words
) -> dict[str, Questionnaire] | None:
    """Return every questionnaire of the content folder by id; problems go to the reader.

    None where one cannot be used: what the others lack without it is no fault of theirs.
    """
    files = sorted(path.name for path in (reader.folder / FOLDER).glob("[!.]*.toml"))
    raw = {name: found for name in files if (found := reader.load(f"{FOLDER}/{name}", QuestionnaireIn()))}
    if len(raw) < len(files):
        return None
    for name, item in _unused_sets(raw):
        reader.complain(f"{FOLDER}/{name}", item, NOT_USED, fatal=False)
    made = {name: _questionnaire(reader, name, one, raw, regions, pages) for name, one in raw.items()}
    for name, questionnaire in made.items():
        base = made.get(f"{raw[name].get('questions_from', '')}.toml")
        for item, text in faults(questionnaire, base):
            reader.complain(f"{FOLDER}/{name}", item, text)
    return {questionnaire.id: questionnaire for questionnaire in made.values()}


def _questionnaire(
    reader: Reader, file: str, raw: Raw, others: Mapping[str, Raw], regions: Sequence[Region], pages: Words
) -> Questionnaire:
    base = others.get(f"{raw.get('questions_from', '')}.toml", {})
    known = _own(base) | _own(raw)
    for item, text in _slips(raw, base, known):
        reader.complain(f"{FOLDER}/{file}", item, text)
    sets = {**base.get("choice_sets", {}), **raw.get("choice_sets", {})}
    shared = _Shared(regions, pages, sets)
    return Questionnaire(
        raw["id"],
        raw["version"],
        raw["title"],
        raw["minutes"],
        tuple(_in_parts([_step(step, shared, known) for step in raw["step"]])),
        raw.get("intro", ""),
        reader.language,
    )


def _unused_sets(files: Mapping[str, Raw]) -> Iterator[tuple[str, str]]:
    """Yield (file, name) of sets of choices that no question of any file takes."""
    asked = [question for raw in files.values() for question in _own(raw).values()]
    used = {given for question in asked if isinstance(given := question.get("choices"), str)} | {GATE}
    yield from (
        (file, name) for file, raw in files.items() for name in raw.get("choice_sets", {}) if name not in used
    )


def _own(raw: Raw) -> dict[str, Raw]:
    """Return the questions that a file defines, by id."""
    return {q["id"]: q for step in raw.get("step", []) for q in step.get("question", [])}


def _slips(raw: Raw, base: Raw, known: Mapping[str, Raw]) -> Iterator[tuple[str, str]]:
    """Yield (id, what is wrong) for questions that are defined twice, or used and not defined."""
    if "questions_from" in raw and not base:
        yield "questions_from", "names no questionnaire"
    own = [question["id"] for step in raw["step"] for question in step.get("question", [])]
    for twice in sorted({name for name in own if own.count(name) > 1}):
        yield twice, "is defined twice"
    for step in raw["step"]:
        yield from ((name, "is used but not defined") for name in _order(step) if name not in known)


def _step(raw: Raw, shared: _Shared, known: Mapping[str, Raw]) -> Step:
    asked = [known[name] for name in _order(raw) if name in known]
    questions = tuple(_question(one, raw.get("show_if"), shared, known) for one in asked)
    return Step(raw["id"], raw["title"], questions, raw.get("intro", ""), raw.get("part", 0))


def _in_parts(steps: Sequence[Step]) -> Iterator[Step]:
    """A step that names no part belongs to the part of the step before it."""
    part = 1
    for step in steps:
        part = step.part or part
        yield replace(step, part=part)


def _order(step: Raw) -> list[str]:
    own = [question["id"] for question in step.get("question", [])]
    return list(dict.fromkeys((*step.get("use", []), *own)))


def _question(raw: Raw, step_shows: Condition | None, shared: _Shared, known: Mapping[str, Raw]) -> Question:
    kept = {key: raw[key] for key in _KEPT if key in raw}
    covered = [known[item] for item in _covered(raw) if item in known]
    kept["safety"] = any(item.get("safety") for item in (raw, *covered))
    kept["emergency"] = any(item.get("emergency") for item in (raw, *covered))
    question = Question(**kept, choices=_choices(raw, shared, known), covers=tuple(_covered(raw)))
    if step_shows is not None:
        question = replace(question, show_if=_both(step_shows, question.show_if))
    if not question.clear:
        question = replace(question, clear="no" if question.choice("no") else "none")
    return question


def _both(first: Condition, second: Condition | None) -> Condition:
    return first if second is None else parse(f"({first}) and ({second})")


def _covered(raw: Raw) -> list[str]:
    return [*raw.get("items", []), *(item for group in raw.get("group", []) for item in group["items"])]


def _table(raw: Raw, shared: _Shared) -> Mapping[str, str]:
    given = raw.get("choices", {})
    return shared.sets.get(given, {}) if isinstance(given, str) else given


def _choices(raw: Raw, shared: _Shared, known: Mapping[str, Raw]) -> tuple[Choice, ...]:
    if raw["type"] is QuestionType.GATE:
        return tuple(_gate_choices(raw, shared, known))
    if raw["type"] is QuestionType.BODYMAP:
        return tuple(_places(shared.regions, shared.pages))
    if raw.get("choices_from"):
        return tuple(Choice(region.id, region.label) for region in shared.regions)
    return tuple(
        Choice(key, label, alone=key == raw.get("alone")) for key, label in _table(raw, shared).items()
    )


def _places(regions: Sequence[Region], pages: Words) -> Iterator[Choice]:
    for region in regions:
        if not region.sides:
            yield Choice(region.id, region.label)
            continue
        for side in SIDES:
            yield Choice(f"{region.id}_{side}", pages.say(f"map.side.{side}", place=region.label))


def _gate_choices(raw: Raw, shared: _Shared, known: Mapping[str, Raw]) -> Iterator[Choice]:
    words, covered = shared.sets.get(GATE, {}), tuple(_covered(raw))
    yield Choice("none", words.get("none", ""), alone=True)
    if raw.get("mode") == "each":
        yield Choice("some", words.get("some", ""), opens=covered)
        return
    for group in raw.get("group", []):
        yield Choice(group["id"], group["label"], opens=tuple(group["items"]))
    for item in raw.get("items", []):
        if item in known:
            yield _tick(known[item], shared)
    yield Choice("not_sure", words.get("not_sure", ""), opens=covered)


def _tick(item: Raw, shared: _Shared) -> Choice:
    line = item.get("short") or item["label"]
    plain = item["type"] is QuestionType.CHOICE and set(_table(item, shared)) <= {"yes", "no", "not_sure"}
    if plain:
        return Choice(item["id"], line, sets=((item["id"], item.get("ticked", "yes")),))
    return Choice(item["id"], line, opens=(item["id"],))


def faults(questionnaire: Questionnaire, base: Questionnaire | None = None) -> Iterator[tuple[str, str]]:
    """Yield (question id, what is wrong) for everything in a questionnaire that does not resolve.

    Conditions may read what was asked earlier, here or in the `base` questionnaire of an earlier visit.
    """
    before = {question.id: question for question in base.questions()} if base else {}
    seen: dict[str, Question] = {}
    all_ids = {question.id for question in questionnaire.questions()}
    for question in questionnaire.questions():
        if question.id in seen:
            yield question.id, "is asked twice"
        yield from _shape_faults(question)
        for missing in sorted(set(question.covers) - all_ids):
            yield question.id, f"covers {missing}, which is not asked"
        for test in (*_tests(question.show_if), *_tests(question.required)):
            yield from _test_faults(question, test, {**before, **seen, question.id: question})
        seen[question.id] = question
    for item, gate in questionnaire.gate_of.items():
        covered = seen.get(item)
        if covered and covered.choice(covered.clear) is None:
            yield item, f"is covered by {gate.id}, but its clear value is no choice of it"


def _tests(condition: Condition | None) -> tuple[Test, ...]:
    return condition.tests() if condition else ()


def _shape_faults(question: Question) -> Iterator[tuple[str, str]]:
    chosen = (QuestionType.CHOICE, QuestionType.MULTI, QuestionType.GATE)
    ranged = (QuestionType.SCALE, QuestionType.NUMBER)
    if question.type in chosen and not all(choice.label for choice in question.choices):
        yield question.id, "has a choice without words"
    if question.type in chosen and not question.choices:
        yield question.id, "has no choices"
    if question.type in ranged and question.maximum <= question.minimum:
        yield question.id, "needs a minimum and a greater maximum"


def _test_faults(question: Question, test: Test, seen: Mapping[str, Question]) -> Iterator[tuple[str, str]]:
    asked = seen.get(test.name)
    if asked is None and test.name not in FACT_NAMES:
        yield question.id, f"depends on {test.name}, which is not asked before"
    elif asked and asked.choices and test.sign in ("=", "!="):
        for value in value_faults(asked, test):
            yield question.id, f"depends on {test.name} = {value}, which is no choice"


def value_faults(asked: Question, test: Test) -> list[str]:
    """Return the values of a test that no choice of the question has."""
    ids = [choice.id for choice in asked.choices]
    return [v for v in test.values if not any(Test(test.name, "=", (v,)).matches(i) for i in ids)]
