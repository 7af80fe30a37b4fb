"""The console's page of signatures, and the report of who got what."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from handlers.context import Context
from handlers.worker import work
from library import signable
from tests.helpers.clinic import NOW
from tests.helpers.console import BASE, answer, post, sign_in, visit
from tests.helpers.content import CONTENT
from tests.helpers.mailbox import Mailbox

PAGE, CLAM = "/console/content/reviews", "exercises/act_clam.toml"


def test_who_has_a_credential_signs_what_was_shown_with_one_button(app: Flask, context: Context) -> None:
    client = sign_in(app)
    digest = signable.hashes(CONTENT)[CLAM]
    assert CLAM in client.get(PAGE, base_url=BASE).get_data(as_text=True)
    assert post(client, f"{PAGE}/sign", file=f"{digest} {CLAM}").status_code == 303
    shown = client.get(f"{PAGE}/file/{CLAM}", base_url=BASE).get_data(as_text=True)
    assert "Mara Field, LMT" in shown
    assert post(client, f"{PAGE}/sign", file=f"{'0' * 64} {CLAM}").status_code == 409
    assert post(client, f"{PAGE}/sign").status_code == 409
    assert client.get(f"{PAGE}/file/clinic.toml", base_url=BASE).status_code == 404


def test_the_report_names_client_plan_file_and_hash(app: Flask, context: Context, mailbox: Mailbox) -> None:
    answer(context, visit(context))
    work.work_once(context, NOW)
    assert mailbox.of("plan")
    client = sign_in(app)
    url = f"/console/content/report?from={NOW.date() - timedelta(days=2)}&to={NOW.date()}"
    said = client.get(url, base_url=BASE).get_data(as_text=True)
    rules = signable.hashes(CONTENT)["rules/choosing.toml"]
    assert "Zoë Łuć" in said
    assert f"rules/choosing.toml {rules[:12]}" in said
    assert "Zoë Łuć" not in client.get(f"{url}&file=exercises/nobody", base_url=BASE).get_data(as_text=True)
    assert "Zoë Łuć" in client.get(f"{url}&file={rules[:9]}", base_url=BASE).get_data(as_text=True)


@pytest.mark.parametrize(
    "span", ["from=0001-01-01", "to=9999-12-31", "to=0001-01-01", "from=x&to=2026-02-30"]
)
def test_a_report_of_days_that_no_clinic_had_is_that_of_the_last_30(
    app: Flask, context: Context, span: str
) -> None:
    client = sign_in(app)
    days = [_days(client.get(f"/console/content/report{each}", base_url=BASE)) for each in ("", f"?{span}")]
    assert days[0] == days[1]


def _days(page: TestResponse) -> list[str]:
    assert page.status_code == 200
    return re.findall(r'type="date"[^>]+value="(\d{4}-\d\d-\d\d)"', page.get_data(as_text=True))
