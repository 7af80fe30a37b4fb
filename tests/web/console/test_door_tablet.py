"""The tablet at the desk: initials of the hour, codes of untouched forms, and nothing else."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.staff import accounts
from handlers.worker import work
from schemas.staff import Role
from tests.helpers.console import BASE, account, answer, browser, post, sign_in, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
DESK = "desk@handsofstone.example"


def soon(minutes: int) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


@pytest.fixture
def desk(app: Flask, context: Context) -> FlaskClient:
    """A tablet on which the front desk has signed in, and visits around this hour."""
    account(context, DESK, "Desi Low", (Role.front_desk,))
    before = datetime.now(UTC) - timedelta(days=3)
    for number, (minutes, name) in enumerate(
        ((30, "Dr. Field, Zoë"), (40, "李雷"), (50, "Ann Lee"), (120, "Late Lane"), (-60, "Gone Gale")), 1
    ):
        visit(
            context, f"u{number}", start=soon(minutes), name=name, email=f"c{number}@example.org", now=before
        )
    answer(context, 3, datetime.now(UTC) - timedelta(hours=1))
    work.work_once(context, datetime.now(UTC))
    return sign_in(app, DESK)


def opened(desk: FlaskClient) -> str:
    answered = post(desk, "/console/door/open", "/console/door")
    assert answered.status_code == 303
    assert re.fullmatch(r"/d/[\w-]{32}", answered.location)
    return str(answered.location)


def test_it_shows_initials_of_the_hour_and_no_name(desk: FlaskClient) -> None:
    text = desk.get(opened(desk), base_url=BASE).text
    assert "Z. F." in text
    assert "李." in text
    assert "A. L." in text
    assert "Thank you, your form is here." in text
    for name in ("Zoë", "Field", "李雷", "Ann", "Lane", "L. L.", "Gale", "c1@example.org", "/console/"):
        assert name not in text
    assert "csrf" not in text


def test_a_tap_shows_the_code_of_an_untouched_form_only(app: Flask, desk: FlaskClient) -> None:
    url = opened(desk)
    tablet = browser(app)
    first = tablet.get(f"{url}?visit=1", base_url=BASE)
    assert "<svg" in first.text
    assert first.headers["Refresh"].endswith(f"; url={url}")
    for other in ("3", "4", "5", "99", "x", "1 OR 1"):
        assert "<svg" not in tablet.get(url, query_string={"visit": other}, base_url=BASE).text
    answered = tablet.post(url, base_url=BASE, data={"visit": "1"})
    assert answered.status_code == 405


@pytest.mark.parametrize(
    ("practitioner", "codes", "said"),
    [
        ("Bo Quinn", 2, ["with Mara Field", "with Bo Quinn"]),
        ("Mara Field", 0, ["Two visits look alike here. Please ask us."] * 2),
        ("", 2, ["with Mara Field"]),
    ],
)
def test_two_clients_of_one_minute_with_the_same_initials_are_kept_apart_or_sent_to_the_desk(
    app: Flask, context: Context, desk: FlaskClient, practitioner: str, codes: int, said: list[str]
) -> None:
    before, start = datetime.now(UTC) - timedelta(days=3), soon(45).replace(second=0, microsecond=0)
    for uid, name, who in (("a1", "Rosa Paz", "Mara Field"), ("a2", "Rex Poe", practitioner)):
        visit(context, uid, start=start, name=name, email=f"{uid}@a.example", now=before, practitioner=who)
    url = opened(desk)
    tablet = browser(app)
    text = tablet.get(url, base_url=BASE).text
    lines = [each for each in re.findall(r"<li>(.*?)</li>", text, re.S) if "R. P." in each]
    assert len(lines) == 2
    assert re.findall("with [A-Z][a-z]+ [A-Z][a-z]+|Two visits .*? ask us.", " ".join(lines)) == said
    assert " ".join(lines).count("visit=") == codes
    for number in (6, 7):
        shown = tablet.get(url, query_string={"visit": number}, base_url=BASE).text
        assert ("<svg" in shown) == bool(codes)
    for hidden in ("Rosa", "Rex", "Paz", "Poe", "massage"):
        assert hidden not in text
    assert text.count("with ") == len([each for each in said if each.startswith("with")])


def test_who_was_here_before_gets_no_code(app: Flask, context: Context, desk: FlaskClient) -> None:
    before = datetime.now(UTC) - timedelta(days=3)
    visit(context, "u9", start=soon(55), name="Ann Lee", email="c3@example.org", now=before)
    url = opened(desk)
    assert "<svg" not in browser(app).get(f"{url}?visit=6", base_url=BASE).text


def test_the_device_is_signed_out_and_its_link_opens_nothing_else(app: Flask, desk: FlaskClient) -> None:
    url = opened(desk)
    assert desk.get("/console/", base_url=BASE).status_code == 303
    assert desk.get("/console/days/2026-11-26", base_url=BASE).status_code == 303
    token = url.removeprefix("/d/")
    for path in ("n", "i", "p", "c", "u", "a"):
        assert browser(app).get(f"/{path}/{token}", base_url=BASE).status_code == 404


def test_it_goes_dark_by_itself_by_hand_with_another_and_with_the_account(
    app: Flask, context: Context, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(desk)
    second = opened(sign_in(app, DESK))
    tablet = browser(app)
    dark = tablet.get(first, base_url=BASE)
    assert dark.status_code == 404
    assert "Please ask us at the desk." in dark.text
    assert "/console/login?next=/console/door" in dark.text
    assert tablet.get(second, base_url=BASE).status_code == 200
    post(sign_in(app, DESK), "/console/door/close", "/console/door")
    assert tablet.get(second, base_url=BASE).status_code == 404
    third = opened(sign_in(app, DESK))
    later = datetime.now(UTC) + timedelta(hours=12, minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr("web.console.gate.utc_now", lambda: later)
        assert tablet.get(third, base_url=BASE).status_code == 404
    with context.db.begin() as tx:
        accounts.set_active(tx, 2, "Mara Field", datetime.now(UTC), active=False)
    assert tablet.get(third, base_url=BASE).status_code == 404
