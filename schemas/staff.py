"""Who may open the console, and one sign-in of one browser."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do: treat clients, run the service, receive clients. One person may have several."""

    practitioner = "practitioner"
    manager = "manager"
    front_desk = "front_desk"


class Stage(StrEnum):
    """How far a login got: what is missing (code, second factor, a password of one's own), or all is well."""

    code = "code"
    enrol = "enrol"
    renew = "renew"
    full = "full"


class AccountNews(StrEnum):
    """What the owner of an account is mailed about."""

    invite = "invite"
    account = "account"  # name, role, credential or language
    password = "password"  # noqa: S105 - a word
    second_factor = "second_factor"
    recovery_code = "recovery_code"
    deactivated = "deactivated"
    let_in = "let_in"
    reset = "reset"
    passkey = "passkey"
    passkey_gone = "passkey_gone"
    locked = "locked"  # so many wrong passwords that a browser that is not known waits


class StaffNews(StrEnum):
    """What somebody on the staff may want to be sent about clients."""

    alert = "alert"  # an answer that cannot wait, of any client
    look = "look"  # of one's own clients: somebody should look in the next days
    form = "form"  # a form was sent in
    written = "written"  # something was written that waits for an answer


class Wish(StrEnum):
    """When it is sent: never, at once, or once a day with all else."""

    off = ""
    now = "now"
    daily = "daily"


@dataclass(frozen=True, slots=True)
class StaffMail:
    """One message that is due to the owner of an account, and since when; `path`: the page it leads to."""

    id: int
    staff_id: int
    kind: AccountNews | StaffNews
    created_at: datetime
    path: str = ""
    by_text: bool = False
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """One account. `credential` is what stands behind the name: LMT, PT, ATC, CPT.

    `password_until`: of a password that a command made, when it ends; None for one of their own.
    `sound`: False where the row is not the one that we wrote; then nobody is let in, whatever `active` was.
    """

    id: int
    email: str
    name: str
    credential: str
    roles: frozenset[Role]
    language: str
    password_hash: str
    totp: str
    totp_step: int
    active: bool
    invited: bool = False
    password_until: datetime | None = None
    sound: bool = True

    def may(self, *roles: Role) -> bool:
        """True when one of the roles is held."""
        return bool(self.roles.intersection(roles))


@dataclass(frozen=True, slots=True)
class StaffSession:
    """One login of one browser."""

    id: int
    staff_id: int
    stage: Stage
    totp: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that a device keeps; `credential_id` in base64url, `sign_count` 0 where none is counted."""

    id: int
    staff_id: int
    name: str
    credential_id: str
    public_key: bytes
    sign_count: int
    created_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A browser on which a PIN opens the console again (`handlers.staff.devices`)."""

    id: int
    staff_id: int
    session_id: int
    pin_hash: str
    tries: int
    created_at: datetime
    entered_at: datetime | None
