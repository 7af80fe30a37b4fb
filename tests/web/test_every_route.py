"""Every route, for every role, with what strangers write: an answer of ours, never a crash (5xx)."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import web
from handlers import links
from handlers.context import Context
from handlers.staff import sessions
from handlers.worker import work
from schemas.staff import Role, Stage
from store import staff
from store.tables import metadata
from tests.helpers.both import FURTHER
from tests.helpers.console import BASE, account, answer, browser, visit
from web.console.gate import SESSION, csrf_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
ODD = ("0", str(2**63), str(2**31), "9" * 40, "١", "-1", "1e9", "é", "a" * 300, "..")
SOURCE = "\n".join(path.read_text("utf-8") for path in Path(web.__file__).parent.rglob("*.py"))
FIELDS = sorted(set(re.findall(r'form\.get(?:list)?\(\s*"(\w+)"', SOURCE)))
QUERY = sorted(set(re.findall(r'args\.get(?:list)?\(\s*"(\w+)"', SOURCE)))
PART = re.compile(r"<(?:.*?:)?(\w+)>")
CHOICES = re.compile(r"<any\('(\w+)'.*?\):\w+>")
KNOWN = {"name": "first_visit", "day": "2026-11-20", "token": "a" * 32, "connection": "main"}
FEW = 2  # odd things in each place of a route in `make test`: others at each route and for each role
ROLES = {"nobody": None, "halfway": Stage.enrol, **{str(role): role for role in Role}}


def paths(rule: str, odd_ones: tuple[str, ...]) -> list[str]:
    """A route with a real thing in each place, then with something odd in one of them."""
    rule = CHOICES.sub(r"\1", rule)
    names = PART.findall(rule)
    plain = {name: KNOWN.get(name, "1") for name in names}
    filled = [plain, *(plain | {name: odd} for name, odd in product(names, odd_ones))]
    return [fill(rule, each) for each in filled]


def fill(rule: str, values: dict[str, str]) -> str:
    return PART.sub(lambda part: quote(values[part[1]]), rule)


def enter(app: Flask, context: Context, name: str) -> tuple[FlaskClient, str]:
    """A browser as far in as this role goes, and the token of its forms."""
    client, role = browser(app), ROLES[name]
    if role is None:
        return client, ""
    with context.db.begin() as tx:
        who = staff.by_email(tx, "fuzz@example.org")
        assert who is not None
        stage = role if isinstance(role, Stage) else Stage.full
        entry = sessions.open_session(tx, context, who, stage, datetime.now(UTC))
    client.set_cookie(f"__Host-{SESSION}", entry.token, domain="care.test", secure=True)
    return client, csrf_for(context, entry.token)


@pytest.mark.parametrize("name", ROLES)
def test_no_address_and_no_field_makes_it_crash(app: Flask, name: str, everything: bool) -> None:
    context: Context = app.extensions["aftercare"]
    account(context)
    role = ROLES[name]
    account(context, "fuzz@example.org", "Fuzz", (role if isinstance(role, Role) else Role.manager,))
    answer(context, visit(context), rf_saddle="yes")
    crashed = []
    for at, rule in enumerate(app.url_map.iter_rules(), start=FEW * list(ROLES).index(name)):
        client, csrf = enter(app, context, name)
        odd_ones = ODD if everything else tuple(ODD[each % len(ODD)] for each in range(at, at + FEW))
        for number, path in enumerate(paths(rule.rule, odd_ones), start=at):
            odd = ODD[number % len(ODD)]
            form = dict.fromkeys(FIELDS, odd) | {"csrf": csrf}
            query = dict.fromkeys(QUERY, odd)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                data = form if method == "POST" else None
                code = client.open(
                    path, method=method, base_url=BASE, query_string=query, data=data
                ).status_code
                if code >= 500 and not (code == 503 and rule.rule == "/readyz"):
                    crashed.append((method, path, odd, code))
    assert not crashed, crashed


OF_LOOKING = {"audit", "audit_head", "audit_keys", "staff_sessions", "links"}
PURPOSES = {path.strip("/"): purpose for purpose, path in links.PATHS.items()}
AHEAD = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}
AT_ONCE = 20  # routes between two looks into every table
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": "https://evil.example"}


def every_row(context: Context) -> dict[str, list[str]]:
    """Every row of every table but those that say who looked."""
    tables = [table for table in metadata.sorted_tables if table.name not in OF_LOOKING]
    with context.db.read() as tx:
        return {table.name: sorted(map(repr, tx.all(sa.select(table)))) for table in tables}


def real(context: Context, rule: str, booking_id: int) -> dict[str, str]:
    """What stands in a route's places: of a personal page the token of a link that is open."""
    values = {name: KNOWN.get(name, "1") for name in PART.findall(rule)}
    purpose = PURPOSES.get(rule.split("/")[1])
    if purpose is not None and "token" in values:
        at = datetime.now(UTC)
        with context.db.begin() as tx:
            url = links.issue(tx, context, purpose, booking_id, at, at + timedelta(days=1), client=1)
        values["token"] = url.rpartition("/")[2]
    return values


HEADERS = {"plain": {}, "ahead": AHEAD, "elsewhere": ELSEWHERE}
LOOKS = [
    pytest.param(name, headers, id=f"{name}-{kind}", marks=[] if headers is HEADERS["plain"] else [FURTHER])
    for name in ("nobody", "practitioner")
    for kind, headers in HEADERS.items()
]
LOOKS += [pytest.param("manager", headers, id=f"manager-{kind}") for kind, headers in HEADERS.items()]


@pytest.mark.parametrize(("name", "headers"), LOOKS)
def test_no_look_at_any_route_changes_anything(app: Flask, name: str, headers: dict[str, str]) -> None:
    context: Context = app.extensions["aftercare"]
    role = ROLES[name]
    account(context, "fuzz@example.org", "Fuzz", (role if isinstance(role, Role) else Role.manager,))
    number = visit(context)
    answer(context, number, rf_saddle="yes")
    work.work_once(context, datetime.now(UTC))
    client, _csrf = enter(app, context, name)
    before = every_row(context)
    routes = [CHOICES.sub(r"\1", rule.rule) for rule in app.url_map.iter_rules()]
    assert len(routes) > 150
    for first in range(0, len(routes), AT_ONCE):
        some = [fill(route, real(context, route, number)) for route in routes[first : first + AT_ONCE]]
        for path, method in product(some, ("GET", "HEAD", "OPTIONS")):
            client.open(path, method=method, base_url=BASE, headers=headers)
        changed = {table for table, rows in every_row(context).items() if rows != before[table]}
        assert not changed, some
