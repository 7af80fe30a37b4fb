"""Who it is: what can be said of two descriptions of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether two descriptions mean one person."""

    same = "same"
    another = "another"
    unsure = "unsure"


class Change(StrEnum):
    """What differs between the two descriptions: the reason for the verdict."""

    nothing = "nothing"
    name_learned = "name_learned"
    name_corrected = "name_corrected"  # a spelling, a title, an order
    name_changed = "name_changed"  # the given name is the same, the family name is new
    address_learned = "address_learned"
    address_corrected = "address_corrected"
    address_taken = "address_taken"  # the new address is another client's, under another name
    address_lost = "address_lost"
    nickname = "nickname"
    handed_over = "handed_over"  # the name is another person's
    too_little = "too_little"  # nothing that is known says who it is


@dataclass(frozen=True, slots=True)
class Match:
    """A verdict and the reason for it."""

    verdict: Verdict
    change: Change


@dataclass(frozen=True, slots=True)
class NameRules:
    """Everything in `rules/names.toml`: words that are no names, and names that one person may go by.

    `nicknames` maps each folded given name to the groups of names that one person may use instead of it.
    `told_apart`: kinds of words beside a name; words of two kinds mean two people. `joining`: what stands
    between the names of two. `family_first`: family names that many put before the given name.
    `generations`: words at the end of a name that say which of a family it is, those of one meaning together.
    """

    titles: frozenset[str]
    suffixes: frozenset[str]
    nicknames: Mapping[str, frozenset[str]]
    told_apart: tuple[tuple[frozenset[str], ...], ...] = ()
    joining: frozenset[str] = frozenset()
    family_first: frozenset[str] = frozenset()
    generations: tuple[frozenset[str], ...] = ()
