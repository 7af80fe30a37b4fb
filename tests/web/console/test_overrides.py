"""The page of a visit says what came up against an exercise since somebody signed for it."""

from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.plans import by_hand
from tests.handlers.plans.test_overrides import BY, acts, signed, stricter
from tests.helpers.clinic import NOW, with_content
from tests.helpers.console import BASE


def shown(client: FlaskClient, number: int) -> str:
    return client.get(f"/console/bookings/{number}", base_url=BASE).get_data(as_text=True)


def test_the_page_names_what_is_new_of_a_plan_that_was_let_out(
    app: Flask, context: Context, client: FlaskClient
) -> None:
    number = signed(context)
    acts(context, by_hand.release_plan, number, BY, NOW)
    assert "Signed for before this was known" not in shown(client, number)
    app.extensions["aftercare"] = with_content(context, stricter)
    assert "Signed for before this was known: activity_profile=desk" in shown(client, number)
