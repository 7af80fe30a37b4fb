"""Contact points and attendances: where a person is reached, and which visit is whose."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.booking import Person


class ContactKind(StrEnum):
    """What a contact point is; also the channel by which it is reached."""

    email = "email"
    sms = "sms"


class MessageKind(StrEnum):
    """What the owner of a contact point may refuse: forms and plans, or check-ins."""

    care = "care"
    checkins = "checkins"


class Doubt(StrEnum):
    """Why it is not certain that a visit is this client's."""

    none = ""
    name = "name"  # a nickname, a shared row at the scheduler: it may be somebody else
    address = "address"  # the address is another client's
    little = "little"  # nothing but a name


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One address or number. `value` is normalised; `stopped` is what its owner does not want."""

    id: int
    kind: ContactKind
    value: str
    bounced_at: datetime | None = None
    stopped: frozenset[MessageKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Which client comes to a booking from `since` on; the fields are those of their `Attendance`."""

    client_id: int
    said: Person
    since: datetime
    email_id: int | None
    phone_id: int | None
    unsure: Doubt = Doubt.none


@dataclass(frozen=True, slots=True)
class Attendance:
    """Which client comes to a booking, since when.

    `said` is the person as the scheduler described them when they were last recognised, None for one of an
    older database. `asked` is a later description about which staff must say whether it is the same person.
    `email_id` and `phone_id` are contact points, `intake_id` the form that serves the visit.
    """

    id: int
    booking_id: int
    client_id: int
    email_id: int | None
    phone_id: int | None
    intake_id: int | None
    said: Person | None
    asked: Person | None
    since: datetime
    ended_at: datetime | None
    unsure: Doubt
    confirmed_at: datetime | None
