"""Fixtures: a client whose plan was sent, and their phone with its link."""

import pytest
from flask import Flask

from handlers.context import Context
from handlers.links import LinkPurpose
from schemas.booking import Booking
from tests.helpers.phone import Phone, phone, visited


@pytest.fixture
def booking(context: Context) -> Booking:
    """A booking whose plan was sent."""
    return visited(context)


@pytest.fixture
def hers(app: Flask, context: Context, booking: Booking) -> Phone:
    """Zoë's phone with the plan's link."""
    return phone(app, context, LinkPurpose.plan, booking.id)
