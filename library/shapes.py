"""The shape of the content files, as marshmallow schemas: unknown keys and wrong types are errors."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from schemas.forms.condition import ConditionError, parse
from schemas.forms.questionnaire import QuestionType
from schemas.rules import Severity


class ConditionField(fields.Field[Any]):
    """A condition as text, or true (always) and false (never: None)."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> object:
        del attr, data, kwargs
        if isinstance(value, bool):
            return parse("always") if value else None
        if not isinstance(value, str):
            raise ValidationError("Not a condition.")
        try:
            return parse(value)
        except ConditionError as error:
            raise ValidationError(f"Condition: {error}") from error


class ChoicesField(fields.Field[Any]):
    """A table of choices, or the name of a set of choices."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> object:
        del attr, data, kwargs
        is_table = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        if isinstance(value, str) or is_table:
            return value
        raise ValidationError("Not a table of choices (id = words).")


ID = "must be letters from A to Z, digits and _ alone, and begin with a letter."


def _id() -> fields.String:
    return fields.String(required=True, validate=validate.Regexp(r"[A-Za-z][A-Za-z0-9_]*\Z", error=ID))


def _word() -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1))


class _Strict(Schema):
    class Meta:
        """A key that nobody reads is a spelling mistake."""

        unknown = RAISE


class GroupIn(_Strict):
    """One line of a gate that stands for several items."""

    id = _id()
    label = _word()
    items = fields.List(fields.String(), required=True)


class QuestionIn(_Strict):
    """One question of a questionnaire file."""

    id = _id()
    type = fields.Enum(QuestionType, by_value=True, required=True)
    label = _word()
    hint = fields.String()
    why = fields.String()
    short = fields.String()
    choices = ChoicesField()
    choices_from = fields.String()
    alone = fields.String()
    required = ConditionField()
    show_if = ConditionField()
    safety = fields.Boolean()
    emergency = fields.Boolean()
    items = fields.List(fields.String())
    group = fields.List(fields.Nested(GroupIn))
    mode = fields.String(validate=validate.OneOf(["each", "tick"]))
    clear = fields.String()
    ticked = fields.String()
    known = fields.String(validate=validate.OneOf(["name", "email", "phone", "no_texts", "mail_agreed"]))
    minimum = fields.Integer(strict=True)
    maximum = fields.Integer(strict=True)
    low = fields.String()
    high = fields.String()
    max_choices = fields.Integer(strict=True, validate=validate.Range(min=1))
    max_length = fields.Integer(strict=True, validate=validate.Range(min=1, max=5000))
    autocomplete = fields.String()
    more = fields.Boolean()


class StepIn(_Strict):
    """One screen: own questions, and by `use` the ids of questions that another file defines."""

    id = _id()
    title = _word()
    intro = fields.String()
    part = fields.Integer(strict=True, validate=validate.Range(min=1))
    show_if = ConditionField()
    use = fields.List(fields.String())
    question = fields.List(fields.Nested(QuestionIn))


class QuestionnaireIn(_Strict):
    """A questionnaire file; `questions_from` names the file whose questions `use` takes."""

    id = _id()
    version = _word()
    title = _word()
    minutes = fields.Integer(strict=True, required=True)
    intro = fields.String()
    questions_from = fields.String()
    choice_sets = fields.Dict(keys=fields.String(), values=ChoicesField())
    step = fields.List(fields.Nested(StepIn), required=True, validate=validate.Length(min=1))


class RegionIn(_Strict):
    """One place on the body map."""

    id = _id()
    view = fields.String(required=True, validate=validate.OneOf(["front", "back"]))
    label = _word()
    sides = fields.Boolean(required=True)


class RegionsIn(_Strict):
    """The file of regions."""

    region = fields.List(fields.Nested(RegionIn), required=True)


class CaseIn(_Strict):
    """One graded case of a safety rule; texts left out are those of the rule."""

    when = ConditionField(required=True)
    severity = fields.Enum(Severity, by_value=True, required=True)
    client_text = fields.String()
    clinic_action = fields.String()


class RuleIn(_Strict):
    """A safety rule: either `when` and `severity`, or several cases."""

    id = _id()
    name = _word()
    when = ConditionField()
    severity = fields.Enum(Severity, by_value=True)
    case = fields.List(fields.Nested(CaseIn))
    check_in = fields.Boolean()
    client_text = _word()
    clinic_action = _word()
    source = _word()


class ReviewIn(_Strict):
    """What needs a sign-off, and what blank and unsure answers do."""

    id = _id()
    name = _word()
    facts = fields.List(fields.String(), required=True)
    client_text = _word()
    clinic_action = _word()
    unsure_text = _word()
    unsure_action = _word()
    source = _word()


class FlagsIn(_Strict):
    """The file of safety rules."""

    rule = fields.List(fields.Nested(RuleIn), required=True)
    review = fields.Nested(ReviewIn, required=True)
    clash = fields.Nested(RuleIn, required=True)


class ConditionRowIn(_Strict):
    """One row of the condition matrix."""

    id = _id()
    name = _word()
    when = ConditionField(required=True)
    massage = _word()
    exercise = _word()


class ConditionsIn(_Strict):
    """The file of the condition matrix."""

    condition = fields.List(fields.Nested(ConditionRowIn), required=True)


class EvidenceRowIn(_Strict):
    """One source."""

    id = _id()
    citation = _word()
    seen = _word()
    used_for = _word()


class EvidenceIn(_Strict):
    """The file of sources."""

    evidence = fields.List(fields.Nested(EvidenceRowIn), required=True)


class MessagesIn(_Strict):
    """The client's texts: messages by key, and the sentences for mistakes in a form."""

    messages = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
