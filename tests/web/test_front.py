"""The bare address of the service."""

from flask import Flask

import app as application
import settings as configuration
from handlers.context import Context


def test_the_bare_address_says_whose_it_is_and_where_to_go(
    given: configuration.Settings, context: Context
) -> None:
    made: Flask = application.create_app(given)
    answer = made.test_client().get("/", base_url="https://care.test")
    assert answer.status_code == 200
    assert context.clinic.name.partition(" & ")[0] in answer.text
    assert "/console/" in answer.text
