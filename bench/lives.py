"""Clients whom the application itself looks after, from their webhooks to what they say weeks later.

Time passes as it does for a worker: it works whenever something is due. `bench.filling` copies what comes
of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import Any

import sqlalchemy as sa

from handlers.checkins import remarks, replies
from handlers.context import Context
from handlers.intake import form
from handlers.plans import release
from handlers.worker import duties, work
from schemas.delivery import Channel
from schemas.session_note import Response, SendWish, SessionNote
from store import audit, bookings, checkins, deliveries, intakes, plans
from store.base import Tx
from store.tables import attendances
from store.tables import checkins as asked
from store.tables import remarks as said
from tests.helpers.answers import fill_in
from tests.helpers.visits import receive, webhook

WEEK = timedelta(days=7)
EARLY = timedelta(days=20)  # before the visit it is booked
SOON, LATER, OVER = timedelta(hours=5), timedelta(hours=30), timedelta(minutes=70)
MOST_ROUNDS = 10_000
PRACTITIONERS = ("Mara Field", "Ben Quist", "Ida Norn", "Sol Vega", "Kit Amsel")
FLAGGED = {"rf_saddle": "yes"}
SAID = {"fu_symptoms": ["none"], "fu_feel": "fine", "pain_now": "3", "pain_avg7": "3", "fu_days_done": "4"}
WRITTEN, ANSWER = "It is easier on the stairs now.", "Good to hear. Go on like this."


@dataclass(frozen=True, slots=True)
class Person:
    """Whose rows they are; the number has digits alone."""

    given: str
    family: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Life:
    """A client: weekly visits from `first` on, and what they do. `number` tells them from the others."""

    number: int
    first: datetime
    visits: int
    fills: bool = True
    replies: bool = True
    ticks: int = 2  # days a week
    flagged: bool = False
    cancels: tuple[int, ...] = ()
    noted: bool = True
    writes: bool = False  # a word in each check-in

    @property
    def given(self) -> str:
        """The first name, which stands nowhere else."""
        return f"Qgiven{self.number:03}"

    @property
    def family(self) -> str:
        """The last name."""
        return f"Qfamily{self.number:03}"

    @property
    def email(self) -> str:
        """Its address."""
        return f"qmail{self.number:03}@example.org"

    @property
    def phone(self) -> str:
        """Its number."""
        return f"+1212555{self.number:04}"

    @property
    def uid(self) -> str:
        """What the scheduler's names of the visits begin with."""
        return f"quid{self.number:03}v"

    @property
    def practitioner(self) -> str:
        """To whom it comes."""
        return PRACTITIONERS[self.number % len(PRACTITIONERS)]

    def named(self, who: Person, uid: str) -> dict[str, str]:
        """What stands in the rows of another client for each word that is this one's."""
        words = (self.given, self.family, self.email, self.phone, self.phone.lstrip("+"), self.uid)
        return dict(
            zip(words, (who.given, who.family, who.email, f"+{who.phone}", who.phone, uid), strict=True)
        )

    def name_of(self, visit: int) -> str:
        """What the scheduler calls a visit."""
        return f"{self.uid}{visit:03}"

    def start(self, visit: int) -> datetime:
        """When a visit begins."""
        return self.first + visit * WEEK


class Nobody:
    """A mail server that takes no time."""

    def send(self, _message: EmailMessage) -> str:
        """Say that it is sent."""
        return ""


Act = Callable[[datetime], object]


