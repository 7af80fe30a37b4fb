"""The content folder: it loads, and every mistake in it is named with file, line and id."""

import re
import tomllib
from pathlib import Path

import pytest

from library.content import load, problems
from library.reading import ContentError, Problem, line_of
from library.staff_words import of_plans
from schemas.forms.questionnaire import QuestionType
from tests.helpers.content import CONTENT, change, library

FIRST = "questionnaires/first_visit.toml"


def spoil(folder: Path, file: str, old: str, new: str) -> list[Problem]:
    """Change a file and return the fatal problems then found in it."""
    change(folder, file, old, new)
    return [problem for problem in problems(folder) if problem.fatal and problem.file == file]


def test_the_content_has_no_fatal_problem() -> None:
    assert [str(problem) for problem in problems(CONTENT) if problem.fatal] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_content_loads_in_both_languages(language: str) -> None:
    loaded = library(language)
    assert set(loaded.questionnaires) >= {"first_visit", "short", "returning", "checkin"}
    assert {one.language for one in loaded.questionnaires.values()} == {language}
    assert len(loaded.regions) == 36
    assert len(loaded.conditions) == 37
    assert len(loaded.evidence) >= 77


@pytest.mark.parametrize("kind", ["exercises", "figures", "questionnaires", "es"])
def test_what_an_editor_or_another_system_leaves_beside_a_file_stops_nothing(both: Path, kind: str) -> None:
    """Emacs locks by a link to nowhere, and a Mac keeps what it knows of a file in another one."""
    before = problems(both)
    (both / kind / ".#plank.toml").symlink_to("anna@desk.4711:1790000000")
    (both / kind / "._plank.toml").write_bytes(b"\x00\x05\x16\x07\xff")
    assert load(both).questionnaires
    assert problems(both) == before


def test_every_text_is_translated() -> None:
    assert [problem for problem in problems(CONTENT) if problem.file.startswith("es/")] == []


def test_both_languages_ask_the_same_questions() -> None:
    for name, english in library().questionnaires.items():
        spanish = library("es").questionnaires[name]
        assert [(q.id, q.show_if, [c.id for c in q.choices]) for q in english.questions()] == [
            (q.id, q.show_if, [c.id for c in q.choices]) for q in spanish.questions()
        ]


def test_spanish_texts_keep_the_names_that_are_filled_in() -> None:
    pattern = re.compile(r"\{\w+\}")
    for key, text in library().messages.items():
        assert set(pattern.findall(library("es").messages[key])) == set(pattern.findall(text)), key


def test_a_message_is_filled_in_and_leaves_unknown_names() -> None:
    text = library().message("rf25", emergency_number="112")
    assert "call 112" in text
    assert "{crisis_number}" in text


def test_the_body_map_offers_left_and_right() -> None:
    question = library().questionnaires["first_visit"].question("pain_regions")
    assert question is not None
    ids = [choice.id for choice in question.choices]
    assert {"low_back_l", "low_back_r", "belly"} <= set(ids)
    assert len(ids) == 70


def test_every_field_of_the_clinical_sources_is_asked() -> None:
    asked = {q.id for one in library().questionnaires.values() for q in one.questions()}
    assert {"act2_name", "rf_clot_risk", "cond_panic_breath", "upd_barrier"} <= asked
    assert len({name for name in asked if not name.startswith(("gate_", "upd_gate", "fu_"))}) >= 146


def test_no_consent_is_required_but_those_for_care_and_storage() -> None:
    consents = {
        q.id: q for q in library().questionnaires["first_visit"].questions() if q.type is QuestionType.CONSENT
    }
    assert len(consents) == 5
    assert {name for name, q in consents.items() if q.required} == {"consent_massage", "consent_health_data"}


def test_an_unknown_key_is_named_with_its_line(folder: Path) -> None:
    found = spoil(folder, FIRST, 'id = "night_wake"', 'colour = "red"\nid = "night_wake"')
    text = (folder / FIRST).read_text(encoding="utf-8").splitlines()
    assert [(problem.id, problem.text) for problem in found] == [("night_wake", "colour: Unknown field.")]
    assert text[found[0].line - 1] == 'id = "night_wake"'


@pytest.mark.parametrize(
    ("file", "old", "new", "item", "words"),
    [
        (FIRST, 'type = "bodymap"', 'type = "bodymop"', "pain_regions", "type: Must be one of"),
        (FIRST, "minimum = 0", 'minimum = "0"', "pain_now", "minimum: Not a valid integer."),
        (FIRST, 'show_if = "age >= 50"', 'show_if = "age >= fifty"', "rf_vision_jaw", "expected a number"),
        (FIRST, 'show_if = "age >= 50"', 'show_if = "aeg >= 50"', "rf_vision_jaw", "depends on aeg"),
        (FIRST, "{pain, stiff, after_injury}", "{pian, stiff}", "pain_regions", "visit_reason = pian"),
        (
            FIRST,
            '"rf_saddle", "rf_bladder_bowel"',
            '"rf_sadle", "rf_bladder_bowel"',
            "gate_nerves",
            "rf_sadle",
        ),
        (FIRST, 'id = "rf_weak"', 'id = "rf_saddle"', "rf_saddle", "is defined twice"),
        (FIRST, 'clear = "0"', 'clear = "zero"', "falls_12m", "clear value"),
        (FIRST, 'choices = "yes_no"', 'choices = "yes_noo"', "is_runner", "has no choices"),
        ("questionnaires/short.toml", '"full_name"', '"ful_name"', "ful_name", "is used but not defined"),
        (
            "rules/flags.toml",
            "rf_saddle = yes",
            "rf_sadle = yes",
            "RF01",
            "rf_sadle, which no questionnaire asks",
        ),
        ("rules/flags.toml", "rf_saddle = yes", "rf_saddle = yess", "RF01", "rf_saddle = yess"),
        ("rules/flags.toml", 'client_text = "rf03"', 'client_text = "rf99"', "RF03", "rf99 is no message"),
        (
            "rules/flags.toml",
            '"cond_clot=recent"',
            '"cond_klot=recent"',
            "cond_klot=recent",
            "nothing that is asked",
        ),
        ("rules/flags.toml", 'severity = "stop_emergency"', 'severity = "stop"', "RF01", "Must be one of"),
        ("rules/conditions.toml", "cond_clot = past", "cond_clot = old", "clot_past", "cond_clot = old"),
        ("regions.toml", 'view = "front"', 'view = "side"', "head_front", "Must be one of"),
    ],
)
def test_a_mistake_is_named(folder: Path, file: str, old: str, new: str, item: str, words: str) -> None:
    found = spoil(folder, file, old, new)
    match = [problem for problem in found if problem.id == item and words in problem.text]
    assert match, [str(problem) for problem in found]
    assert match[0].line > 1


