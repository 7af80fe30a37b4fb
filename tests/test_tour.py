"""The tour: clients of every scheduler, weeks that pass, a clock that only a tour moves."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

import app as application
import settings as configuration
from demo.mailbox import Mailbox
from demo.tour import page, people, world
from demo.tour.people import CONNECTIONS, FORTY, Person
from handlers.staff import accounts
from integrations.schedulers import SCHEDULERS
from schemas.booking import BookingStatus
from schemas.staff import Role
from store import bookings, staff
from tests.helpers.clinic import environ
from tests.helpers.ports import free_port
from web import context as web_context

FEW = (
    Person("Zoë Łuć", "calcom", (-1.0,)),
    Person("Grace Kim", "square", (-0.5,), event="no_show"),
    Person("李雷", "easy", (2.0,), None),
    Person("Owen Hughes", "mindbody", (3.0,), None),
    Person("Ruth Cohen", "cliniko", (4.0,), None),
)


@pytest.fixture
def tour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[world.World]:
    """Three clients and three days."""
    monkeypatch.setattr(world, "FORTY", FEW)
    monkeypatch.setattr(world, "HISTORY", timedelta(days=5))
    mails = Mailbox(tmp_path / "mails", lambda _mail, _path: None)
    smtp_port = free_port()
    smtp = mails.serve_smtp(smtp_port)
    made = world.build(tmp_path, free_port(), smtp_port, mails)
    yield made
    web_context.move_clock(made.app, timedelta())
    smtp.stop()
    made.context.db.close()


def test_forty_people_of_every_scheduler_at_every_stage() -> None:
    assert len(FORTY) == len({each.name for each in FORTY}) == 40
    assert {each.connection for each in FORTY} == set(CONNECTIONS)
    assert {*world.BY_WEBHOOK.values(), *world.IN_MEMORY.values()} == set(SCHEDULERS)
    assert {"no_show", "cancelled", "rescheduled", "address", ""} == {each.event for each in FORTY}
    addresses = [each.address for each in FORTY]
    assert len(set(addresses)) == 39, "a couple shares one"
    assert sum(len(each.visits) >= 4 for each in FORTY) >= 8
    assert {people.FLAGGED, people.HELD, people.NO_SHOW, people.CORRECTED} <= {each.name for each in FORTY}


def test_every_visit_is_by_day() -> None:
    one = datetime(2026, 11, 26, 13)
    hours = {(one + timedelta(days=days)).hour for each in FORTY for days in each.visits}
    assert hours <= set(range(7, 20)), "at one o'clock the tour begins"


def test_weeks_pass_and_the_clock_moves_on(tour: world.World) -> None:
    list(world.tell_history(tour))
    kinds = tour.mails.mails
    assert [str(each["To"]) for each in kinds if each["X-Aftercare-Kind"] == "plan"] == [FEW[0].address]
    with tour.context.db.read() as tx:
        (missed,) = bookings.listing(tx, email=FEW[1].address)
        coming = [bookings.listing(tx, email=each.address) for each in FEW[2:]]
    assert missed.status is BookingStatus.no_show
    assert all(coming)
    zone = tour.context.zone()
    assert web_context.utc_now().astimezone(zone).hour == 13
    port, before = free_port(), len(kinds)
    server = page.serve(tour, port, [("The day", tour.url)])
    home = f"http://localhost:{port}/"
    evil = {"Origin": "https://evil.example"}
    assert requests.post(f"{home}clock", data={"by": "week"}, headers=evil, timeout=10).status_code == 403
    assert requests.post(f"{home}clock", data={"by": "week"}, timeout=60).ok
    assert web_context.utc_now() - datetime.now(UTC) > timedelta(days=6)
    assert len(kinds) > before, "reminders and check-ins went out"
    shown = requests.get(home, timeout=10).text
    assert "The day" in shown
    at = shown.partition('name="at" value="')[2].partition('"')[0]
    was = web_context.utc_now()
    for _ in range(2):
        assert requests.post(f"{home}clock", data={"by": "day", "at": at}, timeout=60).ok
    moved = web_context.utc_now() - was
    assert timedelta(hours=23) < moved < timedelta(hours=25), "pressed twice it is the next day"
    server.shutdown()


def test_a_colleague_who_is_invited_gets_the_mail(tour: world.World) -> None:
    address, now = "bo@clinic.example", web_context.utc_now()
    with tour.context.db.begin() as tx:
        number = staff.add(tx, "mara@clinic.example", "Mara Field", "", (Role.manager,), "en", "", now)
        mara = staff.get(tx, number)
        assert mara is not None
        accounts.invite(tx, address, "Bo Quinn", (Role.practitioner,), now, by=mara)
    tour.work()
    assert [str(each["To"]) for each in tour.mails.mails] == [address]


def test_the_clock_of_a_real_clinic_is_not_moved(tmp_path: Path) -> None:
    made = application.create_app(configuration.load(environ(f"sqlite:///{tmp_path}/a.db", 25)))
    made.config["PRODUCTION"] = True
    with pytest.raises(ValueError, match="not moved"):
        web_context.move_clock(made, timedelta(days=1))
    assert abs(web_context.utc_now() - datetime.now(UTC)) < timedelta(seconds=5)
