"""Answers to clients are compressed, those behind a sign-in are not; a plan page is small."""

import gzip
import re

import pytest
from flask import Flask

from handlers.context import Context
from handlers.links import LinkPurpose
from tests.helpers.phone import BASE, Phone, phone, visited

GZIP = {"Accept-Encoding": "gzip, br"}
MOST_BYTES = 60_000


@pytest.fixture
def hers(app: Flask, context: Context) -> Phone:
    """Zoë's phone with the plan's link."""
    return phone(app, context, LinkPurpose.plan, visited(context).id)


def test_pages_styles_and_pictures_of_a_client_are_compressed(app: Flask, hers: Phone) -> None:
    page = hers.get().text
    paths = [hers.link, f"{hers.link}/go", f"{hers.link}/moving/1.svg"]
    for path in paths + re.findall(r'"(/static/[^"]+\.(?:css|js))"', page):
        http = app.test_client()
        plain, small = (http.get(path, base_url=BASE, headers=how) for how in ({}, GZIP))
        assert "Content-Encoding" not in plain.headers
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.data) == plain.data
        assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data)
        assert "Accept-Encoding" in small.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("how", ["identity", "br", "gzip;q=0", ""])
def test_who_cannot_read_it_gets_it_plain(hers: Phone, how: str) -> None:
    assert "<h1" in hers.get(headers={"Accept-Encoding": how}).text


def test_what_is_behind_a_sign_in_stays_as_it_is(app: Flask) -> None:
    answer = app.test_client().get("/console/login", base_url=BASE, headers=GZIP)
    assert "Content-Encoding" not in answer.headers


def test_a_plan_page_with_its_pictures_styles_and_scripts_stays_under_60_kb(app: Flask, hers: Phone) -> None:
    http, page = app.test_client(), hers.get().text
    more = list(re.findall(r'(?:src|href)="(/(?:static|p)/[^"]+\.(?:css|js|svg))"', page))
    sizes = [len(http.get(path, base_url=BASE, headers=GZIP).data) for path in [hers.link, *more]]
    assert len(sizes) > 5
    assert sum(sizes) < MOST_BYTES
