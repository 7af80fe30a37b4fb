"""Walk-ins: taken in at the desk, and what becomes of them when the scheduler's booking comes."""

from datetime import timedelta
from typing import Any

import pytest

from handlers import links
from handlers.bookings import observe, walk_in
from handlers.clients import privacy
from handlers.context import Context
from handlers.links import Fate, LinkPurpose
from handlers.worker import work
from schemas.booking import WALK_IN, Booking, BookingState, BookingStatus, Person
from store import attendances, bookings, clients, intakes
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import schedule_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
ANN = Person("Ann Lee", "ann@example.org", "+1 212 555 0123")


def state(name: str, client: Person = ANN, *, hours: float = 0, **more: Any) -> BookingState:
    start, status = NOW + timedelta(hours=hours), more.pop("status", BookingStatus.confirmed)
    values = {"service": "deep-tissue-60", "service_name": "Deep tissue massage"} | more
    return BookingState(name, status, start, start + timedelta(hours=1), client, **values)


def walks_in(context: Context, client: Person = ANN, *, once: str = "1", **more: Any) -> int:
    another = more.pop("another", False)
    with context.db.begin() as tx:
        return walk_in.take_in(tx, context, state(once, client, **more), "Bo", NOW, another=another)


def booked(context: Context, client: Person = ANN, name: str = "u1", **more: Any) -> int:
    """The scheduler's booking comes an hour later; returns the visit that it is."""
    at = NOW + timedelta(hours=1)
    with context.db.begin() as tx:
        observe.observe(
            tx, context, "main", observe.notice_of(state(name, client, **more), at), at, read=True
        )
        return bookings.named(tx, "main", name)[0].booking_id or 0


def visits(context: Context) -> list[Booking]:
    with context.db.read() as tx:
        return bookings.listing(tx)


def asked(context: Context, number: int) -> bool:
    with context.db.read() as tx:
        comes = attendances.current(tx, number)
    return comes is not None and comes.asked is not None


def test_a_walk_in_has_a_form_and_a_plan_to_come_and_no_scheduler(context: Context) -> None:
    number = walks_in(context)
    with context.db.read() as tx:
        found, form = bookings.get(tx, number), intakes.of_booking(tx, number)
    assert found is not None
    assert (found.connection, found.status, form is not None) == (WALK_IN, BookingStatus.confirmed, True)
    assert set(schedule_of(context, found)) == {"intake:0", "plan:0"}


def test_the_same_form_sent_twice_is_one_visit(context: Context) -> None:
    assert walks_in(context) == walks_in(context)
    assert len(visits(context)) == 1


def test_who_has_a_visit_that_day_is_not_taken_in_twice_unless_it_is_another(context: Context) -> None:
    first = walks_in(context)
    with pytest.raises(walk_in.AlreadyHere) as refused:
        walks_in(context, once="2", hours=2)
    assert refused.value.booking.id == first
    assert walks_in(context, once="2", hours=2, another=True) != first


def test_who_is_booked_that_day_is_named(context: Context) -> None:
    number = booked(context, hours=4)
    with pytest.raises(walk_in.AlreadyHere) as refused:
        walks_in(context)
    assert refused.value.booking.id == number


@pytest.mark.parametrize(
    ("name", "email", "phone"),
    [
        ("Ann Lee", "", "+1 212 555 0199"),
        ("LEE, Ann", "another@example.org", ""),
        ("Anne Lee", "", "+34 600 123 456"),
        ("Annie Lee", "annie@example.org", ""),
        ("Ann", "", "+1 212 555 0199"),
    ],
)
def test_who_is_called_the_same_that_day_is_named_whatever_address_was_typed(
    context: Context, name: str, email: str, phone: str
) -> None:
    number = booked(context, hours=4)
    with pytest.raises(walk_in.AlreadyHere) as refused:
        walks_in(context, Person(name, email, phone))
    assert refused.value.booking.id == number
    assert walks_in(context, Person(name, email, phone), another=True) != number


@pytest.mark.parametrize(
    "other",
    [
        Person("Ben Lee", ANN.email),
        Person("Cleo Ash", ANN.email),
        Person("Ann Smith", "smith@example.org"),
        Person("محمد الأحمد", "", "+34 600 123 456"),
        Person("李雷", "lei@example.org"),
        Person("C. A.", "ca@example.org"),
    ],
)
def test_a_family_with_one_address_and_who_has_a_first_name_alone_in_common_are_not_asked_about(
    context: Context, other: Person
) -> None:
    first = walks_in(context)
    assert walks_in(context, other, once="2") != first


ONE_VISIT = [
    (ANN, ANN, 0.5),
    (ANN, Person("Ann M. Lee", "ann@example.org"), 3),
    (Person("Ann Lee", "", ANN.phone), Person("Lee, Ann", "ann@example.org", "2125550123"), -1),
    (Person("Ann Lee", "ann@example.org"), Person("Ann Lee", "ANN@example.org", ANN.phone), 0),
    (Person("李雷", "", "+86 138 0013 8000"), Person("李雷", "lei@example.org", "+8613800138000"), 1),
]


