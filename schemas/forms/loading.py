"""Plain values (from TOML or JSON) into frozen dataclasses, checked by a marshmallow schema made from them.

The dataclass is the one place that says what a file may hold: its types become fields, its defaults become
optional keys, an unknown key is an error. Understood types: str, int, float, bool, Condition, StrEnum, other
dataclasses, `T | None`, `tuple[T, ...]`, `frozenset[str]` and `dict[str, T]`.
"""

import dataclasses
import types
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from marshmallow import RAISE, Schema, ValidationError, fields

from schemas.forms.condition import Condition, ConditionError, parse

T = TypeVar("T")


class ConditionField(fields.Field[Condition]):
    """A condition written as text."""

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Condition:
        del args, options
        try:
            return parse(value)
        except (ConditionError, TypeError, AttributeError) as error:
            raise ValidationError(f"not a condition: {error}") from error


class PartField(fields.Field[Any]):
    """A table that becomes another dataclass."""

    def __init__(self, part: type[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part = part

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        del args, options
        if not isinstance(value, Mapping):
            raise ValidationError("expected a table")
        return load_as(self.part, value)


class TupleField(fields.List[Any]):
    """A list that becomes a tuple, or a frozenset."""

    def __init__(self, inner: fields.Field[Any], make: type[Any], **kwargs: Any) -> None:
        super().__init__(inner, **kwargs)
        self.make = make

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        return self.make(super()._deserialize(value, *args, **options))


def load_as(wanted: type[T], values: Mapping[str, Any]) -> T:
    """Return `values` as the dataclass; raises `marshmallow.ValidationError` naming every bad key at once."""
    return wanted(**_loader(wanted).load(values))  # type: ignore[arg-type] # a class is hashable


@lru_cache(maxsize=64)
def _loader(wanted: type[Any]) -> Schema:
    """The schema of a dataclass, made once: to make one takes longer than to use it."""
    return schema_of(wanted)(unknown=RAISE)  # type: ignore[arg-type] # a class is hashable


@lru_cache(maxsize=64)
def schema_of(wanted: type[Any]) -> type[Schema]:
    """Return the marshmallow schema that a dataclass describes."""
    hints = get_type_hints(wanted)
    made = {one.name: _field(hints[one.name], required=_required(one)) for one in dataclasses.fields(wanted)}
    return Schema.from_dict(made, name=f"{wanted.__name__}Schema")


def plain(value: Any) -> Any:
    """Return a dataclass, or a tuple or dict of them, as plain JSON values in the order of its fields."""
    if dataclasses.is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, StrEnum) else value


def _required(one: "dataclasses.Field[Any]") -> bool:
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING


def _field(hint: Any, *, required: bool) -> fields.Field[Any]:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (tuple, frozenset):
        return TupleField(_field(inside[0], required=True), origin, required=required)
    if origin is dict:
        return fields.Dict(fields.String(), _field(inside[1], required=True), required=required)
    if origin is types.UnionType:
        made = _field(inside[0], required=required)
        made.allow_none = True
        return made
    return _plain_field(hint, required=required)


def _plain_field(hint: Any, *, required: bool) -> fields.Field[Any]:
    if hint is Condition:
        return ConditionField(required=required)
    if dataclasses.is_dataclass(hint):
        return PartField(hint, required=required)  # type: ignore[arg-type] # is_dataclass says: a class
    if issubclass(hint, StrEnum):
        return fields.Enum(hint, by_value=True, required=required)
    if hint is bool:
        return fields.Boolean(truthy={True}, falsy={False}, required=required)
    if hint is int:
        return fields.Integer(strict=True, required=required)
    return fields.Float(required=required) if hint is float else fields.String(required=required)
