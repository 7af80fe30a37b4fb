"""The small language in which content says when something applies: `rf_calf = yes and pain_now >= 8`.

Grammar (keywords in any case, one line or many)::

    expression  = part { "or" part }
    part        = term { "and" term }
    term        = "not" term | "(" expression ")" | "always" | test
    test        = name ("=" | "!=") value            the answer is, or is not, this choice
                | name "in" "{" value, ... "}"       it is one of these
                | name ("has" | "lacks") value|set   a multiple answer holds one of these, or none of them
                | name (">=" | "<=" | ">" | "<") number
                | "count" "(" name ")" (">=" | ...) number
                | name "answered"

A name is a question id, a derived fact (`falls_flag`), or `age` (whole years). A value may hold `*`
(`main_region = knee_*`). A body-map region without a side matches both sides. Whatever is not answered
makes every test about it false, `!=` and `lacks` too: a missing answer is never read as "no".
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from schemas.forms import condition_tree as tree
from schemas.forms.condition_tree import (
    COMPARE,
    NOTHING,
    Answer,
    Answers,
    Because,
    Either,
    Every,
    Known,
    Node,
    Not,
    Test,
    number,
    values_of,
    without_side,
)

__all__ = [
    "NOTHING",
    "Answer",
    "Answers",
    "Because",
    "Condition",
    "ConditionError",
    "Known",
    "Test",
    "parse",
    "values_of",
    "without_side",
]

_KEYWORDS = frozenset({"and", "or", "not", "has", "lacks", "in", "answered", "always", "count"})
_TOKEN = re.compile(r"\s*(?:(?P<sign>>=|<=|!=|[=<>(){},])|(?P<word>[\w*][\w.*+-]*))")


class ConditionError(ValueError):
    """A condition that cannot be read; `position` counts characters from 0."""

    def __init__(self, text: str, position: int, wanted: str) -> None:
        super().__init__(f"expected {wanted} at character {position + 1} of: {text.strip()}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition; `str()` gives back its text."""

    text: str
    root: Node

    def __str__(self) -> str:
        """Return the text it was read from, on one line."""
        return self.text

    def holds(self, answers: Answers, facts: Collection[str] = frozenset(), age: int | None = None) -> bool:
        """Tell whether it is true for these answers, facts (`field=value`) and age in whole years."""
        return self.root.holds(Known(answers, frozenset(facts), age))

    def holds_for(self, known: Known) -> bool:
        """Tell the same of what is known already; many conditions about the same are then read faster."""
        return self.root.holds(known)

    def because(
        self, answers: Answers, facts: Collection[str] = frozenset(), age: int | None = None
    ) -> tuple[Because, ...]:
        """Return the (name, value) pairs that make it true; empty when it is not true."""
        known = Known(answers, frozenset(facts), age)
        return tuple(dict.fromkeys(tree.because(self.root, known))) if self.root.holds(known) else ()

    def tests(self) -> tuple[Test, ...]:
        """Return its single comparisons, so that content checks can resolve names and values."""
        return tuple(tree.tests(self.root))

    def names(self) -> set[str]:
        """Return every question id and fact name that it reads."""
        return {test.name for test in self.tests()}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    position: int
    is_word: bool


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ConditionError(text, position, "a name, a value or a sign")
        word = match["word"]
        found.append(_Token(match.group().strip(), match.end() - len(match.group().strip()), bool(word)))
        position = match.end()
    return found


class _Parser:
    """Reads tokens from left to right, one method per line of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0

    def expected(self, wanted: str) -> ConditionError:
        position = self.tokens[self.at].position if self.at < len(self.tokens) else len(self.text.rstrip())
        return ConditionError(self.text, position, wanted)

    def peek(self) -> str:
        return self.tokens[self.at].text.lower() if self.at < len(self.tokens) else ""

    def accept(self, *wanted: str) -> str:
        found = self.peek()
        if found and found in wanted:
            self.at += 1
            return found
        return ""

    def need(self, *wanted: str) -> str:
        found = self.accept(*wanted)
        if not found:
            raise self.expected(" or ".join(f"'{one}'" for one in wanted))
        return found

    def word(self, wanted: str) -> str:
        if self.at >= len(self.tokens) or not self.tokens[self.at].is_word or self.peek() in _KEYWORDS:
            raise self.expected(wanted)
        self.at += 1
        return self.tokens[self.at - 1].text

    def whole(self) -> Node:
        node = self.expression()
        if self.at < len(self.tokens):
            raise self.expected("'and', 'or' or the end")
        return node

    def expression(self) -> Node:
        parts = [self.part()]
        while self.accept("or"):
            parts.append(self.part())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def part(self) -> Node:
        parts = [self.term()]
        while self.accept("and"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def term(self) -> Node:
        if self.accept("not"):
            return Not(self.term())
        if self.accept("("):
            inside = self.expression()
            self.need(")")
            return inside
        if self.accept("always"):
            return Every(())
        return self.counted() if self.accept("count") else self.test()

    def counted(self) -> Test:
        self.need("(")
        name = self.word("a question id")
        self.need(")")
        return Test(name, f"count {self.need(*COMPARE)}", (self.number(),))

    def test(self) -> Test:
        name = self.word("a question id")
        sign = self.need("=", "!=", "in", "has", "lacks", "answered", *COMPARE)
        if sign == "answered":
            return Test(name, sign)
        if sign in COMPARE:
            return Test(name, sign, (self.number(),))
        values = self.values() if sign in ("in", "has", "lacks") else (self.word("a value"),)
        return Test(name, "!=" if sign in ("!=", "lacks") else "=", values)

    def values(self) -> tuple[str, ...]:
        if not self.accept("{"):
            return (self.word("a value or '{'"),)
        found = [self.word("a value")]
        while self.accept(","):
            found.append(self.word("a value"))
        self.need("}")
        return tuple(found)

    def number(self) -> str:
        if self.at < len(self.tokens) and number(self.tokens[self.at].text) is not None:
            self.at += 1
            return self.tokens[self.at - 1].text
        raise self.expected("a number")


@lru_cache(maxsize=2048)
def parse(text: str) -> Condition:
    """Read a condition; raises `ConditionError` with the position of what it cannot read."""
    return Condition(" ".join(text.split()), _Parser(text).whole())
