"""Fixtures: the journeys are gone in two clinics, ours and one that is not."""

from typing import Any

import pytest

import settings as configuration
from tests.helpers.both import FURTHER
from tests.helpers.clinic import environ
from tests.helpers.mailbox import Mailbox
from tests.helpers.praxis import PEOPLE


@pytest.fixture(params=["ours", pytest.param("praxis", marks=FURTHER)])
def clinic(request: pytest.FixtureRequest) -> str:
    """Which clinic it is."""
    return str(request.param)


@pytest.fixture
def its_settings(clinic: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """What the clinic's environment says beside the usual."""
    return (
        {
            "CLINIC_EMAIL": "t@p.example",
            "CLINIC_ALERT_EMAIL": "a@p.example",
            "CONTENT": str(request.getfixturevalue("praxis_folder")),
        }
        if clinic == "praxis"
        else {}
    )


@pytest.fixture
def given(database_url: str, mailbox: Mailbox, its_settings: dict[str, str]) -> configuration.Settings:
    """The settings of the clinic."""
    return configuration.load(environ(database_url, mailbox.port, **its_settings))


@pytest.fixture
def person(clinic: str) -> dict[str, Any]:
    """Who comes, as a booking names them; Zoë at ours."""
    return dict(PEOPLE[0]) if clinic == "praxis" else {}
