"""Checks what a client submits: a marshmallow Schema built from the questions on one screen.

Input is what a browser posts: text, or a list of texts, by question id (a date may also come as three
parts, `<id>_year`, `<id>_month`, `<id>_day`). Output is text or a list of texts. Errors are sentences for
the client.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load

from schemas.forms.questionnaire import Choice, Question, QuestionType
from schemas.notions import mail_address, phone
from schemas.notions.words import fill

ERRORS: Mapping[str, frozenset[str]] = {
    "missing_choice": frozenset({"label"}),
    "missing_multi": frozenset({"label"}),
    "missing_text": frozenset({"label"}),
    "missing_consent": frozenset({"label"}),
    "unknown": frozenset({"label"}),
    "alone": frozenset({"label", "none"}),
    "too_many": frozenset({"label", "n"}),
    "too_long": frozenset({"label", "n", "used"}),
    "email": frozenset({"label"}),
    "phone": frozenset({"label"}),
    "date": frozenset({"label"}),
    "date_future": frozenset({"label"}),
    "number": frozenset({"label", "low", "high"}),
}
"""The sentences for mistakes, which content has under [errors], and what each may name."""

_OLDEST = 120
_MISSING = {
    QuestionType.CHOICE: "missing_choice",
    QuestionType.SCALE: "missing_choice",
    QuestionType.MULTI: "missing_multi",
    QuestionType.BODYMAP: "missing_multi",
    QuestionType.GATE: "missing_multi",
    QuestionType.CONSENT: "missing_consent",
}
_DATE_FORMS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
    re.compile(r"(?P<m>\d{1,2})[/.](?P<d>\d{1,2})[/.](?P<y>\d{4})"),
)
_SPOOFING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(text: str, lines: bool = False) -> str:
    """Return text without control and direction-override characters; `lines` keeps line breaks."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    kept = (
        " " if char in "\n\t" and not lines else char
        for char in normal
        if char not in _SPOOFING and (char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
    )
    return "".join(kept).strip()


class AnswerField(fields.Field[Any]):
    """One question as a marshmallow field."""

    def __init__(
        self, question: Question, texts: Mapping[str, str], today: date, country: str, **options: Any
    ) -> None:
        super().__init__(**options)
        self.question, self.texts, self.today, self.country = question, texts, today, country

    def refuse(self, key: str, **values: object) -> ValidationError:
        """Return the client's error sentence for `key`."""
        return ValidationError(fill(self.texts[key], {"label": self.question.label, **values}))

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str | list[str]:
        del attr, data, kwargs
        if self.question.type.holds_many:
            return _read_many(self, _as_list(value))
        given = _as_list(value)
        if len(given) != 1:
            raise self.refuse("unknown")
        return READERS[self.question.type](self, given[0])


def _as_list(value: object) -> list[str]:
    several = value if isinstance(value, list | tuple) else [value]
    return [item if isinstance(item, str) else str(item) for item in several]


def _read_text(field: AnswerField, value: str) -> str:
    text = clean_text(value, lines=field.question.type is QuestionType.LONGTEXT)
    if len(text) > field.question.max_length:
        raise field.refuse("too_long", n=field.question.max_length, used=len(text))
    return text


def _read_email(field: AnswerField, value: str) -> str:
    address = mail_address.read(clean_text(value))
    if address is None:
        raise field.refuse("email")
    return address


def _read_phone(field: AnswerField, value: str) -> str:
    text = clean_text(value)
    if not phone.e164(text, field.country):
        raise field.refuse("phone")
    return text


def _read_date(field: AnswerField, value: str) -> str:
    match = next((m for form in _DATE_FORMS if (m := form.fullmatch(value.strip()))), None)
    try:
        day = date(int(match["y"]), int(match["m"]), int(match["d"])) if match else None
    except ValueError:
        day = None
    if day is None or day.year < field.today.year - _OLDEST:
        raise field.refuse("date")
    if day > field.today:
        raise field.refuse("date_future")
    return day.isoformat()


def _read_number(field: AnswerField, value: str) -> str:
    text, low, high = value.strip(), field.question.minimum, field.question.maximum
    if not re.fullmatch(r"[0-9]{1,6}", text) or not low <= int(text) <= high:
        raise field.refuse("number", low=low, high=high)
    return str(int(text))


def _read_choice(field: AnswerField, value: str) -> str:
    if field.question.choice(value) is None:
        raise field.refuse("unknown")
    return value


def _read_consent(field: AnswerField, value: str) -> str:
    if value not in ("yes", "on", "no"):
        raise field.refuse("unknown")
    return "no" if value == "no" else "yes"


def _read_many(field: AnswerField, given: list[str]) -> list[str]:
    chosen: list[str] = list(dict.fromkeys(given))
    found = [choice for choice in field.question.choices if choice.id in chosen]
    if len(found) != len(chosen):
        raise field.refuse("unknown")
    alone: Choice | None = next((choice for choice in found if choice.alone), None)
    if alone and len(found) > 1:
        raise field.refuse("alone", none=alone.label)
    if field.question.max_choices and len(found) > field.question.max_choices:
        raise field.refuse("too_many", n=field.question.max_choices)
    return [choice.id for choice in found]


READERS: dict[QuestionType, Callable[[AnswerField, str], str]] = {
    QuestionType.TEXT: _read_text,
    QuestionType.LONGTEXT: _read_text,
    QuestionType.EMAIL: _read_email,
    QuestionType.PHONE: _read_phone,
    QuestionType.DATE: _read_date,
    QuestionType.NUMBER: _read_number,
    QuestionType.SCALE: _read_number,
    QuestionType.CHOICE: _read_choice,
    QuestionType.CONSENT: _read_consent,
}


class _Answers(Schema):
    class Meta:
        """Fields that are not on this screen are dropped, never stored."""

        unknown = EXCLUDE

    @pre_load
    def _tidy(self, data: Mapping[str, object], **kwargs: object) -> dict[str, object]:
        del kwargs
        tidied: dict[str, object] = {}
        for name, field in self.fields.items():
            value = _given(name, data, isinstance(field, AnswerField) and field.question.type)
            if value:
                tidied[name] = value
        return tidied


def _given(name: str, data: Mapping[str, object], kind: object) -> list[str]:
    """Return the posted values of one question without blanks; date parts are put together."""
    parts = [_as_list(data.get(f"{name}_{part}", ""))[0].strip() for part in ("year", "month", "day")]
    if kind is QuestionType.DATE and any(parts):
        return ["-".join(parts)]
    return [text for text in _as_list(data.get(name, "")) if clean_text(text)]


def schema_for(
    questions: Sequence[Question],
    required: Collection[str],
    today: date,
    country: str,
    texts: Mapping[str, str],
) -> Schema:
    """Build the Schema for the questions now on the screen; `load` gives clean answers or ValidationError.

    `required` holds the ids that must be answered; `texts` the error sentences (keys of `ERRORS`). In
    `country` (ISO 3166) a phone number needs no country code.
    """
    made: dict[str, fields.Field[Any]] = {}
    for question in questions:
        missing = fill(texts[_MISSING.get(question.type, "missing_text")], {"label": question.label})
        needed = question.id in required
        made[question.id] = AnswerField(
            question, texts, today, country, required=needed, error_messages={"required": missing}
        )
    return _Answers.from_dict(made)()
