"""Fixtures: the application, and a client's phone."""

from collections.abc import Iterator

import pytest
from flask import Flask, has_app_context

import app as application
import settings as configuration
from handlers.context import Context
from handlers.links import LinkPurpose
from schemas.booking import Booking
from tests.helpers.phone import Phone, phone, soon


@pytest.fixture
def app(given: configuration.Settings) -> Iterator[Flask]:
    """The application on each database."""
    made = application.create_app(given)
    yield made
    assert not has_app_context(), "a context that a test leaves behind is the one of the tests after it"
    made.extensions["aftercare"].db.close()


@pytest.fixture
def booking(context: Context) -> Booking:
    """A booking of Zoë's in two days."""
    return soon(context)


@pytest.fixture
def hers(app: Flask, context: Context, booking: Booking) -> Phone:
    """Zoë's phone with the intake's link."""
    return phone(app, context, LinkPurpose.intake, booking.id)
