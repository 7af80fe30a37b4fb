"""Every form of the console says what it was decided on, or stands here with the reason why it need not."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from schemas.staff import Role
from store import intakes, staff
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, PASSWORD, account, answer, decided_on, post, sign_in, token_in, visit

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGES = Path(__file__).parents[3] / "web/templates/console"
FORM = re.compile(r'<form[^>]*method="post".*?</form>', re.DOTALL)
ROUTE = re.compile(r"(?:action=\"\{\{ |formaction=\"\{\{ |or )url_for\('(console_\w+\.\w+)'")
WITHOUT = {
    "signing in and out, and the own account: nobody else changes it": (
        *("console_auth.log_in", "console_auth.check_code", "console_auth.confirm_enrol"),
        *("console_auth.logout", "console_auth.choose_first_password", "console_auth.change_language"),
        *("console_auth.begin_second_factor", "console_auth.change_password", "console_auth.end_session"),
        *("console_auth.renew_password", "console_auth.codes_kept", "console_news.change"),
        *("console_passkeys.sign_in", "console_passkeys.add", "console_passkeys.forget"),
        *("console_auth.unlock", "console_device.choose", "console_device.forget", "console_device.lock"),
    ),
    "it says the state that it leads to, and done twice it is done": (
        *("console_people.switch", "console_waits.seen", "console_booking.end_links"),
        *("console_requests.done", "console_reach.note"),
        "console_walk_in.cancel",
    ),
    "it brings something new, once by its own number or address": (
        *("console_people.invite", "console_people.invite_again", "console_walk_in.take_in"),
    ),
    "it says what this device shows from now on": (
        "console_door_tablet.open_here",
        "console_door_tablet.close",
    ),
    "a timer of my own: what it leads to is in its address": ("console_monitoring.turn",),
    "it takes back acts by their numbers, and only while they are the last": (
        *("console_undo.undo", "console_undo.undo_several"),
    ),
    "each box names the version of what was shown": ("console_reviews.sign", "console_several.release"),
    "a webhook never changes": ("console_operations.replay",),
    "two clients by their numbers: joined only while they may be, and parted again": (
        *("console_who.join", "console_who.part"),
    ),
    "all that is kept at that moment, with the own password": (
        *("console_clients.export", "console_clients.erase"),
    ),
    "words of mine alone, of which the last count": ("console_drafts.keep",),
}
EXCEPT = {name for names in WITHOUT.values() for name in names}
SET_UP = "console_setup."  # a page of settings is tried as a whole, and the last one that holds counts


def forms() -> list[tuple[str, str, set[str]]]:
    """(page, text, routes) of every form that changes something."""
    return [
        (path.name, found, set(ROUTE.findall(found)))
        for path in sorted(PAGES.glob("*.html"))
        if not path.name.startswith("setup")
        for found in FORM.findall(path.read_text("utf-8"))
    ]


def test_every_form_carries_its_version_or_stands_on_the_list() -> None:
    for name, text, routes in forms():
        for route in routes - EXCEPT:
            assert "decided_on(" in text, (name, route)


@SQLITE
def test_every_route_that_takes_a_form_is_known(app: Flask) -> None:
    taking = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.startswith("console_")
    }
    versioned = {route for _name, text, routes in forms() if "decided_on(" in text for route in routes}
    by_address = {"console_note.save"}  # the same form by personal link
    unknown = {each for each in taking - versioned - EXCEPT - by_address if not each.startswith(SET_UP)}
    assert not unknown
    assert not versioned & EXCEPT - {"console_drafts.keep"}
    assert taking >= EXCEPT


@SQLITE
def test_an_alert_is_not_seen_with_a_flag_that_came_after(context: Context, client: FlaskClient) -> None:
    number = visit(context)
    answer(context, number, rf_saddle="yes")
    page = f"/console/bookings/{number}"
    text = client.get(page, base_url=BASE).text
    shown = {act: decided_on(text, f"{page}/{act}") for act in ("seen", "reviewed")}
    with context.db.begin() as tx:
        words = dict.fromkeys(("name", "client_text", "clinic_action", "source"), "")
        more = words | {"rule": "RF90", "severity": "stop_urgent", "because": []}
        intakes.raise_flag(tx, number, 1, "RF90", "stop_urgent", more, NOW)
    for act, was in shown.items():
        late = client.post(f"{page}/{act}", base_url=BASE, data={"csrf": token_in(text)} | was)
        assert late.status_code == 409
        now_so = decided_on(late.text, f"{page}/{act}")
        assert now_so != was
        assert (
            client.post(f"{page}/{act}", base_url=BASE, data={"csrf": token_in(text)} | now_so).status_code
            == 303
        )


@SQLITE
def test_an_account_that_changed_meanwhile_is_shown_with_what_was_typed(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    other = account(context, "anna@handsofstone.example", "Anna Reed", (Role.practitioner,))
    account(context, "boss@handsofstone.example", "Bo Hale", (Role.manager,))
    page = f"/console/staff/{other}/edit"
    said = {"name": "Anna Reed", "role": "practitioner", "credential": "PT", "language": "es"}
    text = client.get(page, base_url=BASE).text
    was = {"csrf": token_in(text)} | decided_on(text, page.replace("/edit", "/save"))
    boss = sign_in(app, "boss@handsofstone.example")
    assert (
        post(boss, page.replace("/edit", "/save"), page, **(said | {"credential": "LMT, CPT"})).status_code
        == 303
    )
    late = client.post(page.replace("/edit", "/save"), base_url=BASE, data=was | said)
    assert late.status_code == 409
    assert 'value="PT"' in late.text
    assert "LMT, CPT" in late.text
    fresh = decided_on(late.text, page.replace("/edit", "/save"))
    wrong = was | fresh | said | {"role": "manager", "my_password": "no"}
    refused = client.post(page.replace("/edit", "/save"), base_url=BASE, data=wrong)
    assert decided_on(refused.text, page.replace("/edit", "/save")) == fresh
    right = wrong | {"my_password": PASSWORD}
    assert client.post(page.replace("/edit", "/save"), base_url=BASE, data=right).status_code == 303
    with context.db.read() as tx:
        one = staff.get(tx, other)
    assert one is not None
    assert one.credential == "PT"
    assert one.roles == {Role.manager}