@pytest.mark.parametrize(("walked", "named", "hours"), ONE_VISIT)
def test_the_schedulers_booking_of_the_same_person_that_day_is_the_same_visit(
    context: Context, walked: Person, named: Person, hours: float
) -> None:
    number = walks_in(context, walked)
    assert booked(context, named, hours=hours) == number
    (found,) = visits(context)
    assert (found.connection, found.start) == ("main", NOW + timedelta(hours=hours))
    assert not asked(context, number)


@pytest.mark.parametrize("first", ["pending", "walk-in"])
@pytest.mark.parametrize(("walked", "named", "hours"), ONE_VISIT)
def test_a_booking_that_waited_for_the_clinics_yes_is_the_same_visit_once_it_has_it(
    context: Context, mailbox: Mailbox, walked: Person, named: Person, hours: float, first: str
) -> None:
    pending: dict[str, Any] = {"status": BookingStatus.pending, "hours": hours}
    if first == "pending":
        booked(context, named, **pending)
    number = walks_in(context, walked)
    work.work_once(context, NOW + timedelta(minutes=5))
    if first == "walk-in":
        booked(context, named, **pending)
    with context.db.read() as tx:
        met = bookings.get(tx, number)
    assert met is not None
    fill_in(context, met)
    for _twice in range(2):
        assert booked(context, named, hours=hours) == number
    work.work_once(context, NOW + timedelta(hours=8))
    (found,) = visits(context)
    assert (found.id, found.connection, found.status) == (number, "main", BookingStatus.confirmed)
    assert not asked(context, number)
    assert [kind for kind in mailbox.kinds() if kind in ("intake", "plan")].count("plan") <= 1
    assert mailbox.kinds().count("intake") <= 1
    booked(context, named, hours=hours, status=BookingStatus.cancelled)
    with context.db.read() as tx:
        gone = bookings.get(tx, number)
    assert gone is not None
    assert gone.status is BookingStatus.cancelled


def test_not_sure_who_waited_for_a_yes_staff_say_and_another_has_a_visit_of_their_own(
    context: Context,
) -> None:
    named = Person("Bob Lee", "ann@example.org")
    booked(context, named, status=BookingStatus.pending)
    number = walks_in(context, Person("Robert Lee", "ann@example.org"))
    assert booked(context, named) == number
    assert asked(context, number)
    with context.db.begin() as tx:
        walk_in.who_comes(tx, context, number, "Mara", NOW, same=False)
    both = visits(context)
    assert sorted(each.connection for each in both) == ["main", WALK_IN]
    assert all(each.status is BookingStatus.confirmed for each in both)


OTHERS = [
    (Person("Ben Lee", "ann@example.org"), 0),  # the same address, another given name
    (Person("Cleo Ash", "cleo@example.org"), 0),
    (Person("Ann Lee", "ann.lee@example.net"), 5),  # a namesake, hours apart
    (ANN, 30),  # the day after
    (Person(""), 0),
]


@pytest.mark.parametrize(("named", "hours"), OTHERS)
def test_another_persons_booking_or_another_day_is_a_visit_of_its_own(
    context: Context, named: Person, hours: float
) -> None:
    number = walks_in(context)
    assert booked(context, named, hours=hours) != number
    assert len(visits(context)) == 2


NOT_SURE = [
    Person("Annie Lee", "ann@example.org"),  # a nickname
    Person("Ann Lee", "other@example.net"),  # a namesake at the same hour
]


@pytest.mark.parametrize("named", NOT_SURE)
@pytest.mark.parametrize("answered", [False, True])
def test_not_sure_asks_who_comes(context: Context, named: Person, answered: bool) -> None:
    number = walks_in(context)
    if answered:
        fill_in(context, number, NOW)
    assert booked(context, named, hours=0.5) == number
    assert asked(context, number)
    settle(context, number, same=True)
    assert [each.connection for each in visits(context)] == ["main"]
    assert not asked(context, number)


@pytest.mark.parametrize("named", NOT_SURE)
def test_another_person_leaves_two_visits_each_with_its_own(context: Context, named: Person) -> None:
    number = walks_in(context)
    fill_in(context, number, NOW)
    booked(context, named, hours=0.5)
    settle(context, number, same=False)
    found = {each.connection: each for each in visits(context)}
    assert set(found) == {"main", WALK_IN}
    assert found[WALK_IN].id == number
    assert found["main"].client_id != found[WALK_IN].client_id
    assert booked(context, named, hours=0.5) == found["main"].id, "what is said again changes nothing"
    with context.db.read() as tx:
        form = intakes.of_booking(tx, number)
    assert form is not None
    assert form.done
    assert not asked(context, number)


def settle(context: Context, number: int, *, same: bool) -> None:
    with context.db.begin() as tx:
        walk_in.who_comes(tx, context, number, "Bo", NOW + timedelta(hours=2), same=same)


def test_a_booking_that_was_called_off_calls_off_no_walk_in(context: Context) -> None:
    number = walks_in(context)
    at = NOW + timedelta(hours=1)
    gone = BookingState("u1", BookingStatus.cancelled, NOW, NOW + timedelta(hours=1), ANN)
    with context.db.begin() as tx:
        observe.observe(tx, context, "main", observe.notice_of(gone, at), at, read=True)
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    assert (found.connection, found.status) == (WALK_IN, BookingStatus.confirmed)


