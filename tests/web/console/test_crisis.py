"""The console says when clients are told of no crisis line."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from tests.helpers.console import BASE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("known", [True, False])
def test_each_page_says_when_no_crisis_line_is_known(
    app: Flask, context: Context, client: FlaskClient, known: bool
) -> None:
    clinic = replace(context.clinic, country="JO", crisis_known=known)
    app.extensions["aftercare"] = replace(context, clinic=clinic)
    page = client.get("/console", base_url=BASE, follow_redirects=True).text
    assert ("No crisis line is known for JO." in page) is not known
    assert ('href="/console/setup/clinic#CLINIC_CRISIS_NUMBER"' in page) is not known
