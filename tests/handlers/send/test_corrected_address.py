"""An address that is put right, in any way, at any time: the newest plan goes there, and goes there once."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.plan.edit import Edit, EditRefused
from handlers.bookings import observe
from handlers.clients import contacts
from handlers.context import Context
from handlers.intake import reached
from handlers.links import Fate, Link
from handlers.plans import by_hand as plans_by_hand
from handlers.plans.basis import NotNow
from handlers.schedule import recipients, settle
from handlers.send import bounces, by_hand, outbox
from handlers.send import undo as undoing
from integrations.base import NoSuchAddress, OutcomeUnknown
from integrations.bounces import Bounce
from schemas.booking import BookingState, BookingStatus, Person
from schemas.delivery import WAITING, Channel, Delivery, DeliveryStatus, Purpose
from schemas.message import Text
from schemas.person import Attendance, ContactPoint
from schemas.plan import StoredPlan
from schemas.reason import BY_PERSON, Reason
from store import attendances, deliveries
from store import bookings as stored_bookings
from store import contacts as points
from store import plans as stored_plans
from tests.helpers.clinic import NOW
from tests.helpers.console import USUAL, answer, visit

BY = "Mara Field"
SYLLABLES = ("bo", "tak", "mir", "lun", "ges", "fip", "zor", "wex", "dal", "hyn")
HOUR = timedelta(hours=1)
LONG = timedelta(hours=48)
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Mail:
    """A plan that the mail server took: its name, to whom it went, and what the newest plan was."""

    name: str
    to: str
    version: int
    exercises: str
    at: datetime


@dataclass
class Life:
    """One client with one visit that is over, and a mail server that refuses, loses and takes its time."""

    context: Context = field(repr=False)
    number: int = field(default_factory=lambda: next(NUMBERS))
    mails: list[Mail] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)  # the kind of every mail, and to whom
    unknown: str = ""  # an address that the mail server does not know
    lost: bool = False  # its answers
    kept: bool = False  # by a person, until a person lets it go
    meanwhile: int | None = None  # the address that is put right while a mail is on its way
    again: int = 0  # how often a person sent the plan again

    def __post_init__(self) -> None:
        self.context = replace(self.context, senders={Channel.email: self})
        self.start = NOW - 2 * HOUR
        self.now = self.start + HOUR
        self.booking = 0
        self.scheduler(0, NOW - timedelta(days=3))
        with self.context.db.read() as tx:
            self.booking = stored_bookings.named(tx, "main", self.uid)[0].booking_id or 0
        answer(self.context, self.booking, NOW - timedelta(days=1))
        with self.context.db.begin() as tx:  # the form was asked for in its time
            asked = [each for each in self.rows() if each.purpose is not Purpose.plan]
            deliveries.end(tx, [each.id for each in asked], DeliveryStatus.skipped, Reason.answered, self.now)

    @property
    def uid(self) -> str:
        return f"life{self.number}"

    @property
    def name(self) -> str:
        said = [SYLLABLES[int(digit)] for digit in f"{self.number}"]
        return f"{''.join(said).title()} {''.join(said[::-1]).title()}son"

    def address(self, number: int) -> str:
        return f"{'abc'[number]}{self.number}@example.org"

    # ------------------------------------------------------------ the mail server

    def send(self, message: EmailMessage | Text) -> str:
        """Take a mail, or do not."""
        assert isinstance(message, EmailMessage)
        to = message["To"].addresses[0].addr_spec
        if self.meanwhile is not None:
            number, self.meanwhile = self.meanwhile, None
            self.scheduler(number)
        if to == self.unknown:
            raise NoSuchAddress("550 5.1.1 unknown")
        if message["X-Aftercare-Kind"] == "plan":
            plan = self.plan()
            assert plan is not None
            exercises = f"{plan.content['items']}"
            self.mails.append(Mail(message["Message-ID"], to, plan.version, exercises, self.now))
        self.taken.append((message["X-Aftercare-Kind"], to))
        if self.lost:
            raise OutcomeUnknown("The answer was lost.")
        return "kept"

    # ------------------------------------------------------------ what is seen

    def rows(self) -> list[Delivery]:
        with self.context.db.read() as tx:
            return deliveries.of_booking(tx, self.booking)

    def plans(self, *which: DeliveryStatus) -> list[Delivery]:
        return [each for each in self.rows() if each.purpose is Purpose.plan and each.status in which]

    def plan(self) -> StoredPlan | None:
        with self.context.db.read() as tx:
            return stored_plans.newest(tx, self.booking)

    def comes(self) -> Attendance:
        with self.context.db.read() as tx:
            found = attendances.current(tx, self.booking)
        assert found is not None
        return found

    def place(self) -> ContactPoint:
        with self.context.db.read() as tx:
            found = points.get(tx, recipients.recipient(tx, self.booking, Channel.email))
        assert found is not None
        return found

    # ------------------------------------------------------------ what happens to the address

    def scheduler(self, number: int, at: datetime | None = None) -> None:
        who = Person(self.name, self.address(number), phone=f"+1 212 555 {self.number:04}")
        status, end = BookingStatus.confirmed, self.start + HOUR
        said = BookingState(self.uid, status, self.start, end, who, **USUAL)  # type: ignore[arg-type]
        self.now += timedelta(seconds=1)
        at = at or self.now
        with self.context.db.begin() as tx:
            observe.observe(tx, self.context, "main", observe.notice_of(said, at), at, read=True)

    def moved(self, number: int) -> None:
        self.start -= timedelta(minutes=10)
        self.scheduler(number)

    def typed(self, number: int) -> None:
        with self.context.db.begin() as tx:
            place = contacts.email_of(tx, self.context, self.address(number), self.now)
            link = Link(self.booking, None, place, Fate.open, self.now, self.now + LONG)
            reached.confirm(tx, self.context, link, self.now)

    def while_sending(self, number: int) -> None:
        self.meanwhile = number

    def says_same(self, _number: int) -> None:
        """Staff say that it is the same person, whoever else has that address."""
        with self.context.db.begin() as tx, suppress(LookupError):
            settle.who_comes(tx, self.context, self.booking, BY, self.now, same=True)

    def stops(self, number: int) -> None:
        with self.context.db.begin() as tx:
            contacts.stop(tx, self.context, Channel.email, self.address(number), "link", self.now)

    # ------------------------------------------------------------ what happens to the plan

    def corrects(self, _number: int) -> None:
        plan = self.plan()
        if plan is not None and plan.sent_at:
            first = plan.plan.items[0]
            change = Edit(
                BY, "PT", levels=((first.exercise_id, 3 - min(first.level, 2)),), reason="better so"
            )
            with suppress(NotNow, EditRefused), self.context.db.begin() as tx:
                plans_by_hand.change_plan(tx, self.context, self.booking, change, self.now)

    def undoes(self, _number: int) -> None:
        if plan := self.plan():
            with suppress(NotNow), self.context.db.begin() as tx:
                undoing.undo(tx, self.context, "correct", plan.id, BY, self.now)
                self.kept = False

    def holds(self, _number: int) -> None:
        self.kept |= self._by_hand(by_hand.hold, *WAITING)

    def releases(self, _number: int) -> None:
        self.kept = False
        with suppress(NotNow), self.context.db.begin() as tx:
            for each in self.plans(DeliveryStatus.held):
                by_hand.release(tx, self.context, each.id, BY, self.now)

    def withdraws(self, _number: int) -> None:
        if self._by_hand(by_hand.withdraw, *WAITING, DeliveryStatus.dead):
            self.kept = not self.mails  # a correction alone was withdrawn, the plan is still due

    def resends(self, _number: int) -> None:
        if self._by_hand(by_hand.resend, *by_hand.GONE_OUT):
            self.again, self.kept = self.again + 1, False

    def _by_hand(self, act: Callable[..., None], *which: DeliveryStatus) -> bool:
        for each in self.plans(*which)[-1:]:
            with suppress(NotNow), self.context.db.begin() as tx:
                act(tx, each.id, BY, self.now)
                return True
        return False

    # ------------------------------------------------------------ what happens to a mail

    def refuses(self, number: int) -> None:
        self.unknown = self.address(number)

    def loses(self, _number: int) -> None:
        self.lost = True

    def works(self, _number: int) -> None:
        self.unknown, self.lost = "", False

    def bounces(self, number: int) -> None:
        """The last mail that was taken for this address is reported late."""
        for each in [each for each in self.mails if each.to == self.address(number)][-1:]:
            with self.context.db.begin() as tx:
                late = Bounce(each.name, each.to, "5.1.1", at=self.now)
                came_back = bounces.take_in(tx, self.context, late, self.now)
            if came_back:
                self.mails.remove(each)

    def minutes(self, number: int) -> None:
        self.passes(timedelta(minutes=number * 10))

    def days(self, number: int) -> None:
        self.passes(timedelta(hours=30 * number))

    def passes(self, how_long: timedelta) -> None:
        self.now += how_long + timedelta(seconds=1)
        for _ in range(4):
            before, place = len(self.mails), self.place()
            outbox.work(self.context, self.now)
            for each in self.mails[before:]:
                assert each.to == place.value, "to an address that is not theirs"
                assert not place.stopped, "to somebody who wants none"
                assert not self.kept, "against what a person said"

    # ------------------------------------------------------------ what is promised

    def check(self) -> None:
        """Each address has each version once, and the one that counts has the newest."""
        mails = [*{each.name: each for each in self.mails}.values()]  # one that is repeated keeps its name
        went = [(each.to, each.version) for each in mails]
        assert len(went) - len(set(went)) <= self.again, f"twice: {went}"
        left = max((each.at for each in mails), default=self.start + HOUR)
        if self.now - LONG < left and not self._may_lack():
            here = [each.exercises for each in mails if each.to == self.place().value]
            said = [(f"{each.key}", each.state) for each in self.rows() if each.purpose is Purpose.plan]
            plan = self.plan()
            assert plan is not None
            assert f"{plan.content['items']}" in here, f"lost: {said} {went}"

    def _may_lack(self) -> bool:
        place, rows = self.place(), [each for each in self.rows() if each.purpose is Purpose.plan]
        of_place = bool(place.stopped or place.bounced_at or self.comes().asked)
        return of_place or any(
            each.reason in BY_PERSON or each.status is DeliveryStatus.unknown for each in rows
        )

    def ends(self) -> None:
        """Nothing of it is left for the next."""
        with self.context.db.begin() as tx:
            ids = [each.id for each in self.rows()]
            deliveries.end(tx, ids, DeliveryStatus.withdrawn, Reason.cancelled, self.now)


OF_ADDRESS = ("scheduler", "scheduler", "typed", "moved", "says_same", "stops", "while_sending")
OF_PLAN = ("corrects", "corrects", "undoes", "holds", "releases", "withdraws", "resends")
OF_MAIL = ("refuses", "loses", "works", "bounces", "minutes", "minutes", "days")
NUMBER = st.integers(0, 2)
ACTS = st.lists(st.tuples(st.sampled_from((*OF_ADDRESS, *OF_PLAN, *OF_MAIL)), NUMBER), min_size=1, max_size=9)


LIVES: dict[str, list[tuple[str, int]]] = {
    "a correction waits": [("minutes", 3), ("corrects", 0), ("scheduler", 1)],
    "a correction waits, and is taken back": [("minutes", 3), ("corrects", 0), ("typed", 1), ("undoes", 0)],
    "sent again, and not gone yet": [("minutes", 3), ("resends", 0), ("moved", 1)],
    "it came back when the new one had it": [
        *(("minutes", 3), ("scheduler", 1), ("minutes", 1), ("bounces", 0)),
        *(("scheduler", 1), ("minutes", 1), ("typed", 1)),
    ],
    "it came back when the other had counted for days": [
        *(("minutes", 3), ("days", 2), ("corrects", 0), ("minutes", 1)),
        *(("days", 2), ("scheduler", 1), ("bounces", 0)),
    ],
    "back to the first one, which has the old plan": [
        *(("minutes", 3), ("typed", 1), ("minutes", 1), ("corrects", 0), ("minutes", 1), ("typed", 0)),
    ],
    "back to the first one, which has the plan": [
        *(("minutes", 3), ("typed", 1), ("minutes", 1), ("typed", 0), ("minutes", 1), ("typed", 1)),
    ],
    "held by a person": [("holds", 0), ("scheduler", 1), ("minutes", 4), ("typed", 0)],
    "withdrawn by a person": [("withdraws", 0), ("typed", 1), ("minutes", 4), ("scheduler", 2)],
    "refused, and withdrawn": [("refuses", 0), ("minutes", 4), ("withdraws", 0), ("scheduler", 1)],
    "a held correction": [("minutes", 3), ("corrects", 0), ("holds", 0), ("typed", 1), ("minutes", 1)],
    "a late correction is on its way": [
        *(("minutes", 3), ("days", 2), ("corrects", 0), ("while_sending", 1), ("minutes", 1)),
    ],
    "a late correction went to the wrong one": [
        *(("minutes", 3), ("days", 2), ("corrects", 0), ("minutes", 1), ("typed", 1)),
    ],
    "a late correction, and nobody knows": [
        *(("minutes", 3), ("days", 2), ("corrects", 0), ("loses", 0), ("minutes", 1), ("typed", 1)),
    ],
}


@given(ACTS, st.booleans())
@settings(max_examples=30)
def test_the_newest_plan_goes_to_each_address_once(
    context: Context, acts: list[tuple[str, int]], shared: bool
) -> None:
    live(Life(context), acts, shared=shared)


@pytest.mark.parametrize("kind", LIVES)
def test_of_each_kind(context: Context, kind: str) -> None:
    live(Life(context), LIVES[kind])


def live(life: Life, acts: list[tuple[str, int]], *, shared: bool = False) -> None:
    """A life, and what came of it."""
    if shared:  # one of the addresses is somebody else's, too
        start = NOW + timedelta(days=30)
        visit(life.context, f"other{life.number}", start=start, name="Bo Other", email=life.address(2))
    for act, number in acts:
        getattr(life, act)(number)
    life.works(0)
    life.passes(timedelta(minutes=31))
    life.check()
    life.ends()


@given(st.lists(st.tuples(st.sampled_from(("scheduler", "typed", "moved", "says_same")), NUMBER), max_size=5))
def test_a_plan_of_long_ago_that_arrived_goes_nowhere_else(
    context: Context, acts: list[tuple[str, int]]
) -> None:
    life = Life(context)
    life.passes(timedelta(minutes=30))
    life.passes(LONG)
    for act, number in acts:
        getattr(life, act)(number)
        life.passes(timedelta(minutes=31))
    assert len(life.mails) == 1
    life.ends()


def test_a_check_in_that_is_leaving_goes_to_the_new_address_too(context: Context) -> None:
    life = Life(context)
    life.passes(timedelta(minutes=30))
    life.while_sending(1)
    for _hour in range(40):
        life.passes(HOUR)
    assert life.taken == [
        *((kind, life.address(0)) for kind in ("plan", "checkin")),
        *((kind, life.address(1)) for kind in ("plan", "checkin")),
    ]
