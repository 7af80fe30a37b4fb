"""Plans that a practitioner keeps to begin later ones with; what belongs to one client stays with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.forms.loading import load_as, plain
from schemas.plan import PlanItem, Sentence, Side
from store import saved_plans
from store.base import Tx

MOST = 50


@dataclass(frozen=True, slots=True)
class Saved:
    """A plan under a name of the practitioner's."""

    id: int
    name: str
    items: tuple[PlanItem, ...]


def every(tx: Tx, staff_id: int) -> list[Saved]:
    """All that one practitioner keeps, by name."""
    rows = saved_plans.of_staff(tx, staff_id)
    found = [Saved(number, row["name"], tuple(map(_item, row["items"]))) for number, row in rows]
    return sorted(found, key=lambda each: (each.name.casefold(), each.id))


def _item(values: dict[str, object]) -> PlanItem:
    return load_as(PlanItem, values)


def keep(tx: Tx, staff_id: int, name: str, items: Sequence[PlanItem], now: datetime) -> None:
    """Keep a plan; one of the same name, or the oldest of very many, makes room for it."""
    there = every(tx, staff_id)
    same = [each.id for each in there if each.name == name]
    oldest = sorted({each.id for each in there} - {*same})[: max(0, len(there) - len(same) - MOST + 1)]
    for saved_id in (*same, *oldest):
        saved_plans.remove(tx, staff_id, saved_id)
    values = {"name": name, "items": [plain(_for_anybody(item)) for item in items]}
    saved_plans.add(tx, staff_id, values, now)


def _for_anybody(item: PlanItem) -> PlanItem:
    """Side, words, reasons and pictures are this client's."""
    own = replace(item.own, media="") if item.own else None
    mine = replace(item, side=Side.NONE, because=Sentence(), caution="", dose_note="", priority=0)
    return replace(mine, text="", own=own)
