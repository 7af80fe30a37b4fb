"""The answers of a check-in as links in its mail (B11): a tap opens the page with that answer chosen.

Each link is an opaque token of its own: no word of an answer stands in an address, and who only reads a log
learns nothing. Opening one changes nothing, so that scanners may.
"""

import base64
from collections.abc import Sequence

from handlers.context import Context
from schemas.checkin import CheckIn, CheckInKind
from schemas.forms.questionnaire import Question, QuestionType

MOST = 8  # answers beside each other in a mail


def question(context: Context, checkin: CheckIn, asked: Sequence[Question]) -> Question | None:
    """The question whose answers can be tapped; None where there is none."""
    assert isinstance(checkin.kind, CheckInKind)
    tap = context.checkins.rule(checkin.kind).tap
    found = next((each for each in asked if each.id == tap), None)
    return found if found and 0 < len(answers(found)) <= MOST else None


def answers(asked: Question) -> list[str]:
    """Every answer that a question can have, in order; none for what is typed or ticked."""
    if asked.type is QuestionType.CHOICE:
        return [choice.id for choice in asked.choices]
    if asked.type in (QuestionType.NUMBER, QuestionType.SCALE):
        return [str(number) for number in range(asked.minimum, asked.maximum + 1)]
    return []


def token(context: Context, checkin: CheckIn, name: str, answer: str) -> str:
    """What stands for this answer in this check-in's links: 96 bits, 16 characters."""
    mac = context.mac(f"tap:{checkin.id}:{name}:{answer}")
    return base64.urlsafe_b64encode(mac[:12]).decode()


def chosen(
    context: Context, checkin: CheckIn, asked: Sequence[Question], tapped: str
) -> dict[str, list[str]]:
    """What was tapped, by question; empty for a token that stands for nothing here."""
    found = question(context, checkin, asked)
    if found is None:
        return {}
    known = {token(context, checkin, found.id, answer): answer for answer in answers(found)}
    return {found.id: [known[tapped]]} if tapped in known else {}
