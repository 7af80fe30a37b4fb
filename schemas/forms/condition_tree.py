"""The parts of a condition: single tests, and `and`, `or`, `not` over them, asked about what is known."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

Answer = str | Sequence[str]
Answers = Mapping[str, Answer]
Because = tuple[str, str]

NOTHING = frozenset({"no", "none", "na", ""})
"""Choices that say "none of these"; `count(...)` does not count them."""

COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def values_of(answers: Answers, name: str) -> tuple[str, ...]:
    """Return the non-blank values given for one question, as text."""
    given = answers.get(name)
    if given is None:
        return ()
    if isinstance(given, str):
        text = given.strip()
        return (text,) if text else ()
    several = given if isinstance(given, Sequence) else [given]
    return tuple(text for text in (str(value).strip() for value in several) if text)


def without_side(region: str) -> str:
    """Return a body-map id without its side: `low_back_l` -> `low_back`."""
    return region[:-2] if region.endswith(("_l", "_r")) else region


@lru_cache(maxsize=256)
def _by_name(facts: frozenset[str]) -> dict[str, tuple[str, ...]]:
    named: dict[str, tuple[str, ...]] = {}
    for fact in sorted(facts):
        name, _, value = fact.partition("=")
        named[name] = (*named.get(name, ()), value)
    return named


@dataclass(frozen=True, slots=True)
class Known:
    """What conditions are asked about: answers, facts as `field=value`, age in whole years.

    Each name is looked up once: a form asks hundreds of conditions about the same few answers.
    """

    answers: Answers
    facts: frozenset[str] = frozenset()
    age: int | None = None
    _found: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value known for a name, answers first."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._values(name)
        return found

    def _values(self, name: str) -> tuple[str, ...]:
        given = values_of(self.answers, name)
        derived = _by_name(self.facts).get(name, ())
        years = (str(self.age),) if name == "age" and self.age is not None else ()
        if not years and not derived and len(given) < 2:
            return given
        return tuple(dict.fromkeys((*given, *years, *derived)))


def _matches(value: str, pattern: str) -> bool:
    if "*" in pattern:
        return fnmatchcase(value, pattern) or fnmatchcase(without_side(value), pattern)
    return pattern in (value, without_side(value))


def number(value: str) -> float | None:
    """Return the text as a number, or None."""
    try:
        return float(value)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison; `sign` is `=`, `!=`, `answered`, a numeric sign, or that sign after `count `."""

    __test__ = False

    name: str
    sign: str
    values: tuple[str, ...] = ()

    def hits(self, known: Known) -> tuple[str, ...]:
        """Return the known values that make this test true (empty: it does not hold)."""
        values = known.values(self.name)
        if not values or self.sign == "answered":
            return values
        if self.sign == "=":
            return tuple(v for v in values if self.matches(v))
        if self.sign == "!=":
            return () if any(self.matches(v) for v in values) else values
        if self.sign.startswith("count "):
            counted = tuple(v for v in values if v not in NOTHING)
            return counted if counted and self._compares(len(counted)) else ()
        return tuple(v for v in values if self._compares(number(v)))

    def holds(self, known: Known) -> bool:
        """Tell whether this test is true for what is known."""
        if self.sign == "=":
            return any(map(self.matches, known.values(self.name)))
        return bool(self.hits(known))

    def matches(self, value: str) -> bool:
        """Tell whether a single value is one of those named by an equality test."""
        return any(_matches(value, pattern) for pattern in self.values)

    def _compares(self, value: float | None) -> bool:
        compare = COMPARE[self.sign.removeprefix("count ")]
        return value is not None and compare(value, float(self.values[0]))


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; without parts it is `always`."""

    parts: tuple["Node", ...]

    def holds(self, known: Known) -> bool:
        """Tell whether all of it is true for what is known."""
        return all(part.holds(known) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple["Node", ...]

    def holds(self, known: Known) -> bool:
        """Tell whether any of it is true for what is known."""
        return any(part.holds(known) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Node"

    def holds(self, known: Known) -> bool:
        """Tell whether the part is false for what is known."""
        return not self.part.holds(known)


Node = Test | Every | Either | Not


def because(node: Node, known: Known) -> Iterator[Because]:
    """Yield the (name, value) pairs that make a part true; what is denied by `not` gives none."""
    match node:
        case Every(parts) | Either(parts):
            for part in parts:
                if part.holds(known):
                    yield from because(part, known)
        case Test():
            yield from ((node.name, value) for value in node.hits(known))
        case Not():
            return


def tests(node: Node) -> Iterator[Test]:
    """Yield the single tests of a part."""
    match node:
        case Every(parts) | Either(parts):
            for part in parts:
                yield from tests(part)
        case Not(part):
            yield from tests(part)
        case Test():
            yield node
