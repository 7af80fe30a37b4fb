"""What is owed and when: wall time, both clock changes, quiet hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.context import Context
from handlers.plans import release
from handlers.schedule.due import LEAST_GAP, expected
from handlers.schedule.quiet import Quiet, wall_before
from handlers.worker import work
from schemas.booking import Booking, BookingStatus
from schemas.clinic import Policy, Service
from schemas.delivery import Purpose
from store import clients
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, only, receive, schedule_of, webhook

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Antarctica/Troll",
    "UTC",
)
DAY = timedelta(days=1)


def at(text: str, zone: str) -> datetime:
    """A wall time of a zone, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local(moment: datetime, zone: str) -> str:
    """The wall time of a moment."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.B16
@pytest.mark.parametrize(
    ("zone", "start", "before"),
    [
        ("America/New_York", "2026-03-08 15:00", "2026-03-07 15:00"),  # spring forward in between
        ("America/New_York", "2026-11-01 15:00", "2026-10-31 15:00"),  # fall back in between
        ("Europe/Berlin", "2026-03-29 09:30", "2026-03-28 09:30"),
        ("Europe/Berlin", "2026-10-25 09:30", "2026-10-24 09:30"),
        ("Australia/Lord_Howe", "2026-10-04 10:00", "2026-10-03 10:00"),  # half an hour
        ("Australia/Lord_Howe", "2026-04-05 10:00", "2026-04-04 10:00"),
        ("Antarctica/Troll", "2026-03-29 12:00", "2026-03-28 12:00"),  # two hours
        ("Antarctica/Troll", "2026-10-25 12:00", "2026-10-24 12:00"),
        ("Asia/Kathmandu", "2026-11-27 11:15", "2026-11-26 11:15"),  # +05:45
        ("Europe/Berlin", "2028-03-01 10:00", "2028-02-29 10:00"),  # a leap day
    ],
)
def test_a_day_before_is_the_same_time_on_the_wall(zone: str, start: str, before: str) -> None:
    assert local(wall_before(at(start, zone), DAY, ZoneInfo(zone)), zone) == before


def test_a_wall_time_that_does_not_exist_is_moved_past_the_gap() -> None:
    found = wall_before(at("2026-03-30 02:30", "Europe/Berlin"), DAY, ZoneInfo("Europe/Berlin"))
    assert local(found, "Europe/Berlin") == "2026-03-29 03:30"


def test_the_first_and_the_second_half_past_two_stay_an_hour_apart() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=zone).astimezone(UTC)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=1).astimezone(UTC)
    assert second - first == timedelta(hours=1)
    for each in (first, second):
        assert local(wall_before(each, DAY, zone), "Europe/Berlin") == "2026-10-24 02:30"


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
    st.sampled_from([DAY, 3 * DAY]),
)
def test_everywhere_the_wall_shows_the_same_time_or_the_gap(
    start: datetime, name: str, before: timedelta
) -> None:
    zone = ZoneInfo(name)
    found = wall_before(start, before, zone).astimezone(zone).replace(tzinfo=None)
    wanted = start.astimezone(zone).replace(tzinfo=None) - before
    assert abs(found - wanted) <= timedelta(hours=2 if found != wanted else 0) or _skipped_day(wanted, zone)


def _skipped_day(wall: datetime, zone: ZoneInfo) -> bool:
    """A whole day is missing, as when an island crossed the date line."""
    back = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return back.date() != wall.date()


# ---- quiet hours

HOURS = st.times().map(lambda each: each.replace(second=0, microsecond=0))


@pytest.mark.parametrize("zone", ZONES)
@given(start=HOURS, end=HOURS, moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_the_next_open_moment_is_open_and_never_earlier(
    zone: str, start: time, end: time, moment: datetime
) -> None:
    quiet, now = Quiet(start, end, ZoneInfo(zone)), moment.replace(tzinfo=UTC)
    opens = quiet.next_open(now)
    assert now <= opens <= now + timedelta(hours=30)
    assert not quiet.now(opens)
    assert quiet.now(now) is (opens > now)


def test_night_is_quiet_and_noon_is_not() -> None:
    night = Quiet(time(20), time(9), ZoneInfo("Europe/Berlin"))
    for clock, quiet in {"19:59": False, "20:00": True, "03:00": True, "08:59": True, "09:00": False}.items():
        assert night.now(at(f"2026-11-20 {clock}", "Europe/Berlin")) is quiet, clock


def test_quiet_hours_in_the_day_work_too() -> None:
    siesta = Quiet(time(13), time(16), ZoneInfo("Europe/Madrid"))
    for clock, quiet in {"12:59": False, "13:00": True, "15:59": True, "16:00": False}.items():
        assert siesta.now(at(f"2026-11-20 {clock}", "Europe/Madrid")) is quiet, clock


def test_no_quiet_hours_at_all_is_possible() -> None:
    assert not Quiet(time(9), time(9), ZoneInfo("UTC")).now(at("2026-11-20 09:00", "UTC"))


@pytest.mark.parametrize("zone", ZONES)
@given(moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_a_reminder_keeps_its_day(zone: str, moment: datetime) -> None:
    quiet, now = Quiet(time(20), time(9), ZoneInfo(zone)), moment.replace(tzinfo=UTC)
    found = quiet.last_open(now)
    assert not quiet.now(found)
    assert found.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()


# ---- what is owed


def thread(start: datetime, first_seen: datetime = NOW, **more: object) -> Booking:
    """A confirmed booking of one hour."""
    plain: dict[str, object] = {
        "connection": "main",
        "client_id": 1,
        "status": BookingStatus.confirmed,
        "zone": "America/New_York",
        "service": "",
        "service_name": "",
        "practitioner": "",
        "place": "",
        "remote": False,
        "language": "",
        "earlier": False,
    }
    times = {"start": start, "end": start + timedelta(hours=1), "first_seen_at": first_seen}
    return Booking(id=1, **(plain | times | more))  # type: ignore[arg-type]


def dues(booking: Booking, service: Service | None = None, now: datetime = NOW) -> dict[str, datetime]:
    """What is owed for it, and when."""
    zone = ZoneInfo("America/New_York")
    quiet = Quiet(time(20), time(9), zone)
    found = expected(booking, service or Service(), Policy(), quiet, zone, now)
    return {f"{purpose}:{number}": at for purpose, number, at in found}


def test_a_booking_a_week_ahead_is_owed_a_request_two_reminders_and_a_plan() -> None:
    start = at("2026-11-27 15:00", "America/New_York")
    found = dues(thread(start))
    assert found == {
        "intake:0": NOW + timedelta(seconds=20),
        "intake_reminder:1": at("2026-11-24 15:00", "America/New_York"),
        "intake_reminder:2": at("2026-11-26 15:00", "America/New_York"),
        "plan:0": start + timedelta(hours=1, minutes=30),
    }


def test_reminders_keep_their_distance_from_the_request_and_from_the_visit() -> None:
    assert set(dues(thread(NOW + timedelta(hours=30)))) == {"intake:0", "plan:0"}
    assert set(dues(thread(NOW + timedelta(hours=60)))) == {"intake:0", "intake_reminder:2", "plan:0"}
    assert set(dues(thread(NOW - timedelta(minutes=30)))) == {"intake:0", "plan:0"}
    assert set(dues(thread(NOW - timedelta(hours=2)))) == {
        "plan:0"
    }  # over: nothing is asked "before your visit"


@pytest.mark.parametrize("status", [each for each in BookingStatus if each is not BookingStatus.confirmed])
def test_nothing_is_owed_for_a_booking_that_is_not_on(status: BookingStatus) -> None:
    assert dues(thread(NOW + timedelta(days=7), status=status)) == {}


def test_nothing_is_owed_for_what_is_too_old_or_older_than_the_connection() -> None:
    assert dues(thread(NOW - timedelta(hours=50))) == {}
    assert set(dues(thread(NOW - timedelta(hours=47)))) == {"plan:0"}
    assert dues(thread(NOW + timedelta(days=7), earlier=True)) == {}


def test_a_service_may_ask_nothing_or_end_without_a_plan() -> None:
    booking = thread(NOW + timedelta(days=7))
    assert dues(booking, Service(questionnaire="", plan=False)) == {}
    assert "plan:0" not in dues(booking, Service(plan=False))


@pytest.mark.B6
@given(st.integers(0, 400), st.integers(0, 60 * 24 * 40))
def test_reminders_are_few_apart_in_open_hours_and_before_the_visit(hours: int, minutes: int) -> None:
    first_seen = NOW + timedelta(minutes=minutes)
    booking = thread(first_seen + timedelta(hours=hours), first_seen=first_seen)
    found = dues(booking, now=first_seen)
    reminders = [due for name, due in found.items() if name.startswith("intake_reminder")]
    quiet = Quiet(time(20), time(9), ZoneInfo("America/New_York"))
    assert len(reminders) <= 2
    for due in reminders:
        assert not quiet.now(due)
        assert found["intake:0"] + LEAST_GAP <= due < booking.start


# ---- bringing rows in line


@pytest.mark.B17
def test_a_gift_card_pick_up_is_asked_nothing(context: Context) -> None:
    booking = book(context, service="gift-card")
    assert schedule_of(context, booking) == {}


def test_an_address_that_comes_later_lets_the_request_out(context: Context, mailbox: Mailbox) -> None:
    receive(context, webhook("created", NOW, connection="site", email=""))
    work.work_once(context, NOW + timedelta(minutes=1))
    receive(context, webhook("updated", NOW + timedelta(seconds=5), connection="site"))
    work.work_once(context, NOW + timedelta(minutes=2))
    assert mailbox.recipients == [["zoe@example.org"]]


def test_what_a_person_holds_stays_held_when_the_booking_moves(context: Context) -> None:

    booking = book(context)
    with context.db.begin() as tx:
        release.hold(tx, schedule_of(context, booking)["plan:0"], "mara", NOW)
    moved = webhook(
        "rescheduled", NOW + timedelta(seconds=1), uid="u2", replaces="u1", start=NOW + timedelta(days=9)
    )
    receive(context, moved)
    work.work_once(context, NOW + timedelta(seconds=2))
    held = schedule_of(context, booking)["plan:0"]
    assert (held.status, held.reason) == ("held", "held_by_person")


def test_a_client_in_another_zone_is_left_alone_at_night_for_a_call(
    context: Context, mailbox: Mailbox
) -> None:
    start = at("2026-11-30 15:00", "America/New_York")
    booking = book(
        context,
        start=start,
        place="integrations:daily",
        client_zone="Asia/Kathmandu",
        zone="America/New_York",
    )
    due = schedule_of(context, booking)["intake_reminder:2"].due_at
    assert local(due, "America/New_York") == "2026-11-29 15:00"
    work.work_once(context, due)
    waits = schedule_of(context, only(context))["intake_reminder:2"]
    assert (waits.status, waits.reason) == ("scheduled", "quiet_hours")
    assert local(waits.due_at, "Asia/Kathmandu") == "2026-11-30 09:00"
    with context.db.read() as tx:
        assert clients.get(tx, booking.client_id).zone == "Asia/Kathmandu"
    assert Purpose.intake_reminder not in mailbox.kinds()
