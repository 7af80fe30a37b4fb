"""Words that people read: texts by key in one language, with the names in their braces filled in."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from babel import Locale

PLACEHOLDER = re.compile(r"\{(\w+)\}")
COUNT = "n"
"""The name of the number that picks one form of a text that has several."""
Forms = Mapping[str, str]
"""A text in the plural forms of its language, by their Unicode names: zero, one, two, few, many, other."""
Text = str | Forms


def fill(text: str, values: Mapping[str, object]) -> str:
    """`{name}` replaced by its value; a name without one stays, and no value is read as a text."""
    return PLACEHOLDER.sub(lambda name: str(values.get(name[1], name[0])), text)


class Translatable(str):
    """A sentence in English that knows what it was made of, so that another language can say it."""

    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, /, **values: object) -> "Translatable":
        """The text with the names in its braces filled in; a value may be a sentence itself."""
        made = super().__new__(cls, fill(text, values))
        made.text, made.values = text, values
        return made

    def said(self, say: Callable[..., str]) -> str:
        """The same in the language of `say`, where it has the words."""
        parts = {
            name: each.said(say) if isinstance(each, Translatable) else each
            for name, each in self.values.items()
        }
        return say(self.text, **parts)


def placeholders(text: Text) -> frozenset[str]:
    """Every name in braces, in any form of the text."""
    return frozenset(name for form in forms_of(text) for name in PLACEHOLDER.findall(form))


def forms_of(text: Text) -> Iterator[str]:
    """The text itself, or each of its forms."""
    yield from (text,) if isinstance(text, str) else text.values()


def plural_form(language: str, count: float) -> str:
    """Which form a count takes in a language (CLDR): `one`, `few`, `other` ..."""
    return _locale(language).plural_form(count)


def direction(language: str) -> str:
    """`rtl` for a language written from the right, else `ltr`."""
    return _locale(language).text_direction


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one file by key (`plan.title`), in one language; `always` is known to every text."""

    language: str
    texts: Mapping[str, Text]
    always: Mapping[str, str] = field(default_factory=dict)

    def knowing(self, always: Mapping[str, str]) -> "Words":
        """The same words with values that every text may name."""
        return replace(self, always=always)

    def say(self, key: str, **values: object) -> str:
        """The text of a key, filled in; of several forms the one for the number `n`."""
        text = self.texts[key]
        if not isinstance(text, str):
            count = values[COUNT]
            assert isinstance(count, int | float)
            text = text.get(plural_form(self.language, count), text["other"])
        return self.fill(text, **values)

    def fill(self, text: str, **values: object) -> str:
        """A text from elsewhere in the content, filled in."""
        return fill(text, {**self.always, **values})

    def forms(self, key: str) -> Forms:
        """A text in all its forms, for a script that counts by itself."""
        text = self.texts[key]
        return {"other": text} if isinstance(text, str) else text

    def table(self, name: str) -> dict[str, str]:
        """The single texts of one table by their last word, as they stand."""
        start = f"{name}."
        found = ((key.removeprefix(start), text) for key, text in self.texts.items() if key.startswith(start))
        return {key: text for key, text in found if isinstance(text, str) and "." not in key}
