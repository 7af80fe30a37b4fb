"""The command line for accounts, export and erasure."""

import json
from typing import Any

import pytest
from flask import Flask

from store import staff as accounts
from tests.helpers.console import BASE, EMAIL, PASSWORD, answer, sign_in, token_in, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(app: Flask, *words: str, given: str = "") -> tuple[int, str]:
    found = app.test_cli_runner().invoke(args=list(words), input=given)
    return found.exit_code, found.output


def done(app: Flask, *words: str, given: str = "") -> str:
    """What a command says that must succeed."""
    found = app.test_cli_runner().invoke(args=list(words), input=given)
    assert found.exit_code == 0, (found.output, found.exc_info)
    return found.output


def test_an_account_made_on_the_command_line_can_sign_in(app: Flask) -> None:
    said = done(app, "staff", "add", EMAIL, "--name", "Mara Field", "--role", "practitioner")
    password = said.rstrip().rpartition(" ")[2]
    assert len(password) >= 12
    client = sign_in(app, EMAIL, password)
    assert client.get("/console/", base_url=BASE).headers["Location"].startswith("/console/login/password")
    shown = client.get("/console/login/password", base_url=BASE).get_data(as_text=True)
    data = {"csrf": token_in(shown), "password": password}
    assert client.post("/console/login/password", base_url=BASE, data=data).status_code == 422
    kept = client.post("/console/login/password", base_url=BASE, data=data | {"password": PASSWORD})
    assert kept.status_code == 303
    assert client.get("/console/", base_url=BASE).status_code == 200
    sign_in(app)


def test_a_password_can_come_from_the_input_and_is_not_repeated(app: Flask) -> None:
    words = ("staff", "add", EMAIL, "--name", "Mara Field", "--password-stdin")
    said = done(app, *words, given=PASSWORD + "\n")
    assert PASSWORD not in said
    sign_in(app)


def test_what_cannot_be_taken_is_said_in_a_sentence(app: Flask) -> None:
    words = ("staff", "add", EMAIL, "--name", "Mara Field", "--password-stdin")
    assert run(app, *words, given="short\n")[0] == 1
    done(app, *words, given=PASSWORD)
    code, said = run(app, *words, given=PASSWORD)
    assert code == 1
    assert "already" in said
    assert run(app, "staff", "deactivate", "nobody@example.org")[0] == 1


def test_deactivating_resetting_and_listing(app: Flask) -> None:
    assert "staff add" in run(app, "staff", "list")[1]
    run(app, "staff", "add", EMAIL, "--name", "Mara Field", "--password-stdin", given=PASSWORD)
    done(app, "staff", "deactivate", EMAIL)
    assert "deactivated" in run(app, "staff", "list")[1]
    done(app, "staff", "activate", EMAIL)
    said = done(app, "staff", "reset", EMAIL)
    sign_in(app, EMAIL, said.rstrip().rpartition(" ")[2])
    with app.extensions["aftercare"].db.read() as tx:
        found = accounts.by_email(tx, EMAIL)
    assert found is not None
    assert found.active


@pytest.mark.B15
def test_export_and_erasure_print_their_receipts(app: Flask, tmp_path: Any) -> None:
    context = app.extensions["aftercare"]
    answer(context, visit(context))
    target = tmp_path / "client.json"
    code, said = run(app, "client", "export", "1", "--file", str(target))
    assert code == 0
    assert json.loads(said)["counts"]["intakes"] == 1
    assert json.loads(target.read_text("utf-8"))["clients"][0]["email"] == "zoe@example.org"
    assert target.stat().st_mode & 0o077 == 0
    assert run(app, "client", "erase", "1", given="n\n")[0] == 1
    code, said = run(app, "client", "erase", "1", "--yes")
    assert code == 0
    assert json.loads(said)["counts"]["intakes"] == 1
    assert run(app, "client", "export", "99")[0] == 1
