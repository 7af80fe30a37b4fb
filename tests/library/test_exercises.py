"""The content of plans: ids resolve, chains get easier, doses rise, words are allowed, problems are found."""

from pathlib import Path

import pytest

from library.content import load, problems
from library.exercise_checks import amount, banned_in, texts_of
from library.reading import ContentError
from library.translations import laid_over
from schemas.choosing import PlanContent
from schemas.exercise import LEVELS, Exercise
from schemas.plan import Phase
from tests.helpers.content import CONTENT, change
from tests.helpers.strategies import moves


def test_the_clinic_content_has_no_problem() -> None:
    assert problems(CONTENT) == []


def test_every_phase_has_its_moves() -> None:
    count = {phase: sum(one.phase is phase for one in moves().exercises.values()) for phase in Phase}
    least = [4, 8, 16, 19, 13]
    assert all(found >= wanted for found, wanted in zip(count.values(), least, strict=True)), count


def test_easier_moves_never_rank_higher_and_chains_end() -> None:
    for exercise in moves().exercises.values():
        seen, step = {exercise.id}, moves().exercises.get(exercise.easier)
        rank = exercise.rank
        while step is not None:
            assert step.rank <= rank
            assert step.id not in seen
            seen.add(step.id)
            rank, step = step.rank, moves().exercises.get(step.easier)


def test_doses_rise_with_the_level() -> None:
    for exercise in moves().exercises.values():
        first, *_, last = (amount(exercise.dose.at(level)) for level in LEVELS)
        assert first < last, exercise.id


def test_every_source_of_a_move_or_protocol_is_in_the_register() -> None:
    register = (CONTENT / "rules" / "evidence.toml").read_text(encoding="utf-8")
    named = {one for exercise in moves().exercises.values() for one in exercise.sources}
    named |= {one for protocol in moves().protocols.values() for one in protocol.sources}
    assert [one for one in sorted(named) if f'"{one}"' not in register] == []
    assert all(protocol.sources for protocol in moves().protocols.values())


def test_no_client_text_of_a_move_has_a_banned_word() -> None:
    banned = {*moves().wording.words.banned}
    for mode in moves().wording.modes.values():
        banned |= set(mode.banned)
    for exercise in moves().exercises.values():
        assert [word for text in texts_of(exercise) for word in banned_in(text, banned)] == [], exercise.id


def test_a_banned_word_is_found_whole_and_in_any_case() -> None:
    assert banned_in("We will CURE it", ["cure"]) == ["cure"]
    assert banned_in("a secure hold", ["cure"]) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "name", "words"),
    [
        (
            "exercises/act_bridge.toml",
            'easier = "act_glute_squeeze"',
            'easier = "act_nothing"',
            "act_nothing",
            "no such exercise",
        ),
        ("exercises/act_bridge.toml", 'tags = ["floor"', 'tags = ["flor"', "flor", "no such tag"),
        ("exercises/act_bridge.toml", "rank = 2", "rank = 0", "easier", "higher rank"),
        ("exercises/act_bridge.toml", "rank = 2", 'rank = "two"', "rank", "integer"),
        ("exercises/act_bridge.toml", "rank = 2", "rank = 2\nrnak = 3", "rnak", "Unknown field"),
        ("exercises/act_bridge.toml", "sets = 3", "sets = 1", "dose", "must not ask for less"),
        (
            "exercises/act_bridge.toml",
            "It builds strong hips",
            "It will cure your hips",
            "cure",
            "not allowed",
        ),
        ("exercises/act_bridge.toml", 'id = "act_bridge"', 'id = "bridge"', "id", "the name of the file"),
        ("exercises/act_bridge.toml", "rank = 2", "rank = = 2", "file", "cannot be read"),
        ("protocols/knee_oa.toml", '"int_walk"', '"int_wlak"', "int_wlak", "no such exercise"),
        (
            "rules/choosing.toml",
            'protocol = "knee_oa"',
            'protocol = "knee"',
            "knee_joint",
            "no such protocol",
        ),
        (
            "rules/choosing.toml",
            "main_region in {neck_front, belly, jaw, chest}",
            "main_region = = x",
            "match",
            "condition",
        ),
        ("rules/tags.toml", '"move_floor=no"', '"move_flor=no"', "move_flor=no", "no words"),
        ("wording.toml", "[modes.fitness]", "[modes.fit]", "fitness", "missing"),
    ],
)
def test_a_slip_in_a_file_is_named(
    folder: Path, file: str, old: str, new: str, name: str, words: str
) -> None:
    change(folder, file, old, new)
    found = problems(folder)
    assert any(name in one.id and words in one.text and one.fatal for one in found), found


