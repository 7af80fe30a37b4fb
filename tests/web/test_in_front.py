"""A webhook is answered in front of Flask as Flask answers it: each case is sent both ways."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.helpers.visits import webhook

BASE = "https://care.test"
THROUGH_FLASK = "?"
OWN = ("Content-Length", "Date")  # headers that follow from the body


def _sent(app: Flask, query: str, body: bytes, headers: dict[str, str], to: str = "main") -> TestResponse:
    path = f"/webhooks/{to}" + (f"{query}a=b" if query else "")
    return app.test_client().post(path, data=body, headers=headers, base_url=BASE)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (202, {}, b""),
        (401, {"X-Cal-Signature-256": "0" * 64}, b""),
        (401, {}, b"{}"),
        (413, {}, b"x" * (1024 * 1024 + 1)),
        (415, {"Content-Encoding": "gzip"}, b""),
    ],
)
def test_both_ways_answer_alike(app: Flask, status: int, headers: dict[str, str], body: bytes) -> None:
    sent = webhook("created", datetime.now(UTC))
    found = [
        _sent(app, query, body or sent.body, {**sent.headers, **headers}) for query in ("", THROUGH_FLASK)
    ]
    assert [each.status_code for each in found] == [status, status]
    front, flask = ({key: value for key, value in each.headers if key not in OWN} for each in found)
    assert front == flask
    assert front["Cache-Control"] == "no-store"
    words = [each.get_json() for each in found]
    assert words[0].keys() == words[1].keys()
    assert status == 202 or words[0] == words[1]


@pytest.mark.parametrize("query", ["", THROUGH_FLASK])
def test_a_fault_of_ours_is_a_500_that_says_nothing_of_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(app.extensions["ingest"], "add", broken)
    sent = webhook("created", datetime.now(UTC))
    answer = _sent(app, query, sent.body, dict(sent.headers))
    assert answer.status_code == 500
    assert answer.is_json
    assert "secret" not in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_each_way_is_counted_by_its_route(app: Flask) -> None:
    sent = webhook("created", datetime.now(UTC))
    for query in ("", THROUGH_FLASK):
        assert _sent(app, query, sent.body, dict(sent.headers)).status_code == 202
    text = app.test_client().get("/metrics", base_url=BASE).get_data(as_text=True)
    assert 'aftercare_request_seconds_count{route="webhooks.receive",status="202"} 2.0' in text