def test_after_it_was_booked_the_scheduler_reschedules_and_cancels_it(context: Context) -> None:
    number = walks_in(context)
    booked(context, hours=0.5)
    assert booked(context, hours=1.5) == number
    gone = state("u1", hours=1.5)
    at = NOW + timedelta(hours=2)
    cancelled = BookingState(gone.external_id, BookingStatus.cancelled, gone.start, gone.end, gone.client)
    with context.db.begin() as tx:
        observe.observe(tx, context, "main", observe.notice_of(cancelled, at), at, read=True)
    (found,) = visits(context)
    assert (found.id, found.status) == (number, BookingStatus.cancelled)


def test_cancelled_at_the_desk_nothing_goes_out(context: Context, mailbox: Mailbox) -> None:
    number = walks_in(context)
    for _twice in range(2):
        with context.db.begin() as tx:
            walk_in.cancel(tx, context, number, "Bo", NOW)
    work.work_once(context, NOW + timedelta(minutes=5))
    assert mailbox.kinds() == []


def corrected(context: Context, number: int, client: Person, **more: Any) -> None:
    with context.db.begin() as tx:
        walk_in.correct(tx, context, number, state("", client, **more), "Bo", NOW)


def to(mailbox: Mailbox) -> list[str]:
    return [each for one in mailbox.recipients for each in one]


@pytest.mark.parametrize("answered", [False, True])
def test_a_corrected_address_gets_what_is_to_come_and_the_wrong_ones_link_ends(
    context: Context, mailbox: Mailbox, answered: bool
) -> None:
    number = walks_in(context)
    work.work_once(context, NOW + timedelta(minutes=5))
    text = mailbox.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    wrong = text.partition("/i/")[2][:32]
    if answered:
        fill_in(context, number, NOW)
    for _twice in range(2):
        corrected(context, number, Person("Ann Lee", "ann.lee@example.org", ANN.phone))
    work.work_once(context, NOW + timedelta(minutes=10))
    forms = [ANN.email] if answered else [ANN.email, "ann.lee@example.org"]
    kinds = zip(to(mailbox), mailbox.kinds(), strict=True)
    assert [place for place, kind in kinds if kind == "intake"] == forms
    with context.db.read() as tx:
        opened = links.look(tx, context, LinkPurpose.intake, wrong, NOW)
        (found,) = bookings.listing(tx)
        client = clients.get(tx, found.client_id)
    assert opened is None or opened.fate is not Fate.open
    assert (client.name, client.email) == ("Ann Lee", "ann.lee@example.org")


def test_a_corrected_time_and_a_number_without_an_address_count_at_once(context: Context) -> None:
    number = walks_in(context, Person("Ann Lee", "", "+1 212 555 0123"))
    corrected(context, number, Person("Ann Lee", "ann@example.org", "+1 212 555 0124"), hours=2)
    (found,) = visits(context)
    with context.db.read() as tx:
        client = clients.get(tx, found.client_id)
        assert walk_in.typed(tx, number).start == NOW + timedelta(hours=2)
    assert (found.id, found.start) == (number, NOW + timedelta(hours=2))
    assert (client.email, client.phone) == ("ann@example.org", "+12125550124")


def test_corrected_to_another_persons_name_the_first_ones_answers_stay_theirs(context: Context) -> None:
    number = walks_in(context)
    before = visits(context)[0].client_id
    fill_in(context, number, NOW)
    corrected(context, number, Person("Cleo Ash", "cleo@example.org"))
    (found,) = visits(context)
    with context.db.read() as tx:
        form = intakes.of_booking(tx, number)
    assert found.client_id != before
    assert form is not None
    assert not form.done


def test_what_is_off_or_the_schedulers_is_not_corrected_here(context: Context) -> None:
    number, other = walks_in(context), walks_in(context, Person("Cleo Ash", "cleo@example.org"), once="2")
    booked(context, hours=0.5)
    with context.db.begin() as tx:
        walk_in.cancel(tx, context, other, "Bo", NOW)
    for each in (number, other, 99):
        with pytest.raises(LookupError):
            corrected(context, each, ANN)


def test_the_scheduler_cancels_what_it_has(context: Context) -> None:
    number = walks_in(context)
    booked(context, hours=0.5)
    with pytest.raises(LookupError), context.db.begin() as tx:
        walk_in.cancel(tx, context, number, "Bo", NOW)


def test_a_walk_in_is_exported_and_erased(context: Context) -> None:
    number = walks_in(context, Person("Maximiliane Wolkenstein", "max@example.org"))
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    whole = privacy.export(context, found.client_id, "Bo", NOW)
    assert whole is not None
    assert [each["state"]["client"]["name"] for each in whole["records"]] == ["Maximiliane Wolkenstein"]
    assert privacy.erase(context, found.client_id, "Bo", NOW) is not None
    whole = privacy.export(context, found.client_id, "Bo", NOW)
    assert whole is None or "Wolkenstein" not in str(whole)
