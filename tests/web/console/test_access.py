"""Who gets in, who stays out, and what ends a session."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.staff import second_factor, sessions, tries
from schemas.staff import Role
from store import staff as stored_staff
from store.tables import staff_sessions
from tests.helpers.console import BASE, EMAIL, PASSWORD, account, browser, post, sign_in, token_in, visit
from web.console.gate import ANYBODY, ENROLLING, LINK

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# What stands outside of the console, and who may call it.
OTHERS = {
    "webhooks.receive": "a scheduler, by its signature",
    "webhooks.is_there": "anybody",
    "texts.receive": "the text-message service, by its signature",
    "bounces.receive": "the mail service, by its signature",
    "front.front": "anybody",
    "health.healthz": "anybody",
    "metrics.metrics": "who has METRICS_TOKEN, or this machine",
    "health.readyz": "anybody",
    "static.files": "anybody",
    "intake.start": "a client, by link",
    "plan.read_in": "a client, by link",
    "intake.screen": "a client, by link",
    "intake.save": "a client, by link",
    "intake.language": "a client, by link",
    "intake.everything": "a client, by link",
    "intake.calendar_file": "a client, by link",
    "intake.show_answers": "a client, by link and date of birth",
    "intake.for_me": "a client, by link",
    "intake.for_somebody_else": "a client, by link",
    "intake.take_back": "a client, by link",
    "again.send": "anybody; a link is sent to the address on file alone",
    "confirm.ask": "whoever is reached there, by link",
    "confirm.confirm": "whoever is reached there, by link",
    "plan.show": "a client, by link",
    "plan.paper": "a client, by link",
    "plan.large_print": "a client, by link",
    "plan.tick": "a client, by link",
    "plan.moving": "a client, by link",
    "plan.still": "a client, by link",
    "plan.own": "a client, by link",
    "plan.ticked": "a client, by link",
    "days.choose": "a client, by link",
    "days.calendar_file": "a client, by link",
    "go.show": "a client, by link",
    "go.done": "a client, by link",
    "checkin.ask": "a client, by link",
    "checkin.answer": "a client, by link",
    "checkin.show_result": "a client, by link and date of birth",
    "checkin.result_again": "a client, by link",
    "number.from_checkin": "a client, by link",
    "number.from_plan": "a client, by link",
    "offline.manifest": "a client, by link",
    "offline.worker": "anybody",
    "notice.notice": "anybody",
    **{f"choices.{one}": "a client, by link" for one in ("stop", "plan", "checkin")},
    **{f"choices.{one}_change": "a client, by link" for one in ("stop", "plan", "checkin")},
    "stop.ask": "a client, by link",
    "stop.stop": "a client, by link",
}


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    known = {ANYBODY, ENROLLING, LINK, *Role}
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "allowed", ())
        assert declared or rule.endpoint in OTHERS, f"{rule.endpoint} says nothing"
        assert set(declared) <= known
        if rule.rule.startswith("/console") and declared in ((ANYBODY,), (ENROLLING,)):
            assert rule.endpoint.startswith(("console_auth.", "console_passkeys.")), rule.endpoint


FIRST = re.compile(r"<any\('(\w+)'.*?\):\w+>")
PLACES = {
    "<day>": "2026-11-20",
    "<name>": "first_visit",
    "<path:file>": "pages.toml",
    "<public_id>": "r_1",
    "<plans>": "1.2",
}


def urls(app: Flask) -> list[tuple[str, str]]:
    """Every address of the console that is not for anybody, with its method."""
    found = []
    for rule in app.url_map.iter_rules():
        roles = getattr(app.view_functions[rule.endpoint], "allowed", ())
        if rule.rule.startswith("/console") and roles not in ((ANYBODY,), (ENROLLING,)):
            path = FIRST.sub(r"\1", rule.rule)
            path = re.sub(r"<int:\w+>", lambda part: "2" if "other" in part[0] else "1", path)
            for part, value in PLACES.items():
                path = path.replace(part, value)
            assert "<" not in path
            found.append((path, "POST" if "POST" in (rule.methods or ()) else "GET"))
    return found


def test_without_a_session_no_page_of_the_console_answers(app: Flask, context: Context) -> None:
    visit(context)
    client = browser(app)
    addresses = urls(app)
    assert len(addresses) > 30
    for path, method in addresses:
        answer = client.open(path, method=method, base_url=BASE)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/console/login"), path
        assert "Zoë" not in answer.get_data(as_text=True)
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "//console/log",
        "/console//log",
        "/console/./log",
        "/console/log;.css",
        "/con%73ole/log",
        "/CONSOLE/log",
    ],
)
def test_tricks_with_the_path_open_nothing(app: Flask, context: Context, path: str) -> None:
    answer = browser(app).get(path, base_url=BASE)
    assert answer.status_code in (301, 303, 308, 404)
    assert "Sign out" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Original-URL": "/console/log"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Remote-User": EMAIL},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Cookie": "__Host-aftercare=" + "a" * 43},
        {"Cookie": "__Host-aftercare="},
        {"Cookie": "aftercare=1; session=eyJ1c2VyIjoxfQ"},
    ],
)
def test_tricks_with_headers_open_nothing(app: Flask, context: Context, headers: dict[str, str]) -> None:
    assert browser(app).get("/console/", base_url=BASE, headers=headers).status_code == 303


def test_the_right_password_opens_the_day(app: Flask, context: Context) -> None:
    page = sign_in(app).get("/console/", base_url=BASE)
    assert page.status_code == 200
    assert "Mara Field" in page.get_data(as_text=True)


@pytest.mark.parametrize("wrong", ["", PASSWORD.upper(), PASSWORD + "x", PASSWORD[:-1], PASSWORD + "\0"])
def test_a_password_is_taken_exactly(app: Flask, context: Context, wrong: str) -> None:
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    data = {"csrf": token, "email": EMAIL, "password": wrong}
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 401


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(app: Flask, context: Context) -> None:
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    told = []
    for email in (EMAIL, "nobody@handsofstone.example"):
        data = {"csrf": token, "email": email, "password": "a wrong password"}
        answer = client.post("/console/login", base_url=BASE, data=data)
        told.append((answer.status_code, answer.get_data(as_text=True).replace(email, "")))
    assert told[0] == told[1]


def test_guessing_is_stopped_even_with_the_right_password_at_last(app: Flask, context: Context) -> None:
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    for _ in range(tries.MOST_TRIES["pair"]):
        client.post(
            "/console/login", base_url=BASE, data={"csrf": token, "email": EMAIL, "password": "wrong"}
        )
    data = {"csrf": token, "email": EMAIL, "password": PASSWORD}
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 429
    other = browser(app)
    other.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    token = token_in(other.get("/console/login", base_url=BASE))
    answer = other.post("/console/login", base_url=BASE, data=data | {"csrf": token})
    assert answer.status_code == 303, "who sits somewhere else is not locked out by a guesser"


def test_the_cookie_is_bound_to_this_host_and_hidden_from_scripts(app: Flask, context: Context) -> None:
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    data = {"csrf": token, "email": EMAIL, "password": PASSWORD}
    cookie = client.post("/console/login", base_url=BASE, data=data).headers["Set-Cookie"]
    assert cookie.startswith("__Host-aftercare=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert int(cookie.split("Max-Age=")[1].split(";")[0]) <= 86400


def test_a_session_that_somebody_else_chose_is_not_taken_over(app: Flask, context: Context) -> None:
    client = browser(app)
    client.set_cookie("__Host-aftercare", "chosen-by-somebody-else", domain="care.test", secure=True)
    token = token_in(client.get("/console/login", base_url=BASE))
    data = {"csrf": token, "email": EMAIL, "password": PASSWORD}
    client.post("/console/login", base_url=BASE, data=data)
    other = browser(app)
    other.set_cookie("__Host-aftercare", "chosen-by-somebody-else", domain="care.test", secure=True)
    assert other.get("/console/", base_url=BASE).status_code == 303


def session_cookie(client: Any) -> str:
    found = client.get_cookie("__Host-aftercare", domain="care.test")
    return str(found.value) if found else ""


def replayed(app: Flask, value: str) -> int:
    """What a browser gets that comes with an old cookie."""
    client = browser(app)
    client.set_cookie("__Host-aftercare", value, domain="care.test", secure=True)
    return client.get("/console/", base_url=BASE).status_code


def test_signing_out_ends_the_session_at_the_server(app: Flask, context: Context) -> None:
    client = sign_in(app)
    kept = session_cookie(client)
    assert replayed(app, kept) == 200
    assert post(client, "/console/logout").status_code == 303
    assert replayed(app, kept) == 303


def test_signing_out_empties_the_browser(app: Flask, context: Context) -> None:
    answer = post(sign_in(app), "/console/logout")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_signing_in_again_ends_the_session_before(app: Flask, context: Context) -> None:
    client = sign_in(app)
    kept = session_cookie(client)
    token = token_in(client.get("/console/account", base_url=BASE))
    data = {"csrf": token, "email": EMAIL, "password": "wrong"}
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 401
    assert replayed(app, kept) == 200, "a wrong password ends nothing"
    data["password"] = PASSWORD
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 303
    assert session_cookie(client) != kept
    assert replayed(app, kept) == 303


def test_two_tabs_at_the_sign_in_both_sign_in(app: Flask, context: Context) -> None:
    client = browser(app)
    pages = [client.get("/console/login", base_url=BASE) for _tab in range(2)]
    for page in pages:
        data = {"csrf": token_in(page), "email": EMAIL, "password": PASSWORD}
        assert client.post("/console/login", base_url=BASE, data=data).status_code == 303


def test_a_page_of_the_session_before_does_nothing_and_says_so_to_staff(app: Flask, context: Context) -> None:
    client = sign_in(app)
    old = token_in(client.get("/console/account", base_url=BASE))
    data = {"csrf": old, "email": EMAIL, "password": PASSWORD}
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 303
    answered = client.post("/console/account/language", base_url=BASE, data={"csrf": old, "language": "es"})
    assert answered.status_code == 400
    assert "The page is from before the last sign-in" in answered.text
    assert "call us" not in answered.text


def test_wrong_passwords_from_one_ipv6_network_count_together(app: Flask, context: Context) -> None:
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    for number in range(tries.MOST_TRIES["pair"] + 1):
        client.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2::{number + 1:x}"
        data = {"csrf": token, "email": EMAIL, "password": "wrong"}
        answer = client.post("/console/login", base_url=BASE, data=data)
    assert answer.status_code == 429


def test_deactivating_a_colleague_ends_their_session_at_once(app: Flask, context: Context) -> None:
    bo = account(context, "bo@handsofstone.example", "Bo Quinn", (Role.practitioner,))
    theirs, mine = sign_in(app, "bo@handsofstone.example"), sign_in(app)
    assert theirs.get("/console/", base_url=BASE).status_code == 200
    for typed in ("", "not it"):
        refused = post(mine, f"/console/staff/{bo}/deactivate", my_password=typed)
        assert refused.status_code == 422
        assert "That is not your password." in refused.text
    assert theirs.get("/console/", base_url=BASE).status_code == 200
    assert post(mine, f"/console/staff/{bo}/deactivate", my_password=PASSWORD).status_code == 303
    assert theirs.get("/console/", base_url=BASE).status_code == 303
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    data = {"csrf": token, "email": "bo@handsofstone.example", "password": PASSWORD}
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 401
    back = f"/console/staff/{bo}/activate"
    assert post(mine, back).status_code == 422, "who has only the cookie lets nobody in again"
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 401
    assert post(mine, back, my_password=PASSWORD).status_code == 303
    assert client.post("/console/login", base_url=BASE, data=data).status_code == 303


def test_nobody_deactivates_themselves(app: Flask, context: Context) -> None:
    assert post(sign_in(app), "/console/staff/1/deactivate").status_code == 409


def test_a_new_password_ends_every_other_session(app: Flask, context: Context) -> None:
    here, there = sign_in(app), sign_in(app)
    answer = post(here, "/console/account/password", old=PASSWORD, new="five green loud rivers")
    assert answer.status_code == 303
    assert here.get("/console/", base_url=BASE).status_code == 200
    assert there.get("/console/", base_url=BASE).status_code == 303


@pytest.mark.parametrize(("column", "ago"), [("seen_at", sessions.IDLE), ("created_at", sessions.ABSOLUTE)])
def test_a_session_ends_by_itself(app: Flask, context: Context, column: str, ago: timedelta) -> None:
    client = sign_in(app)
    with context.db.begin() as tx:
        late = datetime.now(UTC) - ago - timedelta(seconds=1)
        tx.run(sa.update(staff_sessions).values({column: late}))
    assert client.get("/console/", base_url=BASE).status_code == 303


def test_a_page_that_refreshes_itself_does_not_keep_a_session_alive(app: Flask, context: Context) -> None:
    client = sign_in(app)
    before = datetime.now(UTC) - timedelta(minutes=20)
    with context.db.begin() as tx:
        tx.run(sa.update(staff_sessions).values(seen_at=before))
    assert client.get("/console/", base_url=BASE, headers={"X-Fragment": "1"}).status_code == 200
    with context.db.read() as tx:
        assert tx.value(sa.select(staff_sessions.c.seen_at)) == before
    client.get("/console/", base_url=BASE)
    with context.db.read() as tx:
        assert tx.value(sa.select(staff_sessions.c.seen_at)) > before


def test_a_form_needs_the_token_of_its_own_session(app: Flask, context: Context) -> None:
    client, other = sign_in(app), sign_in(app)
    right = token_in(client.get("/console/account", base_url=BASE))
    foreign = token_in(other.get("/console/account", base_url=BASE))
    for data in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": foreign}):
        answer = client.post("/console/account/language", base_url=BASE, data=data | {"language": "es"})
        assert answer.status_code == 400
    data = {"csrf": right, "language": "es"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/console/account/language", base_url=BASE, data=data, headers=headers)
        assert answer.status_code == 400
    as_json = client.post(
        "/console/account/language", base_url=BASE, data=json.dumps(data), content_type="application/json"
    )
    assert as_json.status_code == 400
    with context.db.read() as tx:
        found = stored_staff.by_email(tx, EMAIL)
    assert found is not None
    assert found.language == "en"


def test_the_login_itself_cannot_be_sent_from_another_site(app: Flask, context: Context) -> None:
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    stranger = browser(app)
    data = {"csrf": token, "email": EMAIL, "password": PASSWORD}
    assert stranger.post("/console/login", base_url=BASE, data=data).status_code == 400
    headers = {"Origin": "https://evil.example"}
    assert client.post("/console/login", base_url=BASE, data=data, headers=headers).status_code == 400


def test_an_address_that_changes_something_does_not_answer_a_get(app: Flask, context: Context) -> None:
    client = sign_in(app)
    for path, method in urls(app):
        if method == "POST":
            assert client.get(path, base_url=BASE).status_code in (404, 405), path


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/console/",
        "/\\evil.example",
        "/%2f/evil.example",
        "/console/%2e%2e/%2e%2e//evil.example",
        "javascript:alert(1)",
        "/console/\r\nLocation: https://evil.example",
        "https:/console",
        "/static/x",
        "console/",
    ],
)
def test_a_login_leads_on_only_to_pages_of_the_console(app: Flask, context: Context, target: str) -> None:
    client = browser(app)
    token = token_in(client.get("/console/login", base_url=BASE))
    data = {"csrf": token, "email": EMAIL, "password": PASSWORD, "next": target}
    assert client.post("/console/login", base_url=BASE, data=data).headers["Location"] == "/console/"


def test_a_login_leads_back_to_the_page_that_was_asked_for(app: Flask, context: Context) -> None:
    client = browser(app)
    asked = client.get("/console/outbox?tab=failed", base_url=BASE)
    page = client.get(asked.headers["Location"], base_url=BASE)
    assert 'name="next" value="/console/outbox?tab=failed"' in page.get_data(as_text=True)
    data = {
        "csrf": token_in(page),
        "email": EMAIL,
        "password": PASSWORD,
        "next": "/console/outbox?tab=failed",
    }
    assert client.post("/console/login", base_url=BASE, data=data).headers["Location"].endswith("tab=failed")


def test_each_role_sees_only_its_own_pages(app: Flask, context: Context) -> None:
    account(context, "prac@handsofstone.example", "Bo Quinn", (Role.practitioner,))
    account(context, "boss@handsofstone.example", "Ida Moss", (Role.manager,))
    number = visit(context)
    for email, yes, no in (
        ("prac@handsofstone.example", ["/console/content", f"/console/bookings/{number}"], ["/console/log"]),
        ("boss@handsofstone.example", ["/console/log", "/console/staff"], [f"/console/bookings/{number}"]),
    ):
        client = sign_in(app, email)
        for path in yes:
            assert client.get(path, base_url=BASE).status_code == 200, path
        for path in no:
            assert client.get(path, base_url=BASE).status_code == 403, path


def test_with_a_required_second_factor_a_password_alone_opens_nothing(app: Flask, context: Context) -> None:
    app.config["REQUIRE_TOTP"] = True
    client = sign_in(app)
    answer = client.get("/console/", base_url=BASE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/login/enrol?next=/console/")
    assert "<svg" in client.get("/console/login/enrol", base_url=BASE).get_data(as_text=True)


def test_a_right_password_does_not_count_against_the_limit(app: Flask, context: Context) -> None:
    for _morning in range(tries.MOST_TRIES["address"] + 3):
        sign_in(app)


def person_page(context: Context, email: str) -> str:
    with context.db.read() as tx:
        found = stored_staff.by_email(tx, email)
    assert found is not None
    return f"/console/staff/{found.id}/edit"


def test_a_manager_edits_an_account_and_the_change_counts_at_once(app: Flask, context: Context) -> None:
    account(context, "jo@handsofstone.example", "Jo", (Role.practitioner,))
    boss, jo = sign_in(app), sign_in(app, "jo@handsofstone.example")
    page = person_page(context, "jo@handsofstone.example")
    shown = boss.get("/console/staff", base_url=BASE).text
    assert f'href="{page}"' in shown
    said = {"name": "Jo Reed", "credential": "PT", "role": "front_desk", "language": "es"}
    without = post(boss, page.replace("/edit", "/save"), page, **said)
    assert without.status_code == 422
    assert "That is not your password." in without.text
    said["my_password"] = PASSWORD
    assert post(boss, page.replace("/edit", "/save"), page, **said).status_code == 303
    with context.db.read() as tx:
        found = stored_staff.by_email(tx, "jo@handsofstone.example")
    assert found is not None
    assert (found.name, found.credential, found.roles) == ("Jo Reed", "PT", frozenset({Role.front_desk}))
    assert jo.get("/console/content", base_url=BASE).status_code == 403
    assert "Hoy" in jo.get("/console/", base_url=BASE).text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": " "}, "An account needs a name."),
        ({"name": "jo"}, "Somebody has this name already"),
        ({"role": ""}, "An account needs a role."),
        ({"role": "practitioner"}, "Another manager must take this role from you."),
    ],
)
def test_an_account_that_cannot_be_so_says_why_at_the_field(
    app: Flask, context: Context, said: dict[str, str], words: str
) -> None:
    account(context, "jo@handsofstone.example", "Jo", (Role.practitioner,))
    boss, page = sign_in(app), person_page(context, EMAIL)
    whole = {"name": "Mara Field", "credential": "LMT", "role": "manager practitioner", "language": "en"}
    whole["my_password"] = PASSWORD
    answered = post(boss, page.replace("/edit", "/save"), page, **(whole | said))
    assert answered.status_code == 422
    assert words in answered.text
    assert 'aria-invalid="true"' in answered.text
    with context.db.read() as tx:
        kept = stored_staff.by_email(tx, EMAIL)
    assert kept is not None
    assert (kept.name, len(kept.roles)) == ("Mara Field", 2)


@pytest.mark.parametrize("role", [Role.manager, Role.front_desk])
def test_who_receives_clients_gets_the_door_code_and_no_answers(
    app: Flask, context: Context, role: Role
) -> None:
    number = visit(context, start=datetime.now(UTC) + timedelta(hours=1), now=datetime.now(UTC))
    account(context, "desk@handsofstone.example", "Desk", (role,))
    desk = sign_in(app, "desk@handsofstone.example")
    day = (datetime.now(UTC) + timedelta(hours=1)).astimezone(context.zone()).date()
    assert f"/console/bookings/{number}/door" in desk.get(f"/console/days/{day}", base_url=BASE).text
    assert desk.get(f"/console/bookings/{number}/door", base_url=BASE).status_code == 200
    assert desk.get(f"/console/bookings/{number}", base_url=BASE).status_code == 403


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(app: Flask, context: Context) -> None:
    number = visit(context)
    answered = browser(app).post(f"/console/bookings/{number}/note", base_url=BASE, data={"send": "hold"})
    assert answered.headers["Location"] == f"/console/login?next=/console/bookings/{number}"


RECOVERY = "/console/login/recovery"


def shown_codes(client: FlaskClient, path: str = RECOVERY) -> list[str]:
    return re.findall(r"<li>([a-z2-9-]{29})</li>", client.get(path, base_url=BASE).text)


def enrolled(app: Flask, email: str = EMAIL) -> FlaskClient:
    """A browser in which somebody has just set up a second factor."""
    client = sign_in(app, email)
    page = client.get("/console/login/enrol", base_url=BASE).text
    secret = re.search(r'class="mono">([A-Z2-7 ]+)<', page)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).now()
    data = {"csrf": token_in(page), "code": code, "next": "/console/board"}
    answer = client.post("/console/login/enrol", base_url=BASE, data=data)
    assert (answer.status_code, answer.location) == (303, f"{RECOVERY}?next=/console/board")
    return client


def test_recovery_codes_are_shown_again_until_their_owner_has_kept_them(app: Flask, context: Context) -> None:
    app.config["REQUIRE_TOTP"] = True
    account(context, "bo@handsofstone.example", "Bo Quinn")
    mara, bo = enrolled(app), enrolled(app, "bo@handsofstone.example")
    first = shown_codes(mara)
    assert len(set(first)) == second_factor.CODES
    assert shown_codes(mara) == first, "a page that is loaded again"
    assert "still to be kept" in mara.get("/console/account", base_url=BASE).text
    assert not set(first) & set(shown_codes(bo))
    seed = mara.get_cookie("__Host-aftercare-codes", "care.test")
    assert seed is not None
    bo.set_cookie("__Host-aftercare-codes", seed.value, domain="care.test", secure=True)
    assert shown_codes(bo) == [], "another account's"
    with context.db.begin() as tx:
        assert second_factor.codes_of(tx, context, 1, seed.value) == first
    answer = post(mara, RECOVERY, RECOVERY, next="/console/board")
    assert (answer.status_code, answer.location) == (303, "/console/board")
    assert shown_codes(mara) == []
    assert "still to be kept" not in mara.get("/console/account", base_url=BASE).text
    assert browser(app).get(RECOVERY, base_url=BASE).status_code == 303


@pytest.mark.parametrize("seed", ["", "x", "\u0663", "x" * 5000])
def test_what_no_codes_were_made_from_shows_none(context: Context, seed: str) -> None:
    with context.db.read() as tx:
        assert second_factor.codes_of(tx, context, 1, seed) == []
