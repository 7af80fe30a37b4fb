"""A life: what people, staff, schedulers and machines do, in any order; after each step all must be right."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from handlers import links
from handlers.checkins import replies
from handlers.clients import contacts
from handlers.context import Context
from handlers.intake import reached
from handlers.links import Fate, LinkPurpose
from schemas.delivery import Channel
from schemas.person import ContactKind
from schemas.webhook import Inbound
from store import attendances, checkins, clients
from store import contacts as contact_points
from tests.helpers.worlds import MOVES_BY_NEW_NAME, ONE_ROW, POLLED, UNREADABLE, World
from tests.lives import checks
from tests.lives.clinic import Desk, Faults, Writes
from tests.lives.people import FAMILIES, GIVEN, Human

SLUGS = ("deep-tissue-60", "deep-tissue-60", "deep-tissue-60", "relaxation-60")
PICK = st.integers(0, 11)
WAYS = st.sampled_from(["now", "now", "now", "twice", "reversed", "late"])
HALVES = (*MOVES_BY_NEW_NAME, "standard")
MANY = 6  # visits


@dataclass
class Visit:
    """One visit as it truly is. `heard_off`: when the word of its end came in to us."""

    number: int
    who: Human
    start: datetime
    on: bool = True
    heard_off: datetime | None = None
    moved: bool = False
    exchanged: bool = False

    @property
    def end(self) -> datetime:
        """An hour later."""
        return self.start + timedelta(hours=1)


class Life(RuleBasedStateMachine):
    """Rules are what may happen; the invariants stand in `checks`."""

    def __init__(self, context: Context, scheduler: str, faults: Faults, writes: Writes) -> None:
        super().__init__()
        self.scheduler, self.context, self.faults, self.writes = scheduler, context, faults, writes
        self.checked: object = None
        self.world = World(scheduler, 1)
        self.humans: list[Human] = []
        self.visits: list[Visit] = []
        self.held: list[tuple[list[Inbound], Callable[[], None]]] = []
        self.unheard: list[Callable[[], None]] = []
        self.stopped: dict[str, datetime] = {}
        self.ever_stopped: set[str] = set()
        self.erased: dict[str, datetime] = {}
        self.unread = False  # true while the scheduler knows what no webhook has said
        self.asleep = False
        self.settled = True  # the worker has looked at all that came in
        faults.found.clear()

    @initialize(keyed=st.booleans())
    def opens(self, keyed: bool) -> None:
        """A clinic is connected; where webhooks say everything it may have no key to the API."""
        self.keyed = self.scheduler not in UNREADABLE and (keyed or self.scheduler not in HALVES)
        self.desk = Desk.opened(self.context, self.world, "key" if self.keyed else "")

    # ------------------------------------------------------------ what is picked

    def human(self, pick: int) -> Human | None:
        """One of those who are still with us."""
        here = [each for each in self.humans if not each.gone]
        return here[pick % len(here)] if here else None

    def visit(self, pick: int) -> Visit | None:
        """One of the visits that are on and ahead, of somebody who is still with us."""
        on = [each for each in self.visits if each.on and each.end > self.desk.now and not each.who.gone]
        return on[pick % len(on)] if on else None

    def person(self, pick: int, *, together: bool) -> Human | None:
        """A new person, on their own or at the address of another; None where there are enough."""
        if len(self.humans) == len(GIVEN):
            return None
        number, other = len(self.humans), self.human(pick) if together else None
        family = other.family if other else FAMILIES[number]
        email = other.email if other else f"{family}{number}@example.org".lower()
        self.humans.append(Human(number, family, email))
        return self.humans[-1]

    def start(self, days: int) -> datetime:
        """A time on one of the next days; two visits may fall on one day."""
        day = (self.desk.now + timedelta(days=days)).replace(hour=15, minute=0, second=0, microsecond=0)
        taken = {each.start for each in self.visits}
        while day in taken or day <= self.desk.now:
            day += timedelta(hours=1)
        return day

    # ------------------------------------------------------------ how it is heard

    def tells(self, sent: list[Inbound], how: str, heard: Callable[[], None] = lambda: None) -> None:
        """The webhooks come in: now, twice, the wrong way round, or much later. Without any, it is read."""
        if self.scheduler in POLLED:
            self.unheard.append(heard)
            self.unread = True
            if how != "late":
                self.is_read()
        elif how == "late" and sent:
            self.held.append((sent, heard))
        else:
            self.arrives({"twice": [*sent, *sent], "reversed": sent[::-1]}.get(how, sent), heard)

    def arrives(self, sent: list[Inbound], heard: Callable[[], None]) -> None:
        """They are in the queue."""
        if sent:
            self.desk.hears(sent)
        heard()
        self.settled = False

    def happens(self, what: str, start: datetime | None = None, **more: object) -> list[Inbound]:
        """It happens at the scheduler, a second after whatever was before it."""
        self.desk.now += timedelta(seconds=1)
        return self.world.happens(what, start, at=self.desk.now, **more)  # type: ignore[arg-type]

    # ------------------------------------------------------------ rules: bookings

    def books(self, human: Human, days: int, how: str, slug: str, spelling: int = 0) -> None:
        """A visit is booked."""
        made = Visit(len(self.visits), human, self.start(days))
        self.visits.append(made)
        said = human.said(spelling)
        self.tells(self.happens("created", made.start, visit=made.number, who=said, slug=slug), how)
        if self.scheduler == "easyappointments":
            self.renamed(human)

    def renamed(self, human: Human) -> None:
        """The one row of an address has another name now: nobody can know who comes to its visits."""
        for each in self.visits:
            each.exchanged |= human.email == each.who.email and each.who is not human

    @precondition(lambda self: len(self.visits) < MANY)
    @rule(pick=PICK, together=st.booleans(), days=st.integers(0, 20), how=WAYS, slug=st.sampled_from(SLUGS))
    def somebody_new_books(self, pick: int, together: bool, days: int, how: str, slug: str) -> None:
        """On their own, or a second person at an address."""
        human = self.person(pick, together=together)
        if human:
            self.books(human, days, how, slug)

    @precondition(lambda self: self.humans and len(self.visits) < MANY)
    @rule(
        pick=PICK, days=st.integers(0, 60), how=WAYS, spelling=st.integers(0, 6), slug=st.sampled_from(SLUGS)
    )
    def somebody_books_again(self, pick: int, days: int, how: str, spelling: int, slug: str) -> None:
        """Perhaps under another spelling, perhaps on the same day."""
        human = self.human(pick)
        if human:
            self.books(human, days, how, slug, spelling)

    @precondition(lambda self: self.humans and len(self.visits) < MANY - 2)
    @rule(pick=PICK, days=st.integers(1, 10))
    def a_series(self, pick: int, days: int) -> None:
        """Three visits at once, a week apart."""
        human = self.human(pick)
        for week in range(3) if human else ():
            assert human is not None
            self.books(human, days + 7 * week, "now", SLUGS[0])

    @precondition(lambda self: self.visits)
    @rule(pick=PICK, days=st.integers(0, 40), how=WAYS)
    def a_visit_moves(self, pick: int, days: int, how: str) -> None:
        """To another time, earlier or later."""
        visit = self.visit(pick)
        if visit:
            visit.start, visit.moved = self.start(days), True
            self.tells(self.happens("moved", visit.start, visit=visit.number), how)

    @precondition(lambda self: self.visits)
    @rule(pick=PICK, days=st.integers(0, 30), how=WAYS)
    def part_of_a_series_moves(self, pick: int, days: int, how: str) -> None:
        """All visits of a client but the first."""
        human = self.human(pick)
        mine = [each for each in self.visits if each.who is human and each.on and each.end > self.desk.now]
        for visit in sorted(mine, key=lambda each: each.start)[1:]:
            visit.start, visit.moved = self.start(days), True
            self.tells(self.happens("moved", visit.start, visit=visit.number), how)

    @precondition(lambda self: self.visits and not self.keyed and self.scheduler in HALVES)
    @rule(pick=PICK, days=st.integers(0, 20))
    def a_visit_moves_and_half_of_it_is_late(self, pick: int, days: int) -> None:
        """The new name comes in as a new booking; that it replaces the old one comes later."""
        visit = self.visit(pick)
        if visit:
            visit.start, visit.moved = self.start(days), True
            first, second = self.happens("moved_in_halves", visit.start, visit=visit.number)
            self.tells([first], "now")
            self.tells([second], "late")

    @precondition(lambda self: self.visits)
    @rule(pick=PICK, how=WAYS)
    def a_visit_is_cancelled(self, pick: int, how: str) -> None:
        """For good."""
        visit = self.visit(pick)
        if visit:
            visit.on = False

            def heard() -> None:
                assert visit is not None
                visit.heard_off = self.desk.now

            self.tells(self.happens("cancelled", visit=visit.number), how, heard)

    @precondition(lambda self: self.visits)
    @rule(pick=PICK, how=WAYS)
    def a_visit_is_handed_over(self, pick: int, how: str) -> None:
        """Somebody else comes instead."""
        visit = self.visit(pick)
        if not visit or visit.exchanged or self.mute:
            return
        other = self.person(pick, together=False)
        if other:
            visit.who = other
            self.changes("handed_over", visit, how)

    @precondition(lambda self: self.visits and len(self.humans) > 1)
    @rule(pick=PICK, other=PICK, back=st.booleans(), how=WAYS)
    def a_visit_is_handed_to_somebody_known(self, pick: int, other: int, back: bool, how: str) -> None:
        """One client comes instead of another; perhaps the first one comes after all."""
        visit, known = self.visit(pick), self.human(other)
        if not visit or not known or visit.exchanged or self.mute or known is visit.who:
            return
        for who in (known, visit.who) if back else (known,):
            visit.who = who
            self.changes("handed_over", visit, how)
            if self.scheduler == "easyappointments":
                self.renamed(who)

    @property
    def mute(self) -> bool:
        """True where nothing says who comes now: no webhook tells of it, and nobody may ask."""
        return self.scheduler in ("calcom", "calendly") and not self.keyed

    def changes(self, what: str, visit: Visit, how: str, spelling: int = 0) -> None:
        """Somebody is described in another way; where no webhook says so, it is found by reading."""
        sent = self.happens(what, visit=visit.number, who=visit.who.said(spelling))
        self.tells(sent, how)
        if not sent and self.scheduler not in POLLED:
            self.unread = True

    @precondition(lambda self: self.visits)
    @rule(pick=PICK, spelling=st.integers(0, 6), how=WAYS)
    def a_name_is_corrected(self, pick: int, spelling: int, how: str) -> None:
        """Another spelling of the same name."""
        visit = self.visit(pick)
        if visit and not visit.exchanged and not self.mute:
            self.changes("corrected", visit, how, spelling)

    @precondition(lambda self: self.visits)
    @rule(pick=PICK, how=WAYS)
    def an_address_is_corrected(self, pick: int, how: str) -> None:
        """At every booking of the person where the scheduler lets staff correct it."""
        visit = self.visit(pick)
        if not visit or visit.exchanged or self.mute:
            return
        human, before = visit.who, visit.who.email
        human.reached_again(f"{human.family}{human.number}.{len(human.addresses)}@example.org".lower())
        for one in self.humans if self.scheduler in ONE_ROW else ():
            if one.email == before:  # all on the one row of a shared address are reached where it says now
                one.reached_again(human.email)
        for each in self.visits:
            if each.who is human and each.on:
                self.changes("corrected", each, how)

    # ------------------------------------------------------------ rules: the person

    @precondition(lambda self: self.visits)
    @rule(pick=PICK, screens=st.sampled_from([2, 5, 40, 40, 40]))
    def a_form_is_filled_in(self, pick: int, screens: int) -> None:
        """The newest mail that asks this person is opened, and so many screens are answered."""
        visit = self.visit(pick)
        mail = checks.newest_asking(self, visit) if visit else None
        if visit is None or mail is None:
            return
        with self.desk.context.db.begin() as tx:
            subject = links.open_link(tx, self.desk.context, LinkPurpose.intake, mail.token, self.desk.now)
            booking = self.desk.booking_of(tx, visit.number) if subject is not None else None
            if booking is not None:
                self.desk.fills_in(tx, booking, visit.who, screens)

    @precondition(lambda self: self.humans)
    @rule(pick=PICK, other=PICK)
    def an_address_will_be_typed(self, pick: int, other: int) -> None:
        """Into the next form: another one of their own, or one that is another client's."""
        human, owner = self.human(pick), self.human(other)
        if human and owner:
            own = f"{human.family}{human.number}.typed@example.org".lower()
            human.typed = own if owner is human else owner.email

    @precondition(lambda self: any(each.kind == "confirm" for each in self.desk.post.sent))
    @rule(pick=PICK)
    def a_typed_address_is_confirmed(self, pick: int) -> None:
        """Whoever gets what was sent there says that it is right."""
        asked = [each for each in self.desk.post.sent if each.kind == "confirm"]
        mail = asked[pick % len(asked)]
        with self.desk.context.db.begin() as tx:
            link = links.look(tx, self.desk.context, LinkPurpose.confirm, mail.token, self.desk.now)
            if link is None or link.fate is not Fate.open:
                return
            who = checks.whose(tx, self, link.client_id or 0)
            reached.confirm(tx, self.desk.context, link, self.desk.now)
        if who:
            who.reached_again(mail.to)

    @precondition(lambda self: self.desk.post.sent)
    @rule(pick=PICK)
    def a_check_in_is_answered(self, pick: int) -> None:
        """One of the newest."""
        asked = [each for each in self.desk.post.sent if each.kind == "checkin"][-3:]
        if not asked:
            return
        with self.desk.context.db.begin() as tx:
            token = asked[pick % len(asked)].token
            subject = links.open_link(tx, self.desk.context, LinkPurpose.checkin, token, self.desk.now)
            found = checkins.get(tx, subject) if subject is not None else None
            if found is not None:
                said = {"fu_symptoms": ["none"], "pain_now": "2", "pain_avg7": "2", "fu_days_done": "3"}
                replies.reply(tx, self.desk.context, found, said, self.desk.now)

    @precondition(lambda self: self.humans)
    @rule(pick=PICK, again=st.booleans())
    def messages_are_stopped(self, pick: int, again: bool) -> None:
        """Nothing goes to an address any more; or it may go there again."""
        human = self.human(pick)
        if not human:
            return
        with self.desk.context.db.begin() as tx:
            known = {point.value for point in contact_points.of_kind(tx, ContactKind.email)}
            if human.email.casefold() not in known:
                return  # nobody has written to them yet: there is no link to stop anything with
            args = (tx, self.desk.context, Channel.email, human.email)
            if again and human.email in self.stopped:
                contacts.start(*args, self.desk.now)
                del self.stopped[human.email]
            else:
                contacts.stop(*args, "link", self.desk.now)
                self.stopped.setdefault(human.email, self.desk.now)
                self.ever_stopped.add(human.email)

    # ------------------------------------------------------------ rules: staff

    @rule()
    def staff_settle_what_is_asked(self) -> None:
        """They know who it is."""
        with self.desk.context.db.begin() as tx:
            for visit in self.visits:
                booking = self.desk.booking_of(tx, visit.number)
                comes = attendances.current(tx, booking.id) if booking else None
                if booking and comes and comes.asked is not None:
                    same = checks.whose(tx, self, comes.client_id) is visit.who
                    self.desk.settles(tx, booking, same=same)

    @precondition(lambda self: self.humans)
    @rule(pick=PICK)
    def staff_clear_flags(self, pick: int) -> None:
        """A clinician has seen whoever had a warning sign."""
        with self.desk.context.db.begin() as tx:
            for visit in self.visits:
                booking = self.desk.booking_of(tx, visit.number)
                if booking is not None:
                    self.desk.clears_flags(tx, booking)

    @precondition(lambda self: len(self.humans) > 1)
    @rule(pick=PICK, other=PICK)
    def two_are_joined_by_mistake_and_parted(self, pick: int, other: int) -> None:
        """Nothing is left of it."""
        with self.desk.context.db.begin() as tx:
            everybody = checks.clients_of(tx)
            if len(everybody) > 1:
                one, two = (everybody[each % len(everybody)] for each in (pick, other))
                alone = clients.family(tx, two) == [two]
                if alone and two not in clients.family(tx, one):
                    clients.join(tx, one, two)
                    clients.part(tx, two)

    @precondition(lambda self: self.humans)
    @rule(pick=PICK)
    def two_rows_of_one_person_are_joined(self, pick: int) -> None:
        """Staff see that it is one person."""
        human = self.human(pick)
        with self.desk.context.db.begin() as tx:
            mine = [each for each in checks.clients_of(tx) if checks.whose(tx, self, each) is human]
            for each in mine[1:]:
                clients.join(tx, mine[0], each)

    @precondition(lambda self: self.humans)
    @rule(pick=PICK)
    def somebody_is_erased(self, pick: int) -> None:
        """Whoever it is is gone from everywhere."""
        human = self.human(pick)
        if not human or self.held or self.unheard:
            return
        self.desk.works()
        with self.desk.context.db.read() as tx:
            if checks.unsettled(tx, self):
                return
            mine = [each for each in checks.clients_of(tx) if checks.whose(tx, self, each) is human]
        for each in mine:
            self.desk.erases(each)
        human.gone = True
        self.erased |= dict.fromkeys(human.addresses, self.desk.now)
        checks.no_trace(self, human)

    # ------------------------------------------------------------ rules: machines and time

    @precondition(lambda self: self.held)
    @rule()
    def late_webhooks_arrive(self) -> None:
        """What was late comes in."""
        for sent, heard in self.held:
            self.arrives(sent, heard)
        self.held.clear()

    @rule()
    def the_worker_looks(self) -> None:
        """One round."""
        self.desk.now += timedelta(minutes=1)
        self.desk.works()
        self.settled = True

    @precondition(lambda self: self.keyed and self.visits)
    @rule()
    def the_scheduler_is_read_through(self) -> None:
        """As it is every hour."""
        self.is_read()

    def is_read(self) -> None:
        """What nothing told is heard now."""
        self.desk.reads()
        for heard in self.unheard:
            heard()
        self.unheard.clear()
        self.unread = self.settled = False

    @rule()
    def the_worker_will_crash(self) -> None:
        """After the next message has left."""
        self.desk.post.crash = True

    @rule(hours=st.sampled_from([1, 6, 24, 24, 72, 168, 336]), asleep=st.sampled_from([False, False, True]))
    def time_passes(self, hours: int, asleep: bool) -> None:
        """Hours or weeks; the worker may be down meanwhile."""
        self.desk.passes(hours, asleep=asleep)
        self.settled = True

    # ------------------------------------------------------------ what always holds

    @invariant()
    def nothing_failed(self) -> None:
        """No exception anywhere."""
        assert not self.faults.found, self.faults.found[0]

    @invariant()
    def all_is_right(self) -> None:
        """Every promise, unless nothing has changed since the last look: half of all steps change nothing."""
        if hasattr(self, "desk") and (moment := self.moment()) != self.checked:
            checks.everything(self)
            self.checked = moment

    def moment(self) -> object:
        """Everything that the checks look at: what is stored and sent, the time, and what is true."""
        known = (self.writes.number, len(self.desk.post.sent), self.desk.now)
        told = (self.settled, self.unread, len(self.held))
        return known, told, repr((self.visits, self.humans, self.stopped, self.ever_stopped, self.erased))

    def teardown(self) -> None:
        """At the end late webhooks come in, staff settle, and everybody's export is their own."""
        if hasattr(self, "desk"):
            self.late_webhooks_arrive()
            self.the_worker_looks()
            if self.keyed and self.visits:
                self.the_scheduler_is_read_through()
            self.staff_settle_what_is_asked()
            self.the_worker_looks()
            checks.everything(self)
            checks.exports(self)
            self.nothing_failed()
