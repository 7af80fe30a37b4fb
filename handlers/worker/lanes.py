"""The worker's lanes: a thread for each kind of work, so that what hangs holds up nothing else.

Whatever asks a scheduler has a lane for each connection. Alerts have one for each channel: they ask no
scheduler and wait for no receipt.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from handlers.bookings import inbox
from handlers.context import Context
from handlers.send import outbox
from handlers.worker import duties
from handlers.worker.clock import Clock
from schemas.delivery import TO_CLIENT, Channel, Purpose
from store.base import DatabaseError, kind
from store.deliveries import Share
from store.running.leases import Connections, only

log = logging.getLogger("aftercare.worker")
IDLE = 0.5  # seconds between looks at an empty schedule
SELDOM = 5.0  # seconds between looks at what is done by the hour
DOWN = 3.0  # seconds to wait for a database that does not answer
MAILING = 2  # lanes for the mails of a connection: one waits for an answer while the other has work to do
ALERTS = {
    "alerts by mail": Share((Purpose.alert,), (Channel.email,)),
    "alerts by text": Share((Purpose.alert,), (Channel.sms,)),
}


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of work. `step` does some of what is due at a time, and returns how much it was."""

    name: str
    step: Callable[[datetime], int]
    idle: float = IDLE
    needs_clock: bool = True  # it pauses while the clock is not trusted
    urgent: bool = False  # it goes on, and is never behind by a clock that was set back

    def run(self, clock: Clock, stop: threading.Event) -> None:
        """Work until `stop` is set. A database that goes away is waited for; nothing needs a person."""
        while not stop.is_set():
            try:
                now = clock.no_earlier() if self.urgent else clock.now()
                if (self.needs_clock and not clock.trusted) or not self.step(now):
                    stop.wait(self.idle)
            except (DatabaseError, OSError) as error:
                log.error("database does not answer", extra={"lane": self.name, "error": kind(error)})
                stop.wait(DOWN)
            except Exception:
                # Whatever it is, the next message is not to blame: a worker that ends helps nobody.
                log.exception("a round of work failed", extra={"lane": self.name})
                stop.wait(DOWN)


def every(context: Context, stopping: Callable[[], bool]) -> list[Lane]:
    """All lanes of a worker: so many for each connection, and those that belong to none."""
    found = [
        Lane(name, _sending(context, share, stopping), needs_clock=False, urgent=True)
        for name, share in ALERTS.items()
    ]
    found.append(Lane("summaries", _sending(context, Share((Purpose.summary,)), stopping)))
    for name in context.schedulers:
        found += _of_connection(context, name, stopping)
    found.append(_of_removed_connections(context, stopping))
    return found + [_of_duty(context, name, duty) for name, duty in duties.every_duty().items()]


def to_clients(name: str) -> dict[str, Share]:
    """What is sent to the clients of a connection, and onto its bookings, by lane."""
    of = only(name)
    mails = {
        f"mails {number + 1}": Share(TO_CLIENT, (Channel.email,), of, number, MAILING)
        for number in range(MAILING)
    }
    texts = Share(TO_CLIENT, (Channel.sms,), of)
    return {**mails, "texts": texts, "notes": Share((Purpose.attach,), (Channel.note,), of)}


def _of_connection(context: Context, name: str, stopping: Callable[[], bool]) -> list[Lane]:
    of = only(name)

    def take_in(now: datetime) -> int:
        return inbox.work(context, now, of, stopping)

    sending = [
        Lane(f"{what} of {name}", _sending(context, share, stopping))
        for what, share in to_clients(name).items()
    ]
    receiving = Lane(f"receipts of {name}", take_in, needs_clock=False)
    return [receiving, _of_duty(context, f"reading of {name}", duties.Reading(name)), *sending]


def _of_removed_connections(context: Context, stopping: Callable[[], bool]) -> Lane:
    """What is left of connections that are not configured any more: there is no scheduler to wait for."""
    of = Connections(tuple(context.schedulers))
    send = _sending(context, Share((*TO_CLIENT, Purpose.attach), of=of), stopping)
    return Lane("removed connections", lambda now: inbox.work(context, now, of, stopping) + send(now))


def _of_duty(context: Context, name: str, duty: duties.Duty | duties.Reading) -> Lane:
    return Lane(name, partial(duty.run, context), SELDOM, needs_clock=False)


def _sending(context: Context, share: Share, stopping: Callable[[], bool]) -> Callable[[datetime], int]:
    return lambda now: outbox.work(context, now, share, stopping)
