"""The context: everything a handler needs that does not change while the process runs."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from integrations.base import Scheduler
from integrations.bounces import Bounces
from integrations.channels.base import Sender
from integrations.probe import Probe
from integrations.scanner import Scanner
from library.content import Library
from schemas.checkin import CheckInRules
from schemas.choosing import PlanContent
from schemas.clinic import Clinic
from schemas.delivery import Channel
from schemas.figure import Figure
from schemas.identity import NameRules
from store.base import Database


@dataclass(frozen=True, slots=True)
class Context:
    """Clinic, database, schedulers by connection name, senders by channel, content by language."""

    clinic: Clinic
    db: Database
    schedulers: Mapping[str, Scheduler]
    senders: Mapping[Channel, Sender]
    library: Callable[[str], Library]
    mail_texts: Callable[[str], Mapping[str, Any]]
    link_key: bytes = field(repr=False)
    old_keys: tuple[bytes, ...] = field(default=(), repr=False)
    probe: Probe | None = None
    bounces: Bounces | None = None
    scanner: Scanner | None = None
    breached: Path | None = None  # a list of breached passwords (`handlers.staff.breached`)
    journal: Path | None = None  # where the worker keeps what must outlive a restore

    def plan_content(self, language: str) -> PlanContent:
        """Return what plans are made and worded from, in the nearest language that the clinic has."""
        return self.library(self.clinic.spoken(language)).plan_content

    def figures(self, language: str) -> Mapping[str, Figure]:
        """Return the figures by exercise id, described in the nearest language that the clinic has."""
        return self.library(self.clinic.spoken(language)).figures

    @property
    def checkins(self) -> CheckInRules:
        """When a plan is asked about, and what."""
        return self.library(self.clinic.language).checkins

    @property
    def names(self) -> NameRules:
        """What tells names apart."""
        return self.library(self.clinic.language).names

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The key that counts, then those before it, the newest first."""
        return (self.link_key, *self.old_keys)

    def mac(self, about: str | bytes, key: bytes = b"") -> bytes:
        """HMAC-SHA256, 32 bytes, under the key that counts or one of `keys`.

        Each use begins with a word of its own (`session:`): the MAC of one thing never stands for another.
        """
        text = about.encode() if isinstance(about, str) else about
        return hmac.digest(key or self.link_key, text, "sha256")

    def zone(self, name: str = "") -> ZoneInfo:
        """The named zone, or the clinic's."""
        return ZoneInfo(name or self.clinic.zone)

    def midnight(self, day: date) -> datetime:
        """When a day begins on the clinic's wall, in UTC."""
        return datetime.combine(day, time(), self.zone()).astimezone(UTC)

    def readable(self, connection: str) -> bool:
        """True when bookings of this connection can be read back at the scheduler."""
        scheduler = self.schedulers.get(connection)
        return scheduler is not None and scheduler.readable
