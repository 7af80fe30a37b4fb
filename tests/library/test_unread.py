"""What nothing reads is named with file and line; a name that nobody fills in stops the start."""

from pathlib import Path

import pytest

from library.content import load, problems
from library.reading import ContentError, Problem
from tests.helpers.content import CONTENT, change

MESSAGES, FORM, CHECKIN = "messages.toml", "questionnaires/first_visit.toml", "questionnaires/checkin.toml"
WORDING, CHOOSING, FACTS = "wording.toml", "rules/choosing.toml", "rules/facts.toml"
NOBODY = "is read by nothing"


def test_everything_in_the_content_is_read_by_something() -> None:
    assert problems(CONTENT) == []


@pytest.mark.parametrize(
    ("file", "before", "new", "item", "text"),
    [
        (MESSAGES, "rf26 = ", 'rf27 = "See us."\n', "messages.rf27", NOBODY),
        (MESSAGES, "email = ", 'colour = "Red?"\n', "errors.colour", NOBODY),
        (
            FORM,
            '[[step.question]]\nid = "goals"',
            '[[step.question]]\nid = "shoe_size"\ntype = "text"\nlabel = "Shoes?"\n\n',
            "shoe_size",
            NOBODY,
        ),
        (
            CHECKIN,
            '[[step.question]]\nid = "fu_feel"',
            '[[step.question]]\nid = "med_mood"\ntype = "text"\nlabel = "Mood?"\n\n',
            "med_mood",
            "is asked by no check-in",
        ),
        (
            FORM,
            "[choice_sets.yes_no]",
            '[choice_sets.sizes]\nbig = "Big"\n\n',
            "sizes",
            "is used by no question",
        ),
        (
            "rules/facts.toml",
            '"cond_dizzy=yes"',
            '"cond_dizzy=never" = "never"\n',
            "cond_dizzy=never",
            NOBODY,
        ),
        (WORDING, "no_room = ", 'no_fun = "It is no fun."\n', "reasons.no_fun", NOBODY),
        (CHOOSING, "rolling_pin = ", 'pool = "a pool"\n', "pool", "is no choice of equipment"),
        ("rules/feedback.toml", "forgot = ", 'rain = "Stay in."\n', "rain", "is no choice of upd_barrier"),
    ],
)
def test_what_nothing_reads_is_named(
    folder: Path, file: str, before: str, new: str, item: str, text: str
) -> None:
    change(folder, file, before, new + before)
    (problem,) = [each for each in problems(folder) if each.id == item]
    assert (problem.file, problem.text, problem.fatal) == (file, text, False)
    line = (folder / file).read_text("utf-8").splitlines()[problem.line - 1]
    assert item.rpartition(".")[2] in line
    load(folder)


def test_a_protocol_that_no_row_chooses_is_named(folder: Path) -> None:
    known = (folder / "protocols/knee_oa.toml").read_text("utf-8")
    (folder / "protocols/knee_new.toml").write_text(known.replace('id = "knee_oa"', 'id = "knee_new"'))
    assert Problem("protocols/knee_new.toml", 2, "id", "is read by nothing", fatal=False) in problems(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "item"),
    [
        (MESSAGES, "You did {done} of", "You did {d} of", "messages.progress_better"),
        (MESSAGES, 'paused = "', 'paused = "{done} ', "messages.paused"),
        (MESSAGES, 'rf02 = "', 'rf02 = "{done} ', "messages.rf02"),
        (MESSAGES, "Choose no more than {n}.", "Choose no more than {most}.", "errors.too_many"),
        (FORM, "about {minutes} minutes", "about {mins} minutes", "intro"),
        (FORM, 'title = "Running"\n', 'title = "Running"\nintro = "{minutes}"\n', "running"),
        (WORDING, "We kept {name} for later", "We kept {move} for later", "reasons.no_room"),
        (WORDING, 'new = "New: {names}."', 'new = "New: {name}."', "changes.new"),
        (WORDING, "There are {count} moves", "There are {n} moves", "modes.self_care.intro"),
        (
            CHOOSING,
            'because = "We start low because this',
            'because = "{place} We start low because this',
            "new_pain",
        ),
    ],
)
def test_a_name_that_nobody_fills_in_stops_the_start(
    folder: Path, file: str, old: str, new: str, item: str
) -> None:
    change(folder, file, old, new)
    named = [each for each in problems(folder) if "which nobody fills in" in each.text]
    assert {(each.file, each.id) for each in named} >= {(file, item)}
    with pytest.raises(ContentError):
        load(folder)


def test_a_message_that_a_rule_or_a_row_names_must_be_there(folder: Path) -> None:
    change(folder, MESSAGES, "paused = ", "# paused = ")
    change(folder, MESSAGES, "rf25 = ", "# rf25 = ")
    change(folder, MESSAGES, "too_many = ", "# too_many = ")
    named = {(each.file, each.id) for each in problems(folder) if each.fatal}
    assert named >= {
        ("rules/feedback.toml", "paused"),
        ("rules/flags.toml", "RF25"),
        (MESSAGES, "errors.too_many"),
    }