def test_content_with_a_fault_does_not_load(folder: Path) -> None:
    change(folder, "exercises/act_bridge.toml", "rank = 2", "rank = = 2")
    with pytest.raises(ContentError):
        load(folder)


def test_a_problem_has_file_and_line(folder: Path) -> None:
    change(folder, "exercises/act_bridge.toml", 'swaps = ["act_glute_squeeze"]', 'swaps = ["act_gone"]')
    path = folder / "exercises/act_bridge.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    wanted = next(number for number, line in enumerate(lines, 1) if "act_gone" in line)
    found = next(problem for problem in problems(folder) if problem.fatal)
    assert (found.file, found.line, found.id) == ("exercises/act_bridge.toml", wanted, "act_gone")


def test_all_problems_come_at_once(folder: Path) -> None:
    change(folder, "exercises/act_bridge.toml", 'harder = "act_bridge_single"', 'harder = "gone"')
    change(folder, "exercises/act_clam.toml", 'harder = "act_side_leg_raise"', 'harder = "gone"')
    assert {one.file for one in problems(folder) if one.fatal} >= {
        "exercises/act_bridge.toml",
        "exercises/act_clam.toml",
    }


def test_a_translation_lies_over_the_english_text() -> None:
    base = {"name": "Bridge", "rank": 2, "adjust": [{"id": "desk", "because": "You sit."}]}
    over = {"name": "Puente", "adjust": {"desk": {"because": "Pasa sentado."}}}
    merged = laid_over(base, over)
    assert merged == {"name": "Puente", "rank": 2, "adjust": [{"id": "desk", "because": "Pasa sentado."}]}


def test_an_unknown_language_reads_as_english() -> None:
    assert load(CONTENT, "xx").plan_content.exercises["act_bridge"].name == "Bridge"


def leaves(exercise: Exercise) -> list[str]:
    return [text for text in texts_of(exercise) if text]


def test_every_move_is_said_in_spanish() -> None:
    english, spanish = moves(), moves("es")
    for name, exercise in english.exercises.items():
        other = spanish.exercises[name]
        assert len(other.steps) == len(exercise.steps), name
        assert set(leaves(other)) & set(leaves(exercise)) == set(), name
        assert other.avoid == exercise.avoid


def test_every_reason_and_rule_text_is_said_in_spanish() -> None:
    english, spanish = moves(), moves("es")
    assert set(spanish.facts) == set(english.facts)
    assert not set(spanish.facts.values()) & set(english.facts.values())
    assert set(spanish.choosing.regions) == set(english.choosing.regions)
    for before, after in zip(english.choosing.match, spanish.choosing.match, strict=True):
        assert before.because != after.because
        assert before.when == after.when
    assert set(spanish.wording.reasons) == set(english.wording.reasons)
    for before_case, after_case in zip(cases(english), cases(spanish), strict=True):
        assert before_case != after_case


def cases(content: PlanContent) -> list[str]:
    return [
        *content.wording.reasons.values(),
        *content.wording.changes.values(),
        *content.wording.phases.values(),
        *(mode.scope for mode in content.wording.modes.values()),
        *(protocol.tip for protocol in content.protocols.values()),
        *(case.because for protocol in content.protocols.values() for case in protocol.adjust),
        *content.feedback.barriers.values(),
    ]


def test_a_missing_or_broken_translation_is_named(both: Path) -> None:
    (both / "es/exercises/act_clam.toml").unlink()
    change(both, "es/exercises/act_bridge.toml", "why =", "# why =")
    change(both, "es/exercises/len_neck_turns.toml", "Suave y lento.", "Esto lo va a curar.")
    found = {(one.file, one.id, one.text) for one in problems(both)}
    assert ("es/exercises/act_clam.toml", "file", "is not translated") in found
    assert ("es/exercises/act_bridge.toml", "why", "is not translated") in found
    assert any(name == "curar" and file.startswith("es/") for file, name, _ in found)


def test_the_mark_of_review_of_an_older_translation_is_no_text(both: Path) -> None:
    path = both / "es/exercises/act_bridge.toml"
    path.write_text("reviewed = true\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert [one for one in problems(both) if one.file == "es/exercises/act_bridge.toml"] == []
