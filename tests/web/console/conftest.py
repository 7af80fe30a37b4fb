"""Fixtures: the console, and somebody who is signed in."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from tests.helpers.console import account, sign_in


@pytest.fixture
def context(app: Flask) -> Context:
    """The application's own context, with Mara's account."""
    found: Context = app.extensions["aftercare"]
    account(found)
    return found


@pytest.fixture
def client(app: Flask, context: Context) -> FlaskClient:
    """Mara's browser, signed in."""
    return sign_in(app)
