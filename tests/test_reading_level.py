"""Every text that a client reads is at sixth grade or below, in short sentences, without banned words."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest

from library.translations import client_texts
from tests.helpers.content import CONTENT
from tests.helpers.reading_level import grade, longest_sentence, spanish_ease, syllables

WORDS = ("doses.toml", "pages.toml", "papers.toml", "privacy.toml")
FILES = [*sorted(CONTENT.glob("questionnaires/*.toml")), CONTENT / "messages.toml", CONTENT / "regions.toml"]
FILES += [CONTENT / name for name in WORDS]
BANNED = re.compile(
    r"\b(cure|heal your|fix|guarantee|diagnose|realign|out of place|out of alignment|misaligned|damaged?)\b",
    re.I,
)
STAFF_MAILS = ("alert", "nudge", "summary", "connection")
FEW_WORDS = 6
"""A text of fewer words is scored with the question it belongs to: two words alone have no grade."""


@cache
def texts(folder: str = "") -> dict[tuple[str, ...], str]:
    """Return every client text by file and path; `folder` is a language."""
    found = {}
    for file in FILES:
        name = str(file.relative_to(CONTENT))
        raw = tomllib.loads((CONTENT / folder / name).read_text(encoding="utf-8"))
        pairs = (
            _leaves(raw)
            if folder or name in WORDS
            else ((path, table[key]) for path, table, key in client_texts(raw))
        )
        found.update({(name, *path): text for path, text in pairs if text})
    return found


def _leaves(raw: dict[str, object], under: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*under, key))
        elif isinstance(value, str):
            yield (*under, key), value


def blocks(folder: str = "") -> dict[tuple[str, ...], str]:
    """Return what a client reads together: a question with its hint and its choices, or a message."""
    found: dict[tuple[str, ...], list[str]] = {}
    for path, text in texts(folder).items():
        block = path if path[0] in WORDS else path[:3] if path[1] in ("question", "step") else path[:2]
        found.setdefault(block, []).append(text)
    return {
        path: " ".join(t if t.endswith((".", "?", "!")) else f"{t}." for t in all_)
        for path, all_ in found.items()
    }


def test_the_scorer_knows_easy_from_hard() -> None:
    assert grade("The cat sat on the mat.") < 1
    assert grade("Contraindicated interventions necessitate multidisciplinary reconsideration.") > 15
    assert (syllables("pain"), syllables("shoulder"), syllables("zzz"), syllables("five")) == (1, 2, 1, 1)
    assert longest_sentence("One two. One two three? One.") == 3


def test_every_text_of_more_than_a_few_words_is_at_sixth_grade_or_below() -> None:
    hard = {
        path: text for path, text in texts().items() if len(text.split()) >= FEW_WORDS and grade(text) > 6
    }
    assert hard == {}


def test_every_question_as_a_whole_is_at_sixth_grade_or_below() -> None:
    whole = {path: text for path, text in blocks().items() if len(text.split()) >= FEW_WORDS}
    assert {path: round(grade(text), 1) for path, text in whole.items() if grade(text) > 6} == {}


@pytest.mark.parametrize("language", ["", "es"])
def test_no_sentence_is_long(language: str) -> None:
    most = 26 if language else 22
    assert {path: text for path, text in texts(language).items() if longest_sentence(text) > most} == {}


def test_no_text_makes_a_promise_or_a_diagnosis() -> None:
    assert {path: text for path, text in texts().items() if BANNED.search(text)} == {}


def test_spanish_texts_are_easy_to_read() -> None:
    whole = " ".join(blocks("es").values())
    assert spanish_ease(whole) > 80
    long = {path: text for path, text in blocks("es").items() if len(text.split()) > 12}
    assert {path: round(spanish_ease(text)) for path, text in long.items() if spanish_ease(text) < 60} == {}


def _mail(language: str) -> dict[tuple[str, ...], str]:
    """Return every text of the mails and text messages that clients get."""
    raw = tomllib.loads((CONTENT / "mail" / f"{language}.toml").read_text(encoding="utf-8"))
    return {path: text for path, text in _strings(raw) if path[0] not in STAFF_MAILS}


def _strings(raw: object, under: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(raw, str):
        yield under, raw
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw if isinstance(raw, list) else [])
    for key, value in pairs:
        yield from _strings(value, (*under, str(key)))


def test_every_text_of_a_mail_is_at_sixth_grade_or_below() -> None:
    hard = {path: text for path, text in _mail("en").items() if len(text.split()) > FEW_WORDS}
    assert {path: text for path, text in hard.items() if grade(text) > 6} == {}
    assert {path: text for path, text in _mail("en").items() if longest_sentence(text) > 22} == {}


def test_spanish_mails_are_easy_to_read_and_say_as_much() -> None:
    assert spanish_ease(" ".join(_mail("es").values())) > 70
    assert {path[:2] for path in _mail("es")} == {path[:2] for path in _mail("en")}


def test_no_mail_makes_a_promise_or_holds_a_word_about_health() -> None:
    health = re.compile(r"\b(pain|hurts?|sore|stretch|exercises?|massage|dolor|ejercicios?|masaje)\b", re.I)
    shown = [(path, text) for each in ("en", "es") for path, text in _mail(each).items()]
    plain = [text for path, text in shown if path[0] != "contents"]  # those stand around the moves themselves
    assert [text for text in plain if BANNED.search(text) or health.search(text)] == []
