"""Text that a database refuses, and callers who hide behind a proxy."""

import re
from dataclasses import replace

from flask import Flask

import app as application
import settings as configuration
from tests.helpers.clinic import make_context
from tests.helpers.phone import BASE


def sign_in(app: Flask, email: str, caller: str = "") -> int:
    """The answer to a wrong password."""
    http = app.test_client()
    page = http.get("/console/login", base_url=BASE).text
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    values = {"csrf": found[1], "email": email, "password": "not the password"}
    headers = {"X-Forwarded-For": caller} if caller else {}
    return http.post("/console/login", data=values, base_url=BASE, headers=headers).status_code


def test_a_nul_never_reaches_the_database(app: Flask) -> None:
    assert sign_in(app, "a\0b@clinic.example") == 400
    assert app.test_client().get("/console/log?actor=%00", base_url=BASE).status_code == 400
    assert app.test_client().get("/console/receipts/%00", base_url=BASE).status_code == 404


def test_the_callers_address_is_believed_only_from_a_proxy_that_was_configured(
    given: configuration.Settings,
) -> None:
    make_context(given).db.close()
    for proxies, expected in ((0, 429), (1, 401)):
        app = application.create_app(replace(given, proxies=proxies))
        answers = [sign_in(app, f"who{proxies}@clinic.example", f"10.0.{proxies}.{n}") for n in range(6)]
        assert answers[-1] == expected, answers
