"""Everything that is configured, as values."""

from dataclasses import dataclass, field
from pathlib import Path

from schemas.clinic import Clinic, Connection


class SettingsError(Exception):
    """The settings do not hold together; `problems` are sentences that say what to do.

    `settings` is what could be read all the same, so that the rest can be looked at too.
    """

    def __init__(self, problems: list[str], settings: "Settings | None" = None) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.settings = settings


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server. `security` is tls, starttls or none; `per_minute` mails at most, 0 for any number."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Sms:
    """The text-message service (Twilio's API); empty `account` means that no texts are sent."""

    account: str
    token: str = field(repr=False)
    sender: str = ""
    api_base: str = ""


@dataclass(frozen=True, slots=True)
class Returns:
    """Where mail that came back is heard of: a webhook's secrets, a mailbox; an empty `host` means none."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    host: str = ""
    port: int = 993
    username: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured, checked; `remarks` are sentences about what stops nothing.

    While `setup_open`, `missing` are sentences about what is still to be set in the browser.
    """

    production: bool
    database_url: str
    field_keys: tuple[str, ...] = field(repr=False)
    secret_key: str = field(repr=False)
    clinic: Clinic
    connections: tuple[Connection, ...]
    mail: Mail
    sms: Sms
    content: Path
    worker: str
    require_totp: bool
    log_level: str
    proxies: int = 0
    ping_url: str = ""
    returns: Returns = Returns()
    metrics_token: str = field(default="", repr=False)
    probe_url: str = ""
    setup_open: bool = False
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    journal: Path | None = None
    breached: Path | None = None
    clamd: str = ""


SHORTEST_KEY = 32  # characters of SECRET_KEY


def secret_keys(value: str) -> tuple[str, ...]:
    """The key that counts, and those before it, which only tell who was erased; a key may hold spaces."""
    parts = tuple(value.split())
    return parts if all(len(part) >= SHORTEST_KEY for part in parts) else (value,)
