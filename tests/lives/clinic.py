"""The clinic of a life: one connection, an empty database, acts as pages and worker do them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from handlers.bookings.reconcile import reconcile
from handlers.clients import people, privacy
from handlers.context import Context
from handlers.intake import form
from handlers.intake.form import CHECK, Asked
from handlers.plans import by_hand
from handlers.schedule import due
from handlers.worker import work
from schemas.booking import Booking
from schemas.delivery import Channel, Delivery
from schemas.webhook import Inbound
from store import attendances, bookings, clients, connections, deliveries, intakes
from store.base import Database, Tx
from store.tables import metadata
from tests.helpers.answers import MOST_SCREENS, tapped
from tests.helpers.log import unguard
from tests.helpers.visits import receive
from tests.helpers.worlds import BEGAN, World
from tests.lives.people import Human
from tests.lives.post import Crash, Post

FIRST_SEEN = BEGAN - timedelta(days=30)
LEASE_OVER = timedelta(seconds=30)
AT_MOST = 200  # rounds of the worker while time passes


class Faults(logging.Handler):
    """Keeps what was logged as an error, with the exception."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it in words."""
        self.found.append(self.format(record))


@contextmanager
def watched() -> Iterator[Faults]:
    """Nothing may be logged as an error in a life."""
    faults, root = Faults(), logging.getLogger("aftercare")
    root.addHandler(faults)
    yield faults
    root.removeHandler(faults)


@dataclass
class Writes:
    """How many statements have changed the database."""

    number: int = 0

    def look(self, _conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        """Count it unless it reads."""
        self.number += not statement.startswith(("SELECT", "BEGIN", "PRAGMA"))


@contextmanager
def counted(db: Database) -> Iterator[Writes]:
    """Counts what is written into a database."""
    writes = Writes()
    sa.event.listen(db.engine, "before_cursor_execute", writes.look)
    yield writes
    sa.event.remove(db.engine, "before_cursor_execute", writes.look)


@dataclass
class Desk:
    """Our side of a life. It knows nothing but what webhooks and the scheduler's API say."""

    context: Context
    world: World
    post: Post
    now: datetime

    @classmethod
    def opened(cls, context: Context, world: World, key: str) -> "Desk":
        """An empty database, and this world as the only connection."""
        post = Post(BEGAN)
        ours = replace(
            context,
            schedulers={world.scheduler: world.connect(key)},
            senders={Channel.email: post, Channel.sms: post},
        )
        with ours.db.begin() as tx:
            unguard(tx)
            for table in reversed(metadata.sorted_tables):
                tx.run(sa.delete(table))
            connections.ensure(tx, world.scheduler, world.scheduler, FIRST_SEEN)
        return cls(ours, world, post, BEGAN)

    def hears(self, webhooks: list[Inbound]) -> None:
        """Webhooks come in; the worker has not looked yet."""
        url = f"https://care.test/webhooks/{self.world.scheduler}"
        receive(self.context, *(replace(each, url=url) for each in webhooks), now=self.now)

    def works(self) -> None:
        """One round of the worker; one that ends in the middle is started again a little later."""
        for _ in range(2):
            self.post.now = self.now
            try:
                work.work_once(self.context, self.now)
            except Crash:
                self.now += LEASE_OVER
            else:
                return

    def passes(self, hours: int, *, asleep: bool) -> None:
        """Time passes; the worker works when something is due, or (asleep) only at the end."""
        end = self.now + timedelta(hours=hours)
        for _ in range(0 if asleep else AT_MOST):
            with self.context.db.read() as tx:
                waiting = [each.due_at for each in deliveries.due_by(tx, end)]
            ahead = [at for at in waiting if at > self.now]
            if not ahead:
                break
            self.now = min(ahead)
            self.works()
        self.now = max(self.now, end)
        self.works()

    def reads(self) -> None:
        """The scheduler is read through, as every hour."""
        reconcile(self.context, self.world.scheduler, self.now)

    # what the pages do

    def booking_of(self, tx: Tx, visit: int) -> Booking | None:
        """What we know of a visit; None before we have heard of it, or once it was forgotten."""
        uids = [row.uid for row in self.world.rows.values() if row.visit == visit]
        for uid in reversed(uids):
            for record in bookings.named(tx, self.world.scheduler, uid):
                if record.booking_id is not None:
                    return bookings.get(tx, record.booking_id)
        return None

    def fills_in(self, tx: Tx, booking: Booking, human: Human, screens: int = MOST_SCREENS) -> bool:
        """The human answers so many screens, and sends the form when that was all; True once it is sent."""
        self.first_screen(tx, booking, human)
        asked = form.open_intake(tx, self.context, booking.id, self.now)
        for _ in range(screens):
            if asked is None or asked.intake.done:
                return False
            step = asked.resume_at()
            if step == CHECK:
                return form.submit(tx, self.context, asked, self.now).go_to == ""
            self._answers(tx, asked, step, human)
            asked = form.open_intake(tx, self.context, booking.id, self.now)
        return False

    def first_screen(self, tx: Tx, booking: Booking, human: Human) -> None:
        """Whom is it for? Who is greeted by another name says so."""
        comes = attendances.current(tx, booking.id)
        assert comes is not None
        if human.given.casefold() in str(clients.get(tx, comes.client_id).name).casefold():
            attendances.confirm(tx, comes.id, self.now)
            return
        people.for_somebody_else(tx, self.context, booking.id, human.said().name, self.now)
        due.sync(tx, self.context, booking.id, self.now)

    def _answers(self, tx: Tx, asked: Asked, step: str, human: Human) -> None:
        screen = asked.screen(step)
        assert screen is not None
        needed = [each for each in screen.questions if each.id in screen.required]
        denied: dict[str, Any] = {each.id: "no" if each.choice("no") else ["none"] for each in needed}
        taps = denied | tapped(asked.questionnaire, human.answers(asked.questionnaire.id))
        on_screen = {each.id: taps[each.id] for each in screen.questions if each.id in taps}
        saved = form.save_step(tx, self.context, asked, step, on_screen, self.now)
        assert not saved.errors, (step, saved.errors)

    def settles(self, tx: Tx, booking: Booking, *, same: bool) -> None:
        """Staff say whether it is the same person."""
        with suppress(LookupError):
            people.settle(tx, self.context, booking.id, "staff", self.now, same=same)
            due.sync(tx, self.context, booking.id, self.now)

    def clears_flags(self, tx: Tx, booking: Booking) -> None:
        """A clinician has seen whoever had a warning sign."""
        for flag in intakes.flags_of(tx, booking.id):
            if not flag["cleared_at"]:
                by_hand.clear_flag(tx, self.context, booking.id, flag["id"], "Dr. A", "seen", self.now)

    def erases(self, client_id: int) -> None:
        """A client is erased at their request."""
        privacy.erase(self.context, client_id, "staff", self.now)

    def delivered(self, tx: Tx) -> dict[str, Delivery]:
        """Each message that went out, by its Message-ID."""
        rows = [deliveries.of_booking(tx, each.id) for each in bookings.listing(tx)]
        return {each.message_id: each for row in rows for each in row if each.message_id}
