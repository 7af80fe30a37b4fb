"""A database of the first schema with people in it: once migrated, everything keeps its owner."""

import base64
import hashlib
import hmac
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url

import settings as configuration
from handlers import links
from handlers.answers import effective
from handlers.clients import contacts
from handlers.context import Context
from handlers.intake.form import open_intake
from handlers.links import LinkPurpose
from handlers.schedule import due
from handlers.worker import work
from schemas.delivery import Channel, DeliveryStatus, Purpose
from schemas.person import ContactKind
from store import attendances, bookings, checkins, clients, deliveries, intakes, migrate, plans
from store import contacts as stored_contacts
from store.base import Tx
from store.tables import links as rows
from tests.helpers.clinic import NOW, environ
from tests.helpers.databases import fresh_postgres
from tests.helpers.mailbox import Mailbox
from tests.helpers.seals import as_before
from tests.store.test_first_schema import put

import app as application  # isort: skip

AHEAD = NOW + timedelta(days=10)
KEY = Fernet.generate_key().decode()
# id: (name, address, number, what was refused)
PEOPLE = {
    1: ("Zoe Field", "zoe@example.org", "(555) 010-0139", ""),
    2: ("Field, Zoe", "ZOE@example.org", "", "no_email_at"),
    3: ("Ms Zoë Field", "zoe@example.org", "+1 555 010 0139", ""),
    4: ("Ann Lee", "lee@example.org", "", ""),
    5: ("Ben Lee", "lee@example.org", "5550100188", "no_sms_at"),
}
AGAIN = 77  # the check-in of client 1, sent again
MERGED = 45  # was one with the visit of client 4


def token(purpose: str, subject: int) -> str:
    """A link as it was made and mailed then."""
    key = base64.urlsafe_b64encode(environ("", 0)["SECRET_KEY"].encode())
    made = hmac.new(key, f"{purpose}:{subject}:0".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:24]).decode()


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def updated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of a clinic that has just been updated from the first schema."""
    url = f"sqlite:///{tmp_path_factory.mktemp('before') / 'a.db'}"
    if request.param == "postgresql":
        url = fresh_postgres(request.getfixturevalue("postgres_server"), template="template0")
    built = application.build_context(configuration.load(environ(url, 25, FIELD_KEYS=KEY)))
    with built.db.begin() as tx:
        command.upgrade(migrate.config(tx.conn), "0001")
        for client_id, (name, email, phone, refused) in PEOPLE.items():
            put_client(tx, client_id, name, email, phone, refused)
        put_booking(tx, MERGED, 4, merged_into=40)
        put_link(tx, "intake", MERGED)
        put(tx, "checkins", id=AGAIN, booking_id=10, plan_id=10, kind="w1-again1", asked_at=NOW)
        put_link(tx, "checkin", AGAIN)
    migrate.upgrade(built.db)
    with built.db.begin() as tx:
        links.follow(tx, built, contacts.normalise(tx, built, NOW))
        links.key_old(tx, built)
    built.db.close()
    return url


@pytest.fixture
def context(
    updated: str, request: pytest.FixtureRequest, tmp_path: Path, mailbox: Mailbox
) -> Iterator[Context]:
    """That clinic at work, on a copy of its database."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    if updated.startswith("sqlite"):
        shutil.copy(updated.removeprefix("sqlite:///"), tmp_path / "a.db")
    else:
        template = make_url(updated).database or ""
        url = fresh_postgres(request.getfixturevalue("postgres_server"), template=template)
    built = application.build_context(configuration.load(environ(url, mailbox.port, FIELD_KEYS=KEY)))
    yield built
    built.db.close()


def put_booking(tx: Tx, number: int, client_id: int, **more: Any) -> None:
    times = {"start_at": AHEAD, "end_at": AHEAD + timedelta(hours=1), "first_seen_at": NOW, "updated_at": NOW}
    given = {"connection": "site", "client_id": client_id, "status": "confirmed", "remote": False}
    put(tx, "bookings", id=number, **given, earlier=False, **times, **more)


def put_link(tx: Tx, purpose: str, subject: int) -> None:
    row = {"token_hash": hashlib.sha256(token(purpose, subject).encode()).hexdigest(), "purpose": purpose}
    put(tx, "links", **row, subject=subject, created_at=NOW, expires_at=NOW + timedelta(days=90))


def put_client(tx: Tx, client_id: int, name: str, email: str, phone: str, refused: str) -> None:
    """A client with a visit, a half-filled form, a flag, a plan, a check-in, links and a sent request."""
    stopped = {refused: NOW} if refused else {}
    who = {"name": name, "email": email, "phone": phone, "identity": f"{client_id}"}
    put(tx, "clients", id=client_id, **who, created_at=NOW, **stopped)
    number, both = 10 * client_id, {"client_id": client_id, "booking_id": 10 * client_id}
    put_booking(tx, number, client_id)
    said = as_before(tx.vault, {"goal_text": f"said by {client_id}"})
    form = {"questionnaire": "first_visit", "version": "1", "status": "started", "sealed_answers": said}
    put(tx, "intakes", id=number, **both, **form, created_at=NOW)
    flag = {"rule": "RF01", "severity": "stop_urgent", "sealed_flag": as_before(tx.vault, {"rule": "RF01"})}
    put(tx, "flags", booking_id=number, **flag, raised_at=NOW)
    sealed = as_before(tx.vault, {"items": [], "days_per_week": client_id})
    put(
        tx,
        "plans",
        id=number,
        **both,
        version=1,
        status="sent",
        sealed_plan=sealed,
        created_at=NOW,
        sent_at=NOW,
    )
    put(tx, "checkins", id=number, booking_id=number, plan_id=number, kind="w1", asked_at=NOW)
    put_link(tx, "intake", number)
    put_link(tx, "plan", number)
    put_link(tx, "checkin", number)
    put_link(tx, "stop", client_id)
    sent = {"key": f"{number}:intake:0:email", "purpose": "intake", "channel": "email", "status": "sent"}
    put(tx, "deliveries", booking_id=number, **sent, attempts=1, due_at=NOW, created_at=NOW)


