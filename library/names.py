"""Reads what stands beside a name and is none, and names that one person may go by."""

from collections import defaultdict
from pathlib import Path

from library import toml
from schemas.identity import NameRules


def read_names(folder: Path) -> NameRules:
    """The words of `rules/names.toml`; raises OSError, KeyError or Unreadable."""
    raw = toml.read(folder, "rules/names.toml")
    known: dict[str, set[str]] = defaultdict(set)
    for group in raw["nicknames"]:
        for name in group:
            known[name] |= set(group) - {name}
    return NameRules(
        frozenset(word.rstrip(".") for word in raw["titles"]),
        frozenset(raw["suffixes"]),
        {name: frozenset(others) for name, others in known.items()},
        tuple(tuple(map(frozenset, kinds)) for kinds in raw.get("told_apart", ())),
        frozenset(raw.get("joining", ())),
        frozenset(raw.get("family_first", ())),
        tuple(map(frozenset, raw.get("generations", ()))),
    )
