"""Records of processing, an impact assessment, and what is deleted: from what is configured."""

import json
from dataclasses import replace

import pytest
from flask import Flask

import app as application
import settings as configuration
from handlers.context import Context
from schemas.clinic import Retention

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(app: Flask, *arguments: str) -> str:
    with app.app_context():
        found = app.test_cli_runner().invoke(args=[*arguments])
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.parametrize("paper", ["records", "dpia"])
def test_a_paper_names_the_clinic_and_every_vendor_and_no_secret(
    app: Flask, given: configuration.Settings, paper: str
) -> None:
    said = run(app, "privacy", paper)
    for words in (given.clinic.name, "Cal.com", "127.0.0.1", "BAA"):
        assert words in said
    for secret in (given.secret_key, *given.field_keys, given.mail.password):
        assert not secret or secret not in said
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} <= {5, 6}


def test_the_records_say_how_long_and_the_assessment_what_is_mailed(given: configuration.Settings) -> None:
    clinic = replace(given.clinic, retention=Retention(answers=400))
    clinic = replace(clinic, policy=replace(clinic.policy, mail_contents=True))
    made = application.create_app(replace(given, clinic=clinic))
    assert "400 days after the last visit" in run(made, "privacy", "records")
    assert "The plan itself stands in the mail: yes." in run(made, "privacy", "dpia")
    made.extensions["aftercare"].db.close()


def test_retention_says_what_it_would_do(app: Flask, context: Context) -> None:
    found = json.loads(run(app, "retention", "--dry-run"))
    assert found["dry_run"] is True
    assert found["answers"] == {"days": 0, "rows": 0, "due": 0}
    assert json.loads(run(app, "retention"))["answers"]["deleted"] == 0
    refused = app.test_cli_runner().invoke(args=["retention", "--now", "2030-01-01"])
    assert refused.exit_code == 2
