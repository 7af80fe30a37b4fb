"""The house: everything a handler needs that does not change while the process runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from integrations.base import Scheduler
from integrations.channels.base import Sender
from schemas.clinic import Clinic
from schemas.delivery import Channel
from store.base import Database

if TYPE_CHECKING:
    from handlers.library import Library


@dataclass(frozen=True, slots=True)
class House:
    """Clinic, database, schedulers by connection name, senders by channel, content by language."""

    clinic: Clinic
    db: Database
    schedulers: Mapping[str, Scheduler]
    senders: Mapping[Channel, Sender]
    library: "Callable[[str], Library]"
    link_key: bytes

    def zone(self, name: str = "") -> ZoneInfo:
        """The named zone, or the clinic's."""
        return ZoneInfo(name or self.clinic.zone)
