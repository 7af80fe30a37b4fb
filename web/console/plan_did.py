"""What a button of the form that changes a plan did: said at the exercise that it was about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOVED = "{name} is number {n} now."
WORDS = {
    "add": "Added: {name} is number {n} now.",
    "swap": "{name} stands in place of {other} now.",
    "up": MOVED,
    "down": MOVED,
}
BEGUN, SAVED, DELETED = "This is your plan “{name}” now.", "Saved as {name}.", "“{name}” is deleted."


@dataclass(frozen=True, slots=True)
class Did:
    """Words in English with their values, and the exercise or the section at which they stand."""

    at: str
    words: str
    name: str
    n: int = 0
    other: str = ""


def to_line(do: str, now_so: Sequence[str], called: Callable[[str], str]) -> Did | None:
    """What one press did to an exercise; `now_so`: the exercises in order, after it."""
    act, _, rest = do.partition(":")
    name, _, other = rest.partition(":")
    at = other if act == "swap" else name
    if act not in WORDS or at not in now_so:
        return None
    replaced = called(name) if act == "swap" else ""
    return Did(at, WORDS[act], called(at), now_so.index(at) + 1, replaced)
