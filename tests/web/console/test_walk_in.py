"""Walk-in: what the desk types, what is said at the fields, and the door code."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from schemas.booking import WALK_IN, Booking
from schemas.staff import Role
from store import audit, bookings, clients
from tests.helpers.answers import fill_in
from tests.helpers.console import BASE, account, decided_on, post, sign_in, token_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FORM, SAVE = "/console/walk-in", "/console/walk-in/save"
ZOE = {"name": "Zoë Field", "phone": "(212) 555-0123", "service": "Visit", "practitioner": "Mara Field"}


@pytest.fixture(params=[Role.front_desk, Role.practitioner, Role.manager])
def desk(app: Flask, context: Context, request: pytest.FixtureRequest) -> FlaskClient:
    """A browser at the desk, whatever they are."""
    account(context, "jo@handsofstone.example", "Jo", (request.param,))
    return sign_in(app, "jo@handsofstone.example")


def typed(client: FlaskClient, **changes: str) -> dict[str, str]:
    """The form as it stands there, with what is typed."""
    page = client.get(FORM, base_url=BASE).text
    fields = dict(re.findall(r'<input id="(\w+)"[^>]* value="([^"]*)"', page))
    once = re.search(r'name="once" value="(\w+)"', page)
    assert once is not None
    return fields | {"csrf": token_in(page), "once": once[1]} | ZOE | changes


def visits(context: Context) -> list[Booking]:
    with context.db.read() as tx:
        return bookings.listing(tx)


def test_anybody_at_the_clinic_takes_somebody_in_and_shows_the_door_code(
    context: Context, desk: FlaskClient
) -> None:
    answered = desk.post(SAVE, base_url=BASE, data=typed(desk))
    assert answered.status_code == 303
    door = desk.get(answered.location, base_url=BASE).text
    assert "Door code" in door
    assert "<svg" in door
    (found,) = visits(context)
    with context.db.read() as tx:
        client = clients.get(tx, found.client_id)
        log = audit.log(tx, action="walk_in")
    assert (found.connection, found.practitioner) == (WALK_IN, "Mara Field")
    assert (client.name, client.phone) == ("Zoë Field", "+12125550123")
    assert log[0].actor == "Jo"
    today = desk.get("/console/", base_url=BASE).text
    assert "Zoë Field" in today
    assert "Walk-in</span>" in today


def test_sent_twice_it_is_one(context: Context, client: FlaskClient) -> None:
    data = typed(client)
    places = {client.post(SAVE, base_url=BASE, data=data).location for _twice in range(2)}
    assert len(places) == 1
    assert len(visits(context)) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, ["Write the name."]),
        ({"name": "\u200b"}, ["Write the name."]),
        ({"phone": ""}, ["Write an e-mail address or a phone number"]),
        ({"phone": "555"}, ["Write the whole telephone number"]),
        ({"email": "zoe@"}, ["Write one e-mail address"]),
        ({"time": "25:00"}, ["Write a day and a time."]),
        ({"day": "٢٠٢٦-١١-٢٠", "minutes": "²"}, ["Write a number from 5 to 480."]),
        (
            {"name": "", "email": "x", "phone": "y", "minutes": "0"},
            ["Write the name.", "Write one", "Write the whole"],
        ),
    ],
)
def test_what_is_not_right_is_said_at_its_field_and_what_was_typed_stays(
    context: Context, client: FlaskClient, changes: dict[str, str], said: list[str]
) -> None:
    answered = client.post(SAVE, base_url=BASE, data=typed(client, **changes))
    assert answered.status_code == 422
    for words in said:
        assert answered.text.count(words) == 2, "at the field, and in the list on top"
    for value in (ZOE | changes).values():
        assert value.strip() in answered.text
    assert visits(context) == []


def test_who_is_here_already_is_named_with_their_door_code(context: Context, client: FlaskClient) -> None:
    client.post(SAVE, base_url=BASE, data=typed(client))
    again = client.post(SAVE, base_url=BASE, data=typed(client, name="Zoe Field"))
    assert again.status_code == 409
    assert "Zoë Field has a visit on this day already" in again.text
    assert f"/console/bookings/{visits(context)[0].id}/door" in again.text
    assert f"/console/bookings/{visits(context)[0].id}/walk-in" in again.text, "it may only be mistyped"
    other = client.post(SAVE, base_url=BASE, data=typed(client, another="1"))
    assert other.status_code == 303
    assert len(visits(context)) == 2


def test_taken_in_by_mistake_it_is_cancelled_on_the_page_of_the_code(
    context: Context, client: FlaskClient
) -> None:
    door = client.post(SAVE, base_url=BASE, data=typed(client)).location
    number = visits(context)[0].id
    answered = post(client, f"/console/bookings/{number}/walk-in/cancel", door)
    assert answered.status_code == 303
    assert visits(context)[0].status == "cancelled"
    assert "Cancel this walk-in" not in client.get(door, base_url=BASE).text


def test_a_walk_in_is_corrected_on_its_page_as_it_was_shown(context: Context, desk: FlaskClient) -> None:
    desk.post(SAVE, base_url=BASE, data=typed(desk))
    number = visits(context)[0].id
    at = f"/console/bookings/{number}/walk-in"
    for place in ("/console/", f"/console/bookings/{number}/door"):
        assert f'href="{at}"' in desk.get(place, base_url=BASE).text
    page = desk.get(at, base_url=BASE).text
    fields = dict(re.findall(r'<input id="(\w+)"[^>]* value="([^"]*)"', page))
    assert fields["name"] == "Zoë Field"
    assert '<option value="Visit" selected>' in page
    assert "<option selected>Mara Field</option>" in page
    data = fields | {"csrf": token_in(page), "service": "Visit", "practitioner": "Mara Field"}
    data |= decided_on(page, f"{at}/save") | {"email": "zoe@example.org"}
    wrong = desk.post(f"{at}/save", base_url=BASE, data=data | {"phone": "555"})
    assert wrong.status_code == 422
    assert "zoe@example.org" in wrong.text
    assert decided_on(wrong.text, f"{at}/save") == decided_on(page, f"{at}/save")
    assert desk.post(f"{at}/save", base_url=BASE, data=data).status_code == 303
    late = desk.post(f"{at}/save", base_url=BASE, data=data | {"email": "zoe@example.net"})
    assert late.status_code == 409
    assert "It is now:" in late.text
    assert 'value="zoe@example.net"' in late.text
    assert f'action="{at}/cancel"' in late.text
    with context.db.read() as tx:
        assert clients.get(tx, visits(context)[0].client_id).email == "zoe@example.org"
    post(desk, f"{at}/cancel", at)
    assert desk.get(at, base_url=BASE).status_code == 409
    assert f'href="{at}"' not in desk.get("/console/", base_url=BASE).text


def test_a_walk_in_who_has_answered_can_still_be_cancelled_at_the_desk(
    context: Context, desk: FlaskClient
) -> None:
    desk.post(SAVE, base_url=BASE, data=typed(desk))
    number = visits(context)[0].id
    fill_in(context, number, datetime.now(UTC), email="zoe@example.org")
    at = f"/console/bookings/{number}/walk-in"
    assert f'href="{at}"' in desk.get("/console/", base_url=BASE).text
    assert post(desk, f"{at}/cancel", at).status_code == 303
    assert visits(context)[0].status == "cancelled"
