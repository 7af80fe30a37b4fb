"""A scheduler that speaks Cal.com's webhooks and whose bookings can be read and listed, all in memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.context import Context
from integrations.base import Batch, Gone
from integrations.schedulers.calcom import CalCom
from schemas.booking import BookingState, BookingStatus
from schemas.webhook import Inbound, Notice


class Readable(CalCom):
    """Remembers what its webhooks said, unless a test changes it behind our back."""

    rows: dict[str, BookingState]
    lost: dict[str, BookingState]
    reads: list[str]
    trouble: Exception | None = None
    subscribed = True
    since: datetime | None = None

    @property
    def readable(self) -> bool:
        """Always."""
        return True

    def parse(self, inbound: Inbound) -> list[Notice]:
        """As Cal.com; what is heard first of an identifier is what can be read."""
        notices = super().parse(inbound)
        for each in notices:
            if each.booking is not None:
                self.rows.setdefault(each.external_id, each.booking)
        return notices

    def fetch(self, external_id: str) -> tuple[BookingState, ...]:
        """The booking as a test left it."""
        self.reads.append(external_id)
        self._answer()
        if external_id not in self.rows:
            raise Gone("It is not there.")
        return (self.rows[external_id],)

    def batches(self, since: datetime, place: str = "") -> Iterator[Batch]:
        """All there is, one after the other; the place is how many were read."""
        self._answer()
        self.since = since
        for number, row in enumerate(list(self.rows.values()), 1):
            if number > int(place or 0):
                yield Batch((row,), str(number))

    def ping(self) -> None:
        """It answers."""
        self._answer()

    def is_subscribed(self) -> bool:
        """As a test says."""
        self._answer()
        return self.subscribed

    def _answer(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def cancel(self, external_id: str) -> None:
        """Cancelled, and no webhook told it."""
        self.rows[external_id] = replace(self.rows[external_id], status=BookingStatus.cancelled)

    def delete(self, external_id: str) -> None:
        """Deleted without a word."""
        self.lost[external_id] = self.rows.pop(external_id)

    def restore(self, external_id: str) -> None:
        """It was there all along."""
        self.rows[external_id] = self.lost.pop(external_id)

    def move(self, old: str, new: str, start: datetime) -> None:
        """Moved to a new identifier."""
        before = self.rows[old]
        self.rows[old] = replace(before, status=BookingStatus.cancelled, replaced_by=new)
        end = start + timedelta(hours=1)
        self.rows[new] = replace(before, external_id=new, start=start, end=end, replaces=old)


def reading(context: Context) -> tuple[Context, Readable]:
    """The same context, whose connection "main" can be read."""
    main = context.schedulers["main"]
    scheduler = Readable(main.connection, main.http)
    scheduler.rows, scheduler.lost, scheduler.reads = {}, {}, []
    return replace(context, schedulers={**context.schedulers, "main": scheduler}), scheduler
