"""What is looked for in the words that a client types: patterns, and what makes a sentence harmless."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.forms.condition import Condition
from schemas.severity import RuleCase, Severity

Phrase = tuple[str, ...]
"""Words in a row; `*` at a word's end stands for any ending, `#` for any number."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Groups of phrases: one phrase of each must stand near the others, in any order."""

    text: str
    groups: tuple[tuple[Phrase, ...], ...]


@dataclass(frozen=True, slots=True)
class Danger:
    """One danger that can be typed; `case` says what it does.

    `passes`: it counts though it has passed. `ever`: it counts however long ago. `anyone`: it counts
    whoever it is about. `crisis`: somebody may hurt themselves. `settled`: answers that say it already, so
    that their own rules judge it. `unless`: phrases that make the sentence harmless.
    `eased`: calm words in the sentence, and nothing odd or new, make it harmless too. `tone`: it is found by
    how the text sounds, where no pattern finds anything.
    """

    id: str
    name: str
    source: str
    case: RuleCase
    patterns: tuple[Pattern, ...]
    unless: tuple[Phrase, ...] = ()
    settled: Condition | None = None
    crisis: bool = False
    passes: bool = False
    ever: bool = False
    anyone: bool = False
    eased: bool = False
    tone: bool = False
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        """What it does."""
        return self.case.severity


@dataclass(frozen=True, slots=True)
class Harmless:
    """The words that tell how a sentence is meant, in every language together.

    `checked`, `clear`, `done`: somebody looked, found nothing and it is over, unless a word of `going` stands
    beside. `nearly`, `startled`: it only nearly was, from a fright or a laugh. A file of before has none.
    """

    fillers: frozenset[str]
    no: frozenset[str]
    not_verb: frozenset[str]
    have: frozenset[str]
    yet: frozenset[str]
    tells: frozenset[str]
    not_no: tuple[Phrase, ...]
    past: tuple[Phrase, ...]
    present: tuple[Phrase, ...]
    people: frozenset[str]
    me: frozenset[str]
    family: tuple[Phrase, ...]
    fear: tuple[Phrase, ...]
    nothing: frozenset[str]
    words: frozenset[str]
    over: tuple[Phrase, ...] = ()
    reports: frozenset[str] = frozenset()
    checked: tuple[Phrase, ...] = ()
    clear: tuple[Phrase, ...] = ()
    done: tuple[Phrase, ...] = ()
    going: frozenset[str] = frozenset()
    nearly: tuple[Phrase, ...] = ()
    startled: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class Tone:
    """Words for how a text sounds: of the body, odd or failing, new, like something else, calm.

    What is odd and new with the body, or like something else without a calm word, is looked at.
    """

    body: tuple[Phrase, ...]
    odd: tuple[Phrase, ...]
    new: tuple[Phrase, ...]
    like: tuple[Phrase, ...]
    calm: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TypedRules:
    """The whole of `rules/typed.toml`; compared as an object, since it is read once."""

    dangers: tuple[Danger, ...] = ()
    harmless: Harmless | None = None
    tone: Tone | None = None

    def danger(self, name: str) -> Danger | None:
        """Return a danger by its id."""
        return next((danger for danger in self.dangers if danger.id == name), None)


def phrase(text: str) -> Phrase:
    """Return a phrase as its words."""
    return tuple(text.split())


def pattern(text: str, lists: Mapping[str, str]) -> Pattern:
    """Return `a b | c & d` as a pattern, with `{name}` standing for a list of phrases; raises KeyError."""
    filled = text.format_map(lists)
    return Pattern(text, tuple(either(group) for group in filled.split("&")))


def either(text: str) -> tuple[Phrase, ...]:
    """Return `a b | c` as phrases."""
    return tuple(phrase(one) for one in text.split("|") if one.strip())
