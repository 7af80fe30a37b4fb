"""A passkey signs in and confirms: for its owner, here, in this browser, once for each challenge."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json

from handlers.context import Context
from handlers.send import staff_mail
from handlers.staff import accounts, ceremony, passkeys
from handlers.worker import journal
from schemas.staff import Passkey
from store import audit, staff
from store import passkeys as stored
from store.base import Tx
from tests.helpers.authenticator import PRESENT, Authenticator, encoded
from tests.helpers.console import BASE, EMAIL, PASSWORD, account, browser, post, sign_in, token_in
from tests.helpers.mailbox import Mailbox

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
OTHER = "bo@handsofstone.example"
ACCOUNT, KEYS = "/console/account", "/console/account/passkeys"


def options(client: FlaskClient, which: str = "options") -> dict[str, Any]:
    answer = client.get(f"/console/passkeys/{which}", base_url=BASE)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.data)
    return found


def enrolled(client: FlaskClient, device: Authenticator) -> Authenticator:
    given_back = device.made(options(client, "new"))
    done = post(client, KEYS, ACCOUNT, passkey=given_back, name="Мой телефон", my_password=PASSWORD)
    assert done.status_code == 303
    return device


def enter(client: FlaskClient, signed: str, **more: str) -> int:
    page = client.get("/console/login", base_url=BASE)
    data = {"csrf": token_in(page), "passkey": signed, "next": "/console/waits", **more}
    return client.post("/console/passkeys/sign-in", base_url=BASE, data=data).status_code


def waiting(app: Flask) -> FlaskClient:
    """A browser at the sign-in."""
    made = browser(app)
    made.get("/console/login", base_url=BASE)
    return made


def is_in(client: FlaskClient) -> bool:
    return client.get(ACCOUNT, base_url=BASE).status_code == 200


@BOTH
def test_it_signs_in_without_password_and_code_in_any_browser(
    app: Flask, context: Context, client: FlaskClient, mailbox: Mailbox
) -> None:
    app.config["REQUIRE_TOTP"] = True
    device = enrolled(client, Authenticator())
    assert "Мой телефон" in client.get(ACCOUNT, base_url=BASE).text
    for _ in range(2):
        new = waiting(app)
        assert enter(new, device.signed(options(new))) == 303
        assert is_in(new)
    staff_mail.send_due(context, datetime.now(UTC))
    assert "passkey was made" in mailbox.of("account")[-1].as_string()
    with context.db.read() as tx:
        assert {each.action for each in audit.log(tx)} >= {"passkey_set", "passkey_used"}


def test_what_was_signed_counts_once_and_in_its_own_browser(app: Flask, client: FlaskClient) -> None:
    device = enrolled(client, Authenticator())
    first, second = waiting(app), waiting(app)
    signed = device.signed(options(first))
    assert enter(second, signed) == 401, "signed for another browser"
    early = device.signed(options(first))
    assert enter(first, signed) == 303
    post(first, "/console/logout", ACCOUNT)
    assert enter(first, signed) == 401, "a second time"
    assert enter(first, early) == 401, "a challenge from before the last use"


@pytest.mark.parametrize(
    "harm",
    [
        {"origin": "https://care.test.evil.example"},
        {"origin": "http://care.test"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"identity": b"of-nobody"},
    ],
)
def test_a_copy_of_the_page_an_unlocked_key_or_a_stranger_gets_nothing(
    app: Flask, client: FlaskClient, harm: dict[str, Any]
) -> None:
    good = enrolled(client, Authenticator())
    new = waiting(app)
    assert enter(new, replace(good, **harm).signed(options(new))) == 401
    assert enter(new, replace(good, key=Authenticator().key).signed(options(new))) == 401
    assert not is_in(new)
    if "identity" not in harm:
        bad = replace(good, identity=b"another", **harm).made(options(client, "new"))
        assert post(client, KEYS, ACCOUNT, passkey=bad, name="", my_password=PASSWORD).status_code == 422


def test_a_challenge_is_good_for_five_minutes(context: Context, client: FlaskClient) -> None:
    device = enrolled(client, Authenticator())
    now = datetime.now(UTC) + timedelta(hours=1)
    asked = json.loads(passkeys.options(context, "browser", now))
    signed = device.signed(asked)
    for at in (now + passkeys.FRESH, now - timedelta(seconds=1)):
        assert passkeys.sign_in(context, "browser", signed, "192.0.2.1", at) == "wrong"
    assert passkeys.sign_in(context, "another", signed, "192.0.2.1", now) == "wrong"
    assert passkeys.sign_in(context, "browser", signed, "192.0.2.1", now) != "wrong"


def test_it_stands_for_the_own_password_before_what_is_grave_and_no_other_does(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    account(context, OTHER, "李伟")
    other = sign_in(app, OTHER)
    mine, theirs = enrolled(client, Authenticator()), enrolled(other, Authenticator(identity=b"of-li-wei"))
    where = f"{ACCOUNT}/second-factor"
    said = {"my_password": "", "my_passkey": theirs.signed(options(client))}
    assert post(client, where, ACCOUNT, **said).status_code == 422
    signed = mine.signed(options(client))
    assert post(other, where, ACCOUNT, my_passkey=signed).status_code == 422
    assert post(client, where, ACCOUNT, my_passkey=signed).status_code == 303
    assert post(client, where, ACCOUNT, my_passkey=signed).status_code == 422, "a second time"
    assert post(client, where, ACCOUNT, my_password=PASSWORD).status_code == 303


@BOTH
def test_it_opens_nothing_once_it_was_taken_away_reset_or_its_owner_is_out(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    account(context, OTHER, "Bo Quinn")
    with context.db.begin() as tx:
        mara = staff.by_email(tx, EMAIL)
        assert mara is not None
        before = journal.signs_in_with(tx, context, mara)
    device = enrolled(client, Authenticator())
    with context.db.begin() as tx:
        assert journal.signs_in_with(tx, context, mara) != before
        (kept,) = stored.of_staff(tx, mara.id)
        accounts.set_active(tx, mara.id, "boss", datetime.now(UTC), active=False)
    new = waiting(app)
    assert enter(new, device.signed(options(new))) == 401
    with context.db.begin() as tx:
        accounts.set_active(tx, mara.id, "boss", datetime.now(UTC), active=True)
    assert enter(new, device.signed(options(new))) == 303
    foreign = sign_in(app, OTHER)
    assert post(foreign, f"{KEYS}/{kept.id}/forget", ACCOUNT, my_password=PASSWORD).status_code == 303
    with context.db.read() as tx:
        assert stored.of_staff(tx, mara.id), "nobody else takes it away"
    assert post(new, f"{KEYS}/{kept.id}/forget", ACCOUNT, my_password="no").status_code == 422
    assert post(new, f"{KEYS}/{kept.id}/forget", ACCOUNT, my_password=PASSWORD).status_code == 303
    again = enrolled(new, Authenticator(identity=b"another-one"))
    with context.db.begin() as tx:
        accounts.reset(tx, context, mara.id, PASSWORD, "boss", datetime.now(UTC))
        assert stored.of_staff(tx, mara.id) == []
    for gone in (device, again):
        last = waiting(app)
        assert enter(last, gone.signed(options(last))) == 401


def test_ten_are_enough_and_the_same_one_counts_once(client: FlaskClient) -> None:
    for number in range(passkeys.MOST):
        enrolled(client, Authenticator(identity=b"number-%d" % number))
    one_more = Authenticator(identity=b"eleventh").made(options(client, "new"))
    assert post(client, KEYS, ACCOUNT, passkey=one_more, my_password=PASSWORD).status_code == 422


@BOTH
def test_one_passkey_that_two_accounts_bring_at_once_is_of_one_of_them(
    app: Flask, context: Context, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(context, OTHER, "Bo Quinn")
    both, started = (client, sign_in(app, OTHER)), Barrier(2, timeout=5)
    found = stored.find

    def slowly(tx: Tx, identity: str) -> Passkey | None:
        known = found(tx, identity)
        with suppress(BrokenBarrierError):
            started.wait(1)
        return known

    signed = [Authenticator().made(options(each, "new")) for each in both]
    monkeypatch.setattr(stored, "find", slowly)

    def bring(number: int) -> int:
        said = {"passkey": signed[number], "name": "", "my_password": PASSWORD}
        return post(both[number], KEYS, ACCOUNT, **said).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(bring, range(2))) == [303, 422]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://care.test", "care.test"),
        ("https://care.test:8443", "care.test"),
        ("http://localhost:8000", "localhost"),
        ("http://care.test", None),
        ("https://192.0.2.1", None),
        ("http://127.0.0.1:8000", None),
        ("https://[2001:db8::1]", None),
    ],
)
def test_passkeys_are_offered_where_browsers_keep_them(
    context: Context, address: str, host: str | None
) -> None:
    found = passkeys.site(replace(context, clinic=replace(context.clinic, public_url=address)))
    assert (found.host if found else None) == host


@given(
    st.one_of(
        st.text(max_size=60), st.recursive(st.none() | st.text(), st.lists, max_leaves=4).map(json.dumps)
    )
)
def test_what_is_no_passkey_is_no_fault_of_ours(given_back: str) -> None:
    for parse in (parse_authentication_credential_json, parse_registration_credential_json):
        try:
            parse(given_back)
        except ceremony.BROKEN:
            continue


DEEP = "[" * 16_000


@pytest.mark.parametrize("part", ["all", "clientDataJSON", "authenticatorData", "attestationObject", "rawId"])
@pytest.mark.parametrize(
    "said", [DEEP, encoded(DEEP[:12_000].encode()), encoded(b"\x81" * 9_000), "ż", "\ud800"]
)
def test_what_is_nested_or_no_credential_is_refused_and_breaks_nothing(
    app: Flask, client: FlaskClient, part: str, said: str
) -> None:
    device, new = Authenticator(), waiting(app)

    def harmed(whole: str) -> str:
        kept = json.loads(whole)
        (kept if part == "rawId" else kept["response"])[part] = said
        return said.encode("utf-8", "replace").decode() if part == "all" else json.dumps(kept)

    assert enter(new, harmed(device.signed(options(new)))) == 401
    given_back = harmed(device.made(options(client, "new")))
    answer = post(client, KEYS, ACCOUNT, passkey=given_back, name="", my_password=PASSWORD)
    assert answer.status_code in (303, 422)  # what the making does not look at may say anything
    answer = post(
        client, f"{ACCOUNT}/second-factor", ACCOUNT, my_passkey=harmed(device.signed(options(client)))
    )
    assert answer.status_code == 422


def test_a_wrong_password_keeps_the_name_that_was_typed(client: FlaskClient) -> None:
    said = {"my_password": "not the password", "name": "Тел <Ана>"}
    page = post(client, f"{ACCOUNT}/passkeys", ACCOUNT, **said)
    assert page.status_code == 422
    assert 'value="Тел &lt;Ана&gt;"' in page.text