@dataclass(frozen=True, slots=True)
class Clinic:
    """Where the lives are led."""

    context: Context

    def lead(self, lives: Sequence[Life], until: datetime) -> None:
        """Everything that happens in some lives until then."""
        self.context.senders[Channel.email] = Nobody()  # type: ignore[index]
        acts = sorted((each for life in lives for each in self._acts(life)), key=lambda each: each[0])
        for at, act in acts:
            if at < until:
                self._work_until(at)
                act(at)
                work.work_once(self.context, at)
        self._work_until(until)
        duties.forget(self.context, until)

    def _work_until(self, until: datetime) -> None:
        """Work whenever something is due."""
        before = None
        for _ in range(MOST_ROUNDS):
            with self.context.db.read() as tx:
                first = next(iter(deliveries.due_by(tx, until)), None)
            if first is None or first.due_at == before:
                return
            before = first.due_at
            work.work_once(self.context, before)
        raise AssertionError("The worker never had done.")

    def _acts(self, life: Life) -> Iterator[tuple[datetime, Act]]:
        for visit in range(life.visits):
            start = life.start(visit)
            acts = [(-EARLY, self._books), (-2 * LATER, self._fills), (-SOON, self._is_looked_at)]
            acts += [(-LATER, self._cancels)] if visit in life.cancels else [(OVER, self._is_noted)]
            acts += [(timedelta(days=days), self._says) for days in (1, 3, 7)]
            acts += [(timedelta(days=10), self._is_looked_at)]
            acts += [(timedelta(days=days, hours=2), self._ticks) for days in range(1, life.ticks + 1)]
            for at, act in acts:
                yield start + at, partial(act, life, visit)

    def _books(self, life: Life, visit: int, now: datetime) -> None:
        self._hears("created", life, visit, now)

    def _cancels(self, life: Life, visit: int, now: datetime) -> None:
        self._hears("cancelled", life, visit, now)

    def _hears(self, what: str, life: Life, visit: int, now: datetime) -> None:
        told: dict[str, Any] = {"name": f"{life.given} {life.family}", "email": life.email}
        told |= {"phone": life.phone, "practitioner": life.practitioner, "uid": life.name_of(visit)}
        start = life.start(visit)
        receive(self.context, webhook(what, now, start=start, end=start + timedelta(hours=1), **told))

    def _fills(self, life: Life, visit: int, now: datetime) -> None:
        """What is asked for, where anything is."""
        if not life.fills or visit in life.cancels:
            return
        with self.context.db.read() as tx:
            booking = self._booking(tx, life, visit)
            intake = intakes.of_booking(tx, booking)
            asked = form.open_intake(tx, self.context, booking, now) if intake and not intake.done else None
        if asked:
            taps: dict[str, Any] = FLAGGED if life.flagged and visit == 0 else {}
            signed = {"signature_name_date": f"{life.given} {life.family}"} if visit == 0 else {}
            fill_in(self.context, booking, now, **taps, **signed)

    def _is_looked_at(self, life: Life, visit: int, now: datetime) -> None:
        """The page of a booking notes it; what the client wrote is answered, or needs no answer."""
        with self.context.db.begin() as tx:
            booking = self._booking(tx, life, visit)
            audit.add(tx, life.practitioner, "view", f"booking:{booking}", now)
            open_ones = (said.c.client_id == self._client(tx, life), said.c.settled_at.is_(None))
            for number, row in enumerate(tx.all(sa.select(said.c.id).where(*open_ones))):
                if number % 2:
                    remarks.needs_none(tx, row.id, life.practitioner, now)
                else:
                    remarks.answer(tx, row.id, ANSWER, life.practitioner, now)

    def _is_noted(self, life: Life, visit: int, now: datetime) -> None:
        if life.noted:
            note = SessionNote(SendWish.OK_TO_SEND, life.practitioner, "LMT", response=Response.EASED)
            with self.context.db.begin() as tx:
                release.add_note(tx, self.context, self._booking(tx, life, visit), note, now)

    def _says(self, life: Life, visit: int, now: datetime) -> None:  # noqa: ARG002 - an act like the others
        """Every check-in that was asked and not answered, after whichever visit."""
        if not life.replies:
            return
        words = {replies.WORDS: WRITTEN} if life.writes else {}
        with self.context.db.begin() as tx:
            mine = (asked.c.client_id == self._client(tx, life), asked.c.asked_at <= now)
            for row in tx.all(sa.select(asked.c.id).where(*mine, asked.c.answered_at.is_(None))):
                found = checkins.get(tx, row.id)
                assert found is not None
                replies.reply(tx, self.context, found, SAID | words, now)

    def _ticks(self, life: Life, visit: int, now: datetime) -> None:
        with self.context.db.begin() as tx:
            booking = bookings.get(tx, self._booking(tx, life, visit))
            plan = plans.newest(tx, booking.id) if booking else None
            if booking is None or plan is None or plan.sent_at is None:
                return
            day = now.astimezone(self.context.zone(booking.zone)).date()
            replies.tick(tx, self.context, booking, plan.id, day, {"effort": "right", "pain": "2"}, now)

    def _booking(self, tx: Tx, life: Life, visit: int) -> int:
        (record,) = bookings.named(tx, "main", life.name_of(visit))
        assert record.booking_id is not None
        return record.booking_id

    def _client(self, tx: Tx, life: Life) -> int:
        booking = self._booking(tx, life, 0)
        found = tx.value(sa.select(attendances.c.client_id).where(attendances.c.booking_id == booking))
        return int(found)