def test_broken_toml_is_named_with_its_line(folder: Path) -> None:
    (folder / "regions.toml").write_text("[[region]]\nid = \n", encoding="utf-8")
    found = [problem for problem in problems(folder) if problem.file == "regions.toml"]
    assert found[0].line == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [('id = "activity_profile"', 'id = "activity-profile"'), ('type = "choice"', "type = “choice”")],
)
def test_a_form_that_cannot_be_used_is_the_one_fault_that_is_named(folder: Path, old: str, new: str) -> None:
    """Without it hundreds of questions of the other forms lead nowhere, which is no fault of theirs."""
    change(folder, FIRST, old, new)
    assert [each.file for each in problems(folder) if each.fatal] == [FIRST]


def test_an_exercise_without_a_picture_is_named_and_stops_nothing(folder: Path) -> None:
    (folder / "figures" / "act_clam.toml").unlink()
    remark = Problem(
        "exercises/act_clam.toml", 2, "id", "has no picture: figures/act_clam.toml is missing", fatal=False
    )
    assert remark in problems(folder)
    assert load(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "messages.toml").unlink()
    assert Problem("messages.toml", 1, "file", "is missing") in problems(folder)


def test_all_mistakes_are_named_at_once_and_stop_the_start(folder: Path) -> None:
    spoil(folder, FIRST, 'clear = "0"', 'clear = "zero"')
    spoil(folder, "rules/conditions.toml", "cond_clot = past", "cond_clot = old")
    with pytest.raises(ContentError) as caught:
        load(folder)
    assert {problem.file for problem in caught.value.problems} >= {FIRST, "rules/conditions.toml"}


def test_a_missing_spanish_text_falls_back_to_english_and_is_named(both: Path) -> None:
    path = both / "es/regions.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('[region.jaw]\nlabel = "Mandíbula"\n', ""))
    remark = next(p for p in problems(both) if p.id == "region.jaw.label")
    assert (remark.text, remark.fatal) == ("is not translated", False)
    assert next(region.label for region in load(both, "es").regions if region.id == "jaw") == "Jaw"


def test_a_translation_of_nothing_is_named(both: Path) -> None:
    (found,) = spoil(both, "es/regions.toml", "[region.jaw]", "[region.jow]")
    assert found.id == "region.jow.label"
    assert "does not exist" in found.text


def test_every_source_of_a_rule_is_in_the_register() -> None:
    for rule in library().rules.rules:
        for name in re.findall(r"\bE\d\d\b", rule.source):
            assert name in library().evidence


def test_a_line_is_found_by_id(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('# x\n[region.jaw]\nlabel = "Jaw"\nid = "knee"\n', encoding="utf-8")
    assert [line_of(path, name) for name in ("knee", "region.jaw.label", "nothing")] == [4, 3, 1]


def test_the_condition_matrix_tells_the_practitioner_what_to_do() -> None:
    rows = [row.id for row in library().conditions if row.when.holds({"cond_clot": "recent"})]
    assert rows == ["clot_recent"]
    raw = tomllib.loads((CONTENT / "rules/conditions.toml").read_text(encoding="utf-8"))
    assert all(row["massage"] and row["exercise"] for row in raw["condition"])


def test_staff_read_the_name_and_the_act_of_every_flag_in_spanish() -> None:
    spanish = library("es")
    for rule in (*spanish.rules.rules, spanish.rules.clash):
        for text in (rule.name, *(case.clinic_action for case in rule.cases)):
            assert text in spanish.staff_words
    assert spanish.to_staff("Call now.") == "Llame ahora."
    assert spanish.to_staff("Call tomorrow.") == library().to_staff("Call tomorrow.") == "Call tomorrow."


def test_staff_read_of_every_exercise_and_protocol_in_spanish_and_of_nothing_else() -> None:
    said = tomllib.loads((CONTENT / "es/staff.toml").read_text(encoding="utf-8"))["staff"]
    asked = set(of_plans(library().plan_content))
    assert set(said) == asked
    assert {library("es").to_staff(text) for text in asked} == set(said.values())
    for english, spanish in said.items():
        assert sorted(re.findall(r"\d+", spanish)) == sorted(re.findall(r"\d+", english))


def test_a_sentence_for_staff_that_changed_is_english_again_and_named(both: Path) -> None:
    change(both, "exercises/act_clam.toml", 'position = "side lying"', 'position = "on one side"')
    found = [(one.id, one.text, one.fatal) for one in problems(both) if one.file == "es/staff.toml"]
    assert found == [("on one side", "is not translated", False)]
    assert load(both, "es").to_staff("on one side") == "on one side"
