"""What is typed outlives the session: sealed, for the one who typed it, never applied by itself."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.clients import privacy
from handlers.context import Context
from handlers.worker import duties, work
from schemas.staff import Role
from store import notes, plans
from store.tables import drafts, staff_sessions
from tests.helpers.console import BASE, account, answer, decided_on, post, sign_in, token_in, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
WORDS = "Gemelo derecho: espasmo, señora Núñez"
ANNA = "anna@handsofstone.example"
ENDS = ("idle", "old", "ended", "signed out", "no cookie")


@pytest.fixture
def number(context: Context) -> int:
    """A visit with answers and a plan."""
    made = visit(context)
    answer(context, made)
    work.work_once(context, datetime.now(UTC))
    return made


def form_of(client: FlaskClient, page: str, url: str) -> dict[str, str]:
    """The hidden fields of a form, as its page shows them now."""
    text = client.get(page, base_url=BASE).text
    return {"csrf": token_in(text)} | decided_on(text, url)


def end(context: Context, client: FlaskClient, how: str) -> None:
    """The session of this browser ends."""
    now = datetime.now(UTC)
    values = {
        "idle": {"seen_at": now - timedelta(minutes=31)},
        "old": {"created_at": now - timedelta(hours=13)},
        "ended": {"ended_at": now},
    }
    if how in values:
        with context.db.begin() as tx:
            tx.run(sa.update(staff_sessions).values(**values[how]))
    elif how == "signed out":
        post(client, "/console/logout")
    else:
        client.delete_cookie("__Host-aftercare", domain="care.test")


def kept(context: Context) -> list[str]:
    with context.db.read() as tx:
        return [row.place for row in tx.all(sa.select(drafts))]


def sent_late(context: Context, client: FlaskClient, number: int, how: str) -> str:
    """A note that is typed and sent after the session has ended; returns where the answer leads."""
    page, url = f"/console/bookings/{number}", f"/console/bookings/{number}/note"
    typed = form_of(client, page, url) | {"client_note": WORDS, "response": "eased", "send": "ok_to_send"}
    end(context, client, how)
    answered = client.post(url, base_url=BASE, data=typed)
    assert answered.status_code == 303
    return answered.location


@pytest.mark.parametrize("how", ENDS)
def test_a_note_comes_back_after_the_next_sign_in_and_was_not_sent(
    app: Flask, context: Context, client: FlaskClient, number: int, how: str
) -> None:
    to = sent_late(context, client, number, how)
    assert to.startswith("/console/login?next=/console/bookings/")
    assert WORDS not in client.get(to, base_url=BASE).text
    with context.db.read() as tx:
        assert notes.newest(tx, number) is None
        sealed = tx.all(sa.select(drafts))[0]
    assert WORDS.encode() not in bytes(sealed.sealed_words)
    again = sign_in(app)
    text = again.get(f"/console/bookings/{number}", base_url=BASE).text
    assert WORDS in text
    assert "It is not saved yet." in text
    assert re.search(r'name="response" value="eased" checked', text)
    assert post(again, f"/console/bookings/{number}/note", f"/console/bookings/{number}", client_note=WORDS)
    assert kept(context) == []
    with context.db.read() as tx:
        note = notes.newest(tx, number)
    assert note is not None
    assert note.client_note == WORDS


def test_nobody_else_gets_it(app: Flask, context: Context, client: FlaskClient, number: int) -> None:
    account(context, ANNA, "Anna Reed", (Role.practitioner,))
    sent_late(context, client, number, "idle")
    anna = sign_in(app, ANNA)
    assert WORDS not in anna.get(f"/console/bookings/{number}", base_url=BASE).text


def test_a_form_of_mine_in_a_browser_where_somebody_else_is_signed_in_does_nothing(
    app: Flask, context: Context, client: FlaskClient, number: int
) -> None:
    account(context, ANNA, "Anna Reed", (Role.practitioner,))
    url = f"/console/bookings/{number}/note"
    typed = form_of(client, f"/console/bookings/{number}", url) | {"client_note": WORDS}
    anna = sign_in(app, ANNA)
    answered = anna.post(url, base_url=BASE, data=typed)
    assert answered.status_code == 409
    assert WORDS not in answered.text
    assert WORDS not in anna.get(f"/console/bookings/{number}", base_url=BASE).text
    with context.db.read() as tx:
        assert notes.newest(tx, number) is None
    assert WORDS in sign_in(app).get(f"/console/bookings/{number}", base_url=BASE).text


def test_a_form_of_before_is_shown_again_after_a_sign_in_elsewhere_in_the_browser(
    app: Flask, context: Context, client: FlaskClient, number: int
) -> None:
    url = f"/console/bookings/{number}/note"
    typed = form_of(client, f"/console/bookings/{number}", url) | {"client_note": WORDS}
    answered = sign_in(app).post(url, base_url=BASE, data=typed)
    assert (answered.status_code, answered.location) == (303, f"/console/bookings/{number}")
    assert kept(context) == [f"note-{number}"]


def test_no_foreign_page_and_no_guess_keeps_anything(
    context: Context, client: FlaskClient, number: int
) -> None:
    url = f"/console/bookings/{number}/note"
    typed = form_of(client, f"/console/bookings/{number}", url) | {"client_note": WORDS}
    end(context, client, "idle")
    foreign = {"Origin": "https://evil.example"}
    tries: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
        (typed, foreign),
        (typed | {"csrf": "a" * 64}, {}),
        (typed | {"csrf": "é" * 64}, {}),
    )
    for data, headers in tries:
        assert client.post(url, base_url=BASE, data=data, headers=headers).status_code == 303
    client.post(url, base_url=BASE, json=typed)
    client.post("/console/bookings/999/note", base_url=BASE, data=typed)
    assert kept(context) == []
    with context.db.begin() as tx:
        tx.run(sa.update(staff_sessions).values(created_at=datetime.now(UTC) - timedelta(hours=25)))
    client.post(url, base_url=BASE, data=typed)
    assert kept(context) == []


def test_words_are_kept_as_they_are_typed_and_can_be_thrown_away(
    context: Context, client: FlaskClient, number: int
) -> None:
    page, at = f"/console/bookings/{number}", f"/console/drafts/note/{number}"
    for word in (WORDS[:5], WORDS):
        typed = form_of(client, page, f"{page}/note") | {"client_note": word}
        assert client.post(at, base_url=BASE, data=typed).status_code == 204
    assert kept(context) == [f"note-{number}"]
    assert WORDS in client.get(page, base_url=BASE).text
    assert client.post(at, base_url=BASE, data=typed | {"throw": "1"}).status_code == 303
    assert WORDS not in client.get(page, base_url=BASE).text
    assert kept(context) == []


def test_a_plan_keeps_order_figures_and_own_words_and_the_version_it_was_begun_on(
    app: Flask, context: Context, client: FlaskClient, number: int
) -> None:
    page = f"/console/bookings/{number}/plan/change"
    with context.db.read() as tx:
        plan = plans.newest(tx, number)
    assert plan is not None
    first, *rest = [item.exercise_id for item in plan.plan.items]
    text = client.get(page, base_url=BASE).text
    typed = {"csrf": token_in(text), "decided_on": re.findall(r'"decided_on" value="(\w+)"', text)[0]}
    typed |= {"line": [*rest, first], f"text-{first}": WORDS, "name-own": "Toalla", "steps-own": "Uno\nDos"}
    end(context, client, "idle")
    assert client.post(page, base_url=BASE, data=typed).location.startswith("/console/login")
    again = sign_in(app)
    text = again.get(page, base_url=BASE).text
    assert re.findall(r'name="line" value="(\w+)"', text) == [*rest, first]
    assert WORDS in text
    assert 'value="Toalla"' in text
    assert "Something has changed since" not in text
    account(context, ANNA, "Anna Reed", (Role.practitioner,))
    anna = sign_in(app, ANNA)
    hers = form_of(anna, page, page) | {"decided_on": typed["decided_on"], "line": rest}
    hers |= {f"days-{rest[0]}": "6"}
    assert anna.post(page, base_url=BASE, data=hers).status_code == 303
    text = again.get(page, base_url=BASE).text
    assert "Something has changed since" in text
    stale = typed | {"csrf": token_in(text)}
    assert re.findall(r'"decided_on" value="(\w+)"', text)[0] == typed["decided_on"]
    answered = again.post(page, base_url=BASE, data=stale)
    assert answered.status_code == 409
    assert WORDS in answered.text
    now_so = answered.text.partition("The plan is now:")[2].partition("</ol>")[0]
    assert now_so.count("<li>") == len(rest)
    assert "6 days a week" in now_so, "with doses: the form itself still shows what was typed"
    fresh = stale | {"decided_on": re.findall(r'"decided_on" value="(\w+)"', answered.text)[0]}
    assert again.post(page, base_url=BASE, data=fresh).status_code == 303
    assert kept(context) == []


def test_it_goes_with_the_client_and_after_two_weeks(
    context: Context, client: FlaskClient, number: int
) -> None:
    sent_late(context, client, number, "idle")
    found = privacy.export(context, 1, "Mara Field", datetime.now(UTC))
    assert found is not None
    assert WORDS in str(found["drafts"])
    duties.forget(context, datetime.now(UTC) + timedelta(days=13))
    assert kept(context) == [f"note-{number}"]
    duties.forget(context, datetime.now(UTC) + timedelta(days=15))
    assert kept(context) == []
    sent_late(context, sign_in(client.application), number, "idle")
    privacy.erase(context, 1, "Mara Field", datetime.now(UTC))
    assert kept(context) == []
