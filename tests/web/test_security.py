"""What holds for every answer: headers, host, links that cannot be guessed, forms nobody else can send."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from handlers.context import Context
from handlers.links import LinkPurpose
from schemas.booking import Booking
from store import links
from tests.helpers.phone import BASE, Phone, phone, stored
from web.security import Guesses

ABOUT = {
    "date_of_birth_year": "1980",
    "date_of_birth_month": "5",
    "date_of_birth_day": "31",
    "emergency_contact_name": "Bo",
    "emergency_contact_phone": "555 123 4567",
}
UNKNOWN = "A" * 32


@pytest.mark.parametrize("path", ["", "/about", "/../../x", "/check"])
def test_a_personal_page_is_private_to_caches_and_search_engines(hers: Phone, path: str) -> None:
    headers = hers.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "ETag" not in headers


def test_every_answer_carries_the_headers_even_errors_and_redirects(app: Flask, hers: Phone) -> None:
    http = app.test_client()
    answers = [
        hers.get(),
        hers.post("/about", ABOUT),
        hers.post("/about", {}),
        http.get("/nothing", base_url=BASE),
        http.get("/.env", base_url=BASE),
        http.get("/static/x/client.css", base_url=BASE),
        http.put("/i/x", base_url=BASE),
        http.get("/", base_url="https://evil.example"),
        http.post("/webhooks/main", base_url=BASE),
        http.get("/healthz", base_url=BASE),
    ]
    assert len({each.status_code for each in answers}) >= 5
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "charset" in answer.headers["Content-Type"] or "json" in answer.headers["Content-Type"]


def test_no_page_holds_a_script_or_a_style_of_its_own(hers: Phone) -> None:
    page = hers.get().text
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
    assert "onclick" not in page


def test_styles_and_scripts_may_be_kept_and_are_small(app: Flask, hers: Phone) -> None:
    import gzip
    import re

    page = hers.get().text
    files = re.findall(r'"(/static/[^"]+)"', page)
    total = len(gzip.compress(page.encode()))
    for path in files:
        answer = app.test_client().get(path, base_url=BASE)
        assert "immutable" in answer.headers["Cache-Control"]
        total += len(gzip.compress(answer.data))
    assert len(files) == 4
    assert total < 15_000


@pytest.mark.parametrize(
    "host", ["https://evil.example", "https://care.test.evil.example", "https://1.2.3.4"]
)
def test_a_foreign_host_is_refused(app: Flask, hers: Phone, host: str) -> None:
    answer = app.test_client().get(hers.link, base_url=host)
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_a_forwarded_host_is_not_believed(hers: Phone) -> None:
    page = hers.get(headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    assert page.status_code == 200
    assert "evil" not in page.text


@pytest.mark.parametrize(
    "value",
    [
        *(
            UNKNOWN,
            "x",
            "A" * 33,
            "A" * 31,
            "é" * 32,
            "A" * 4000,
            "A" * 31 + "%0a",
            "..",
            "*" * 32,
        ),
    ],
)
def test_links_that_open_nothing_all_look_alike(app: Flask, value: str) -> None:
    http = app.test_client()
    plain = http.get(f"/i/{UNKNOWN}", base_url=BASE)
    for purpose in ("i", "p", "u", "c"):
        answer = http.get(f"/{purpose}/{value}", base_url=BASE)
        assert answer.status_code == 404
        assert answer.data == plain.data


def test_a_nul_in_a_link_opens_nothing(app: Flask) -> None:
    assert app.test_client().get("/i/" + "%00" * 8, base_url=BASE).status_code == 404


def test_an_expired_a_revoked_and_a_foreign_link_look_like_an_unknown_one(
    app: Flask, context: Context, booking: Booking
) -> None:
    http = app.test_client()
    unknown = http.get(f"/i/{UNKNOWN}", base_url=BASE)
    expired = phone(app, context, LinkPurpose.checkin, booking.id, seconds=-1)
    plan = phone(app, context, LinkPurpose.plan, booking.id)
    foreign = plan.link.replace("/p/", "/i/")
    answers = [expired.get(), http.get(foreign, base_url=BASE), http.post(foreign + "/about", base_url=BASE)]
    live = phone(app, context, LinkPurpose.intake, booking.id)
    with context.db.begin() as tx:
        links.revoke(tx, [LinkPurpose.intake], booking.id, datetime.now(UTC))
    for answer in [*answers, live.get()]:
        assert (answer.status_code, answer.data) == (404, unknown.data)


def test_guessing_is_slowed_and_a_good_link_goes_on_working(app: Flask, hers: Phone) -> None:
    http = app.test_client()
    codes = [http.get(f"/i/{number:032d}", base_url=BASE).status_code for number in range(60)]
    assert codes[0] == 404
    assert codes[-1] == 429
    assert hers.get().status_code == 200
    assert hers.post("/about", ABOUT).status_code == 303


CROSS = [
    ({"Origin": "https://evil.example"}, True),
    ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, True),
    ({"Sec-Fetch-Site": "cross-site"}, True),
    ({"Sec-Fetch-Site": "same-site"}, True),
    ({"Origin": "https://care.test.evil.example"}, True),
    ({"Origin": "http://care.test"}, True),
    ({}, False),
    ({"Origin": "https://care.test"}, False),
]


@pytest.mark.parametrize(("headers", "with_key"), CROSS)
def test_a_form_from_another_site_changes_nothing(
    context: Context, booking: Booking, hers: Phone, headers: dict[str, str], with_key: bool
) -> None:
    answer = hers.post("/about", ABOUT, headers=headers, key=None if with_key else "")
    assert answer.status_code == 403
    assert stored(context, booking) == {}


def test_the_key_of_another_link_does_not_fit(
    app: Flask, context: Context, booking: Booking, hers: Phone
) -> None:
    other = phone(app, context, LinkPurpose.stop, booking.client_id)
    wrong = other.get().text.partition('name="form_key" value="')[2].partition('"')[0]
    assert len(wrong) >= 32
    assert hers.post("/about", ABOUT, key=wrong).status_code == 403


def test_json_is_no_form(context: Context, booking: Booking, hers: Phone) -> None:
    answer = hers.http.post(hers.link + "/about", json=ABOUT, base_url=BASE)
    assert answer.status_code == 403
    assert stored(context, booking) == {}


def test_a_flood_of_fields_or_bytes_is_refused(context: Context, booking: Booking, hers: Phone) -> None:
    many = {f"f{number}": "x" for number in range(1000)}
    assert hers.post("/about", {**ABOUT, **many}).status_code == 413
    assert hers.post("/about", {**ABOUT, "preferred_name": "x" * 70_000}).status_code == 413
    parts = {**ABOUT, **many}
    assert hers.post("/about", parts, content_type="multipart/form-data").status_code == 413
    assert stored(context, booking) == {}


def test_an_error_page_repeats_nothing_that_was_sent(app: Flask) -> None:
    http = app.test_client()
    for path in ("/<script>alert(1)</script>", "/i/%3Cb%3E", "/?q=%3Cscript%3E", "/console/../secret-word"):
        answer = http.get(path, base_url=BASE)
        assert answer.status_code in (200, 302, 308, 404)
        assert "alert(1)" not in answer.text
        assert "secret-word" not in answer.text
        assert "Traceback" not in answer.text


def test_a_crash_is_answered_without_a_word_about_the_inside(
    app: Flask, hers: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_args: object, **_more: object) -> None:
        raise RuntimeError("the client wrote: my secret")

    monkeypatch.setattr("handlers.intake.form.open_intake", crash)
    answer = hers.get()
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert hers.link not in "".join(record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(hers: Phone, method: str) -> None:
    assert hers.http.open(hers.link, method=method, base_url=BASE).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/.env", "/static/", "/static/x/", "/static/x/..%2fsecurity.py", "/var/aftercare.db"],
)
def test_neither_sources_nor_folders_are_served(hers: Phone, path: str) -> None:
    assert hers.http.get(path, base_url=BASE).status_code == 404


def test_cookies_are_locked_to_our_own_address(hers: Phone) -> None:
    (cookie,) = hers.post("/about", ABOUT).headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert hers.link.removeprefix("/i/") not in cookie
    assert not hers.get().headers.getlist("Set-Cookie")


def test_a_flood_from_many_addresses_does_not_free_who_guesses() -> None:
    guesses, guesser = Guesses(), "203.0.113.9"
    assert [guesses.too_many(guesser) for _ in range(31)] == [False] * 30 + [True]
    for number in range(25_000):
        assert not guesses.too_many(f"10.{number // 65_536}.{number // 256 % 256}.{number % 256}")
    assert guesses.too_many(guesser)


def test_all_addresses_of_one_ipv6_network_count_as_one() -> None:
    guesses = Guesses()
    assert [guesses.too_many(f"2001:db8::{number:x}") for number in range(31)][-1]
    assert not guesses.too_many("2001:db8:0:1::1")