@pytest.mark.parametrize("client_id", PEOPLE)
def test_everything_keeps_its_owner(context: Context, client_id: int) -> None:
    number = 10 * client_id
    with context.db.read() as tx:
        comes, intake = attendances.current(tx, number), intakes.of_booking(tx, number)
        assert comes is not None
        assert intake is not None
        assert (comes.client_id, intake.client_id, intake.id) == (client_id, client_id, number)
        assert effective(tx, intake) == {"goal_text": f"said by {client_id}"}
        assert [row.booking_id for row in intakes.standing(tx, [client_id])] == [number]
        assert [each.id for each in plans.of_client(tx, [client_id])] == [number]
        assert [each.id for each in checkins.of_client(tx, [client_id])] == [number]
        assert {each.key.client for each in deliveries.of_booking(tx, number)} == {client_id}


@pytest.mark.parametrize("client_id", PEOPLE)
def test_links_that_were_mailed_before_still_open(context: Context, client_id: int) -> None:
    number = 10 * client_id
    mailed = dict.fromkeys((LinkPurpose.intake, LinkPurpose.plan, LinkPurpose.checkin), number)
    mailed[LinkPurpose.stop] = client_id
    with context.db.read() as tx:
        found = [links.look(tx, context, each, token(each, mailed[each]), NOW) for each in mailed]
    assert [(each.client_id, each.fate) for each in found if each] == [(client_id, links.Fate.open)] * 4


def test_a_link_to_a_check_in_that_was_sent_again_opens_the_one_check_in_alone(context: Context) -> None:
    value = token("checkin", AGAIN)
    with context.db.begin() as tx:
        assert links.open_link(tx, context, LinkPurpose.checkin, value, NOW) == 10
        row = tx.all(sa.select(rows).where(rows.c.purpose == "checkin", rows.c.subject == 10))[-1]
        tx.change(rows, row.id, subject=20)
        assert links.look(tx, context, LinkPurpose.checkin, value, NOW) is None


def test_a_link_to_a_visit_that_was_merged_opens_the_form_of_the_one_visit(context: Context) -> None:
    with context.db.read() as tx:
        subject = links.open_link(tx, context, LinkPurpose.intake, token("intake", MERGED), NOW)
        assert subject == 40
        asked = open_intake(tx, context, subject, NOW)
    assert asked is not None
    assert asked.answers == {"goal_text": "said by 4"}


def test_what_was_refused_stands_at_the_address_for_every_spelling(context: Context) -> None:
    with context.db.read() as tx:
        points = [stored_contacts.get(tx, _place(tx, each)) for each in (10, 20, 30)]
        other = stored_contacts.get(tx, _place(tx, 40))
    assert len({each.id for each in points if each}) == 1
    assert all(each and each.stopped for each in points)
    assert other is not None
    assert not other.stopped


def _place(tx: Tx, booking_id: int) -> int:
    comes = attendances.current(tx, booking_id)
    assert comes is not None
    assert comes.email_id is not None
    return comes.email_id


def test_national_numbers_are_completed_and_are_one_with_those_that_were_complete(context: Context) -> None:
    with context.db.begin() as tx:
        values = sorted(each.value for each in stored_contacts.of_kind(tx, ContactKind.sms))
        assert values == ["+15550100139", "+15550100188"]
        phones = [comes.phone_id for each in (10, 30) if (comes := attendances.current(tx, each))]
        assert len(set(phones)) == 1
        assert not contacts.stop(tx, context, Channel.sms, "555-010-0188", "text", NOW)  # it stands already


def test_what_was_sent_before_is_not_sent_again(context: Context, mailbox: Mailbox) -> None:
    with context.db.begin() as tx:
        for client_id in PEOPLE:
            due.sync(tx, context, 10 * client_id, NOW)
    work.work_once(context, NOW + timedelta(minutes=1))
    assert mailbox.of("intake") == []
    with context.db.read() as tx:
        for client_id in PEOPLE:
            asked = [
                each
                for each in deliveries.of_booking(tx, 10 * client_id)
                if each.purpose is Purpose.intake and each.status is not DeliveryStatus.withdrawn
            ]
            assert [each.status for each in asked] == [DeliveryStatus.sent]


def test_the_next_visit_of_somebody_who_stands_there_thrice_is_theirs(context: Context) -> None:
    from handlers.clients import people
    from schemas.booking import Person

    with context.db.begin() as tx:
        who = people.whose(tx, context, Person("Zoe Field", "zoe@example.org"), NOW)
        assert who.client_id in (1, 2, 3)
        assert who.doubt  # three of them: the first screen asks
        assert people.whose(tx, context, Person("Ben Lee", "lee@example.org"), NOW).client_id == 5
        assert clients.get(tx, 5).name == "Ben Lee"
        assert bookings.get(tx, MERGED) == bookings.get(tx, 40)
