"""How each move of a client's plans went, as said move by move when a day was ticked off."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from clinical.plan.own import with_own
from schemas.checkin import Tick
from store import checkins, plans
from store.base import Tx
from web.console.view import language
from web.context import context


@dataclass(frozen=True, slots=True)
class Move:
    """One exercise: how often it was said to be each of these, the worst pain (0 to 10), the last day."""

    name: str
    said: Counter[str]
    pain: int | None
    last: datetime

    @property
    def skipped(self) -> int:
        """How often it was left out, for any reason."""
        return self.said["skipped"]


def of_client(tx: Tx, family: Sequence[int], since: datetime | None) -> list[Move]:
    """Each exercise of which something was said (`since` a time), the latest first."""
    said_then = checkins.of_client(tx, family, since)
    days = [one for one in said_then if isinstance(one.kind, Tick) and one.answered_at]
    names = _names(tx, family, {exercise for one in days for exercise in one.reply.get("moves", {})})
    found: dict[str, Move] = {}
    for one in days:
        assert one.answered_at is not None
        for exercise, said in one.reply.get("moves", {}).items():
            before = found.get(exercise) or Move(names[exercise], Counter(), None, one.answered_at)
            counted = before.said + Counter(["skipped" if "skipped" in said else said.get("effort", "none")])
            pains = [int(said["pain"])] if "pain" in said else []
            pains += [before.pain] if before.pain is not None else []
            found[exercise] = Move(
                before.name, counted, max(pains, default=None), max(before.last, one.answered_at)
            )
    return sorted(found.values(), key=lambda move: (move.last, move.name), reverse=True)


def _names(tx: Tx, family: Sequence[int], wanted: set[str]) -> dict[str, str]:
    """What exercises are called. Plans are opened only where one of them is somebody's own."""
    content = context().plan_content(language())
    if wanted - content.exercises.keys():
        own = [one.plan.items for one in plans.of_client(tx, family) if one.has_own]
        content = with_own(content, chain.from_iterable(own))
    known = content.exercises
    return {exercise: known[exercise].name if exercise in known else exercise for exercise in wanted}
