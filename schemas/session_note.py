"""What the practitioner adds after a visit, in under thirty seconds."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.plan import Override


class Response(StrEnum):
    """How the body took the visit."""

    EASED = "eased"
    NO_CHANGE = "no_change"
    SORE = "sore"
    STOPPED_EARLY = "stopped_early"


class SendWish(StrEnum):
    """What the practitioner wants done with the plan."""

    OK_TO_SEND = "ok_to_send"
    HOLD = "hold"
    NO_PLAN = "no_plan"


@dataclass(frozen=True, slots=True)
class SessionNote:
    """One note on one visit; exercise ids in `remove` and `add`, body-map ids in `areas_worked`.

    `next_visit_weeks`: after how many weeks to come again, 0 for not said.
    `add_reason` and `credential` allow an added move that the filter blocks; the plan keeps both.
    `overrides` is what they were given against, None for a note that was only just typed.
    """

    send: SendWish
    author: str
    credential: str = ""
    protocol: str = ""
    areas_worked: tuple[str, ...] = ()
    response: Response | None = None
    new_concern: bool = False
    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    add_reason: str = ""
    level_cap: int = 3
    client_note: str = ""
    next_visit_weeks: int = 0
    overrides: tuple[Override, ...] | None = None
