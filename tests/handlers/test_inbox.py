"""What is read at the scheduler, where a webhook is not enough."""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers import inbox
from handlers.house import House
from integrations.base import Scheduler
from schemas.booking import Booking, BookingStatus, Person
from store import bookings
from tests.support import NOW

START = NOW + timedelta(days=7)


class Readable(Scheduler):
    """A scheduler whose bookings are whatever the test says they are."""

    label = "Readable"
    states: tuple[Booking, ...] = ()

    @property
    def readable(self) -> bool:
        """It can be read."""
        return True

    def fetch(self, external_id: str) -> tuple[Booking, ...]:
        """What the test put there."""
        return tuple(each for each in self.states if each.external_id == external_id)


def seat(email: str, start: datetime = START) -> Booking:
    """One client's place in a group."""
    person = Person(email.split("@")[0], email)
    end = start + timedelta(hours=1)
    return Booking("group", BookingStatus.confirmed, start, end, person, seat=email)


def reading(house: House) -> tuple[House, Readable]:
    """The house with a scheduler that can be read under the name "main"."""
    scheduler = Readable(house.schedulers["main"].connection, house.schedulers["main"].http)
    return replace(house, schedulers={"main": scheduler}), scheduler


def statuses(house: House) -> dict[str, str]:
    """How each seat's booking stands."""
    with house.db.read() as tx:
        records = bookings.named(tx, "main", "group")
        threads = {each.seat: bookings.get(tx, each.booking_id or 0) for each in records}
    return {name: str(thread.status) for name, thread in threads.items() if thread}


def test_a_client_who_left_a_group_is_off_and_the_others_stay(house: House) -> None:
    house, scheduler = reading(house)
    scheduler.states = (seat("ann@example.org"), seat("ben@example.org"))
    inbox.read(house, "main", "group", NOW)
    scheduler.states = (seat("ben@example.org"),)
    inbox.read(house, "main", "group", NOW + timedelta(minutes=1))
    assert statuses(house) == {"ann@example.org": "cancelled", "ben@example.org": "confirmed"}


def test_a_client_who_comes_back_to_a_group_is_on_again(house: House) -> None:
    house, scheduler = reading(house)
    both = (seat("ann@example.org"), seat("ben@example.org"))
    for minute, states in enumerate((both, both[1:], both)):
        scheduler.states = states
        inbox.read(house, "main", "group", NOW + timedelta(minutes=minute))
    assert statuses(house) == {"ann@example.org": "confirmed", "ben@example.org": "confirmed"}


def test_a_group_that_is_gone_is_off_for_everybody(house: House) -> None:
    house, scheduler = reading(house)
    scheduler.states = (seat("ann@example.org"), seat("ben@example.org"))
    inbox.read(house, "main", "group", NOW)
    scheduler.states = ()
    inbox.read(house, "main", "group", NOW + timedelta(minutes=1))
    assert set(statuses(house).values()) == {"cancelled"}


def test_of_two_reads_in_one_moment_the_later_one_counts(house: House) -> None:
    house, scheduler = reading(house)
    for start in (START, START + timedelta(hours=2), START + timedelta(hours=1)):
        scheduler.states = (seat("ann@example.org", start),)
        inbox.read(house, "main", "group", NOW)
    with house.db.read() as tx:
        thread = bookings.get(tx, bookings.named(tx, "main", "group")[0].booking_id or 0)
    assert thread is not None
    assert thread.start == START + timedelta(hours=1)
