"""Machines that open every link of a mail before a person does: nothing changes, and the person still can."""

import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from handlers.context import Context
from handlers.links import LinkPurpose
from schemas.checkin import CheckInKind
from store.tables import metadata
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import BASE, Phone, checkin_phone, phone, soon, visited

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINKS = re.compile(r'(?:href|src|action)="(?:https://care\.test)?(/[^"#]*)"')
ABOUT = {"preferred_name": "Zed", "emergency_contact_name": "Bo"}


@dataclass(frozen=True)
class Profile:
    """What a kind of scanner sends for each address, in this order."""

    methods: tuple[str, ...]
    headers: dict[str, str]
    deep: bool = True


PROFILES = {
    "mail gateway that looks, then follows everything": Profile(
        ("HEAD", "GET"), {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks"}
    ),
    "sandbox that opens pages as a person's browser": Profile(
        ("GET",),
        {
            "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1",
            "Sec-Fetch-Site": "none",
            "Sec-Fetch-Mode": "navigate",
            "Accept": "text/html",
        },
    ),
    "browser that fetches ahead": Profile(
        ("GET",),
        {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "Sec-Fetch-Site": "same-origin"},
    ),
    "preview of a chat": Profile(
        ("GET",), {"User-Agent": "facebookexternalhit/1.1", "Range": "bytes=0-524287"}, deep=False
    ),
    "archive that asks what is allowed": Profile(
        ("OPTIONS", "HEAD", "GET"), {"User-Agent": "archive.org_bot", "X-HTTP-Method-Override": "POST"}
    ),
}


@pytest.fixture
def hers(app: Flask, context: Context) -> Phone:
    """Zoë's phone with the intake's link of a visit to come."""
    return phone(app, context, LinkPurpose.intake, soon(context).id)


@pytest.fixture
def others(app: Flask, context: Context) -> list[str]:
    """Every other kind of link: to a plan that was sent, a check-in, the end of mails, a note."""
    sent = visited(context, uid="u9", email="ann@example.org")
    subjects = {
        LinkPurpose.plan: sent.id,
        LinkPurpose.note: sent.id,
        LinkPurpose.stop: sent.client_id,
    }
    found = [phone(app, context, purpose, subject).link for purpose, subject in subjects.items()]
    return [*found, checkin_phone(app, context, sent, CheckInKind.h24).link]


def rows(context: Context) -> dict[str, list[str]]:
    """Every row of every table."""
    with context.db.read() as tx:
        return {table.name: sorted(map(repr, tx.all(sa.select(table)))) for table in metadata.sorted_tables}


def crawl(http: FlaskClient, starts: list[str], profile: Profile) -> set[str]:
    """Open addresses and, going on from them, everything that their pages name."""
    waiting, seen = list(starts), set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for method in profile.methods:
            answer = http.open(path, method=method, base_url=BASE, headers=profile.headers)
            assert answer.status_code < 500
        if profile.deep and answer.mimetype == "text/html":
            waiting += [found.replace("&amp;", "&") for found in LINKS.findall(answer.text)]
    return seen


@pytest.mark.B11
@pytest.mark.parametrize("name", PROFILES)
def test_a_scanner_changes_nothing_and_the_person_still_can(
    app: Flask, context: Context, hers: Phone, others: list[str], mailbox: Mailbox, name: str
) -> None:
    before, mails = rows(context), len(mailbox.mails)
    seen = crawl(app.test_client(), [hers.link, *others], PROFILES[name])
    assert len(seen) > (20 if PROFILES[name].deep else 4)
    assert rows(context) == before
    assert len(mailbox.mails) == mails
    assert hers.post("/about", ABOUT).status_code in (303, 422)
