"""Who can write into the database and has no key lets nobody in, and gives nobody a role."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.staff import accounts, hashing, invited
from handlers.staff.passwords import Unfit
from handlers.worker import seals
from schemas.staff import Role
from store import staff
from store.base import Tx
from store.tables import devices, passkeys, staff_sessions
from store.tables import staff as rows
from tests.helpers.authenticator import Authenticator
from tests.helpers.console import BASE, EMAIL, PASSWORD, account, browser, post, sign_in, token_in
from tests.web.console.test_passkeys import enrolled, enter, options, waiting
from tests.web.console.test_pin import PIN, unlock

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
DESK, OUT = "desk@handsofstone.example", "out@handsofstone.example"
MARA, DAN, LEE = 1, 2, 3
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def team(app: Flask, context: Context) -> None:
    """Mara may do everything and has a second factor, Dan is at the front desk, Lee is out."""
    assert app
    with context.db.read() as tx:
        there = staff.by_email(tx, EMAIL)
    mara = there.id if there else account(context)
    dan = account(context, DESK, "Dan Desk", (Role.front_desk,))
    lee = account(context, OUT, "Lee Ash", (Role.practitioner,))
    assert (mara, dan, lee) == (MARA, DAN, LEE)
    with context.db.begin() as tx:
        accounts.set_active(tx, lee, "boss", NOW, active=False)


def wrote(context: Context, staff_id: int, **values: object) -> None:
    """What somebody writes into a row of an account."""
    with context.db.begin() as tx:
        tx.run(sa.update(rows).where(rows.c.id == staff_id).values(**values))


def may_sign_in(app: Flask, email: str, password: str = PASSWORD) -> bool:
    made = browser(app)
    token = token_in(made.get("/console/login", base_url=BASE))
    data = {"csrf": token, "email": email, "password": password}
    return made.post("/console/login", base_url=BASE, data=data).status_code == 303


def own_hash(tx: Tx) -> str:
    found = staff.get(tx, DAN)
    assert found is not None
    return found.password_hash


ATTACKS: dict[str, tuple[str, Callable[[Context], None]]] = {
    "a role": (DESK, lambda context: wrote(context, DAN, roles="manager practitioner")),
    "a password": (EMAIL, lambda context: wrote(context, MARA, password_hash=hashing.hash_here("x" * 12))),
    "an address": (EMAIL, lambda context: wrote(context, MARA, email="evil@example.org")),
    "a second factor less": (EMAIL, lambda context: wrote(context, MARA, sealed_totp=None)),
    "in again": (OUT, lambda context: wrote(context, LEE, deactivated_at=None)),
    "a name": (DESK, lambda context: wrote(context, DAN, name="Mara Field MD")),
    "a credential": (DESK, lambda context: wrote(context, DAN, credential="MD")),
    "a seal less": (DESK, lambda context: wrote(context, DAN, sealed_access=None)),
}


@BOTH
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_account_that_was_changed_by_sql_is_out_until_somebody_at_the_machine_resets_it(
    app: Flask, context: Context, attack: str
) -> None:
    with context.db.begin() as tx:
        staff.set_totp(tx, MARA, pyotp.random_base32())
        staff.set_totp(tx, DAN, "")
    before = sign_in(app, DESK)
    email, act = ATTACKS[attack]
    act(context)
    email = "evil@example.org" if attack == "an address" else email
    password = "x" * 12 if attack == "a password" else PASSWORD
    assert not may_sign_in(app, email, password)
    assert (before.get("/console/account", base_url=BASE).status_code == 200) is (email != DESK)
    (broken,) = seals.broken(context)
    assert (broken.row, broken.column) == (f"staff {who_is(context, email)}", "sealed_access")
    with context.db.begin() as tx:
        staff.set_password(tx, who_is(context, email), hashing.hash_here(PASSWORD))
        staff.set_active(tx, who_is(context, email), NOW, active=True)
    assert not may_sign_in(app, email), "a later change of ours makes it no sounder"
    with context.db.begin() as tx, pytest.raises(Unfit):
        accounts.set_active(tx, who_is(context, email), "boss", NOW, active=True)
    with context.db.begin() as tx:
        accounts.reset(tx, context, who_is(context, email), PASSWORD, "root", NOW)
    assert may_sign_in(app, email)
    assert list(seals.broken(context)) == []


def who_is(context: Context, email: str) -> int:
    with context.db.read() as tx:
        found = staff.by_email(tx, email)
    assert found is not None
    return found.id


@BOTH
def test_a_session_a_device_a_passkey_or_an_invitation_is_given_to_nobody_else(
    app: Flask, context: Context
) -> None:
    with context.db.begin() as tx:
        staff.set_totp(tx, DAN, "")
    dan = sign_in(app, DESK)
    device = enrolled(dan, Authenticator())
    with context.db.begin() as tx:
        tx.run(sa.update(passkeys).values(staff_id=MARA))
        tx.run(sa.update(staff_sessions).values(staff_id=MARA))
    assert dan.get("/console/account", base_url=BASE).status_code == 303
    new = waiting(app)
    assert enter(new, device.signed(options(new))) == 401
    with context.db.begin() as tx:
        path = invited.new_link(tx, context, LEE, NOW)
        tx.run(sa.update(rows).where(rows.c.id == MARA).values(invite_hash=_hash(tx), invite_until=_later()))
        tx.run(sa.update(rows).where(rows.c.id == LEE).values(invite_hash=""))
    assert browser(app).get(path, base_url=BASE).status_code == 404


def _hash(tx: Tx) -> str:
    return str(tx.value(sa.select(rows.c.invite_hash).where(rows.c.id == LEE)))


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def test_a_session_lasts_no_longer_and_goes_no_further_than_it_was_opened_for(
    app: Flask, context: Context
) -> None:
    dan = sign_in(app, DESK)
    with context.db.begin() as tx:
        tx.run(sa.update(staff_sessions).values(created_at=datetime.now(UTC) + timedelta(hours=1)))
    assert dan.get("/console/account", base_url=BASE).status_code == 303
    with context.db.begin() as tx:
        staff.set_totp(tx, DAN, pyotp.random_base32())
    halfway = sign_in(app, DESK)
    with context.db.begin() as tx:
        tx.run(sa.update(staff_sessions).values(stage="full"))
    assert halfway.get("/console/account", base_url=BASE).status_code == 303


def test_a_pin_opens_no_other_account(app: Flask, context: Context, client: FlaskClient) -> None:
    with context.db.begin() as tx:
        for each in (MARA, DAN):
            staff.set_totp(tx, each, pyotp.random_base32())
    assert (
        post(client, "/console/account/pin", "/console/account", my_password=PASSWORD, pin=PIN).status_code
        == 303
    )
    post(client, "/console/lock", "/console/account")
    with context.db.begin() as tx:
        tx.run(sa.update(devices).values(staff_id=DAN))
    assert unlock(client) == 401
    with context.db.begin() as tx:
        tx.run(sa.update(devices).values(staff_id=MARA))
    assert unlock(client) == 303


def test_a_session_of_before_is_over_and_breaks_nothing(app: Flask, context: Context) -> None:
    dan = sign_in(app, DESK)
    for old in ("x" * 43, "a.b.c.d", "1.full.x.y", ""):
        dan.set_cookie("__Host-aftercare", old, domain="care.test", secure=True)
        assert dan.get("/console/account", base_url=BASE).status_code == 303
