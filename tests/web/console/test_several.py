"""Several plans are released at once, each only after a look at it, and all are taken back at once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.worker import work
from store import intakes, plans
from tests.helpers.console import BASE, answer, post, token_in, visit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
WAITS = "/console/waits?whose=all"
SEVERAL = "/console/waits/release"
TODAY = datetime.now(UTC)


@pytest.fixture
def three(context: Context) -> list[int]:
    """Three visits whose plans need a look."""
    made = []
    for uid in ("u1", "u2", "u3"):
        start, now = TODAY - timedelta(days=1), TODAY - timedelta(days=20)
        made.append(visit(context, uid, name=f"Ann {uid}", email=f"{uid}@example.org", start=start, now=now))
        answer(context, made[-1], TODAY - timedelta(days=10), pain_now="9", pain_avg7="8")
    work.work_once(context, TODAY)
    return made


def boxes(client: FlaskClient) -> list[str]:
    return re.findall(r'name="looked" value="([^"]+)"', client.get(WAITS, base_url=BASE).text)


def states(context: Context, numbers: list[int]) -> list[str]:
    with context.db.read() as tx:
        return [found.status for each in numbers if (found := plans.newest(tx, each))]


def send(client: FlaskClient, looked: list[str]) -> tuple[int, str]:
    token = token_in(client.get("/console/account", base_url=BASE))
    answered = client.post(SEVERAL, base_url=BASE, data={"csrf": token, "looked": looked})
    return answered.status_code, answered.location or answered.text


def test_those_that_were_ticked_are_released_and_taken_back(
    context: Context, client: FlaskClient, three: list[int]
) -> None:
    found = boxes(client)
    assert len(found) == 3
    assert send(client, [])[0] == 422
    status, where = send(client, found[:2])
    assert status == 303
    assert sorted(states(context, three)) == ["held", "released", "released"]
    page = client.get(where, base_url=BASE).text
    assert "All that you ticked are released." in page
    undo = re.search(r'action="(/console/undo/several/[0-9.]+)"', page)
    assert undo
    assert post(client, undo[1], next="/console/waits").location == "/console/waits?done=undone"
    assert "released" not in states(context, three)
    assert post(client, undo[1], next="/console/waits").status_code == 409


def test_one_that_has_changed_waits_and_is_named(
    context: Context, client: FlaskClient, three: list[int]
) -> None:
    found = boxes(client)
    with context.db.begin() as tx:
        words = dict.fromkeys(("name", "client_text", "clinic_action", "source"), "")
        more = words | {"rule": "RF90", "severity": "stop_urgent", "because": []}
        intakes.raise_flag(tx, three[0], 1, "RF90", "stop_urgent", more, TODAY)
    status, page = send(client, found)
    assert status == 409
    assert "Some have changed in the meantime" in page
    assert states(context, three)[0] != "released"
    assert states(context, three)[1:] == ["released", "released"]


@pytest.mark.parametrize("odd", ["", "1", "1-", "1-zz", "x-0123456789abcdef", "9" * 30 + "-0123456789abcdef"])
def test_what_is_no_box_of_ours_releases_nothing(
    context: Context, client: FlaskClient, three: list[int], odd: str
) -> None:
    assert send(client, [odd])[0] == 422
    assert send(client, ["999-0123456789abcdef"])[0] == 409
    assert "released" not in states(context, three)
