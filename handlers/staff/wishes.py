"""What each person on the staff wants to be sent about clients, how, and in which hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from schemas.staff import StaffNews, Wish
from store import choices
from store.base import Tx

NEWS, NUMBER, FROM, UNTIL, LAST = "news.", "news.number", "news.from", "news.until", "news.last"
BEGIN, END = time(8), time(18)


@dataclass(frozen=True, slots=True)
class Wishes:
    """One person's choices. Nothing is sent unless it was chosen; `last` is the day of the last digest.

    The hours are on the clinic's wall; outside them only an alert is sent. `number` gets alerts as texts.
    """

    when: Mapping[StaffNews, Wish] = field(default_factory=dict)
    number: str = ""
    begin: time = BEGIN
    end: time = END
    last: date | None = None

    def of(self, kind: StaffNews) -> Wish:
        """When this is sent."""
        return self.when.get(kind, Wish.off)


def read(chosen: Mapping[str, str]) -> Wishes:
    """The choices as they are kept."""
    return Wishes(
        {kind: Wish(chosen.get(NEWS + kind, "")) for kind in StaffNews},
        chosen.get(NUMBER, ""),
        time.fromisoformat(chosen.get(FROM) or BEGIN.isoformat()),
        time.fromisoformat(chosen.get(UNTIL) or END.isoformat()),
        date.fromisoformat(chosen[LAST]) if chosen.get(LAST) else None,
    )


def of(tx: Tx, staff_id: int) -> Wishes:
    """One person's."""
    return read(choices.of(tx, staff_id))


def keep(tx: Tx, staff_id: int, wishes: Wishes) -> None:
    """Keep what somebody chose."""
    for kind in StaffNews:
        choices.put(tx, staff_id, NEWS + kind, wishes.of(kind))
    hours = {FROM: f"{wishes.begin:%H:%M}", UNTIL: f"{wishes.end:%H:%M}"}
    for name, value in ({NUMBER: wishes.number} | hours).items():
        choices.put(tx, staff_id, name, value)


def digested(tx: Tx, staff_id: int, day: date) -> None:
    """The mail of this day is out."""
    choices.put(tx, staff_id, LAST, day.isoformat())
