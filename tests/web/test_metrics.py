"""Numbers for Prometheus: who may read them, and that they hold counts and times alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

import app as application
from handlers.context import Context
from settings import Settings
from tests.helpers.visits import receive, webhook

BASE = "https://care.test"


@pytest.fixture
def client(given: Settings, context: Context) -> Iterator[FlaskClient]:
    """The web application on the database of `context`."""
    app = application.create_app(given)
    yield app.test_client()
    app.extensions["aftercare"].db.close()


def test_counts_and_times_and_nothing_of_anybody(client: FlaskClient, context: Context) -> None:
    sent = webhook("created", datetime.now(UTC))
    assert (
        client.post("/webhooks/main", data=sent.body, headers=sent.headers, base_url=BASE).status_code == 202
    )
    client.get("/i/SecretTokenOfSomebody", base_url=BASE)
    receive(context, webhook("created", datetime(2026, 1, 1, tzinfo=UTC), uid="late"))
    text = client.get("/metrics", base_url=BASE).get_data(as_text=True)
    assert 'aftercare_receipts{status="pending"} 2.0' in text
    assert 'aftercare_request_seconds_count{route="webhooks.receive",status="202"} 1.0' in text
    assert "aftercare_database_up 1.0" in text
    late = next(line for line in text.splitlines() if line.startswith("aftercare_receipt_late_seconds "))
    assert float(late.split()[1]) > 0
    for word in ("SecretToken", "zoe", "Zoë", "main"):
        assert word not in text


@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "10.0.0.9", 404),
        ("", {"X-Forwarded-For": "10.0.0.9"}, "127.0.0.1", 404),
        ("", {"X-Forwarded-For": ""}, "127.0.0.1", 404),
        ("", {"Forwarded": "for=10.0.0.9"}, "127.0.0.1", 404),
        ("s3cret", {}, "127.0.0.1", 404),
        ("s3cret", {"Authorization": "Bearer s3cre"}, "10.0.0.9", 404),
        ("s3cret", {"Authorization": "Bearer ü"}, "10.0.0.9", 404),
        ("s3cret", {"Authorization": "Bearer s3cret"}, "10.0.0.9", 200),
    ],
)
def test_who_may_read_them(
    given: Settings, context: Context, token: str, headers: dict[str, str], address: str, status: int
) -> None:
    app = application.create_app(replace(given, metrics_token=token))
    answer = app.test_client().get(
        "/metrics", base_url=BASE, headers=headers, environ_base={"REMOTE_ADDR": address}
    )
    app.extensions["aftercare"].db.close()
    assert answer.status_code == status


def test_a_database_that_is_away_is_a_number_too(tmp_path: object, given: Settings) -> None:
    app = application.create_app(replace(given, database_url=f"sqlite:///{tmp_path}/none/x.db"))
    text = app.test_client().get("/metrics", base_url=BASE).get_data(as_text=True)
    assert "aftercare_database_up 0.0" in text
