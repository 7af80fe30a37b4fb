"""Translations of content: which texts a client reads, and how another language is laid over them."""

from collections.abc import Iterator, Mapping
from typing import Any

Raw = dict[str, Any]
TextPath = tuple[str, ...]
"""Where a text stands: `("question", "pain_now", "label")`."""

TEXT_KEYS = frozenset({"title", "intro", "label", "hint", "why", "short", "low", "high"})
"""Keys whose values a client reads."""
TEXT_TABLES = frozenset({"choices", "choice_sets", "messages", "errors"})
"""Tables in which every value is read by a client."""


def client_texts(raw: Raw, under: TextPath = ()) -> Iterator[tuple[TextPath, Raw, str]]:
    """Yield (path, table, key) of each text for clients: `("question", "pain_now", "label")`."""
    for key, value in raw.items():
        if isinstance(value, str) and key in TEXT_KEYS:
            yield (*under, key), raw, key
        elif key in TEXT_TABLES and isinstance(value, dict):
            yield from _table_texts(value, (*under, key))
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from client_texts(item, (key, str(item.get("id", ""))))


def _table_texts(table: Raw, under: TextPath) -> Iterator[tuple[TextPath, Raw, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _table_texts(value, (*under, key))
        elif isinstance(value, str):
            yield (*under, key), table, key


def leaves(raw: Mapping[str, Any], under: TextPath = ()) -> Iterator[tuple[TextPath, str]]:
    """Yield (path, text) of everything in a file of translations."""
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from leaves(value, (*under, key))
        else:
            yield (*under, key), str(value)


def laid_over(base: Any, over: Any) -> Any:
    """Return `base` with the texts of `over`; a list of tables takes a table keyed by their ids."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: laid_over(base.get(key), value) for key, value in over.items()}}
    if isinstance(base, list) and isinstance(over, dict):
        return [laid_over(item, over.get(item["id"], {})) for item in base]
    return over
