"""`flask check --outside`: every line says what to do; where nothing is seen, it does not end well."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.resolver
import pytest
from click.testing import Result
from flask import Flask

import app as application
from handlers.context import Context
from integrations import mail_domain, outside
from integrations.mail_domain import NoAnswer, Records
from settings import Settings
from store import connections

GOOD = Records("v=spf1 include:mail.test -all", "v=DMARC1; p=reject", "s1")


@pytest.fixture
def app(given: Settings, context: Context) -> Iterator[Flask]:
    """The application on the database of `context`."""
    made = application.create_app(given)
    yield made
    made.extensions["aftercare"].db.close()


def fails(error: type[Exception]) -> Callable[..., Any]:
    def raising(*_: object, **__: object) -> None:
        raise error("nothing")

    return raising


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The outside as it shall be; what is not said is well."""

    def is_so(**changes: Any) -> None:
        well: dict[str, Any] = {
            "resolves": lambda _host: True,
            "is_ours": lambda _http, _url: True,
            "certificate": lambda _host, _port: datetime.now(UTC) + timedelta(days=60),
            "status_of": lambda _http, _url: 405,
            "world_clock": lambda: datetime.now(UTC),
        }
        records = changes.pop("records", lambda _domain: GOOD)
        monkeypatch.setattr(mail_domain, "look", records)
        for name, value in (well | changes).items():
            monkeypatch.setattr(outside, name, value)

    return is_so


def run(app: Flask) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=["check", "--outside"])


def marked(result: Result, mark: str) -> list[str]:
    """What stands in the lines of a kind, by their first words."""
    return [line[5:].partition(":")[0] for line in result.output.splitlines() if line.startswith(mark)]


def test_what_is_well_is_said(app: Flask, context: Context, world: Callable[..., None]) -> None:
    world()
    with context.db.begin() as tx:
        connections.heard(tx, {"main", "site"}, datetime.now(UTC))
    result = run(app)
    assert (marked(result, "FIX"), result.exit_code) == ([], 0), result.output
    assert {"address", "TLS", "SPF", "DKIM", "DMARC", "webhook main", "clock"} <= set(marked(result, "ok"))


@pytest.mark.parametrize(
    ("code", "known"),
    [
        (socket.EAI_NONAME, False),
        (socket.EAI_AGAIN, None),
        (socket.EAI_FAIL, None),
        (socket.EAI_SYSTEM, None),
    ],
)
def test_a_name_server_that_fails_for_a_moment_is_no_wrong_setting(
    app: Flask, world: Callable[..., None], monkeypatch: pytest.MonkeyPatch, code: int, known: bool | None
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "not now")

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    assert outside.resolves("care.test") is known
    world(resolves=lambda _host: known)
    result = run(app)
    assert ("address" in marked(result, "FIX")) is (known is False)
    assert ("no name server answers here" in result.output) is (known is None)
    with app.app_context():
        doctor = app.test_cli_runner().invoke(args=["doctor"])
    assert "DNS" in doctor.output
    assert ("nothing is known of care.test" in doctor.output) is (known is None)


@pytest.mark.parametrize(
    ("changes", "about", "do"),
    [
        ({"resolves": lambda _host: False}, "address", "in your DNS"),
        ({"is_ours": lambda _http, _url: False}, "address", "open ports 80 and 443"),
        ({"certificate": fails(outside.Unsound)}, "TLS", "Renew it"),
        ({"certificate": lambda _host, _port: datetime.now(UTC) + timedelta(days=3)}, "TLS", "see its log"),
        ({"records": lambda _domain: Records("", "v=DMARC1; p=none", "s1", 0)}, "SPF", "TXT record"),
        ({"records": lambda _domain: Records("v=spf1 -all", "", "s1")}, "DMARC", "_dmarc."),
        ({"records": lambda _domain: Records("v=spf1 -all", "v=DMARC1", "s1", 2)}, "SPF", "Keep one"),
        ({"status_of": lambda _http, _url: 404}, "webhook main", "proxy's paths"),
        ({"world_clock": lambda: datetime.now(UTC) - timedelta(hours=1)}, "clock", "set-ntp"),
    ],
)
def test_each_fault_says_what_to_do(
    app: Flask, world: Callable[..., None], changes: dict[str, Any], about: str, do: str
) -> None:
    world(**changes)
    result = run(app)
    assert result.exit_code == 1
    assert about in marked(result, "FIX")
    assert do in result.output


def test_where_nothing_could_be_looked_at_it_does_not_end_well(
    given: Settings, context: Context, world: Callable[..., None]
) -> None:
    world(
        certificate=fails(OSError),
        status_of=fails(OSError),
        world_clock=fails(OSError),
        records=fails(NoAnswer),
    )
    made = application.create_app(given)
    found = run(made)
    assert found.exit_code == 0, "the address was looked at"
    blind = pytest.MonkeyPatch()
    with blind.context() as patch:
        patch.setattr("web.commands.check_outside._address", lambda _context, _now: iter(()))
        patch.setattr("web.commands.check_outside.LOOKS", _without_address())
        found = run(made)
    assert found.exit_code == 2
    assert "Nothing could be looked at" in found.output
    assert not marked(found, "ok")
    made.extensions["aftercare"].db.close()


def _without_address() -> tuple[Any, ...]:
    from web.commands import check_outside

    return tuple(look for look in check_outside.LOOKS if look.__name__ != "_address")


class Text:
    """One TXT record of the DNS."""

    def __init__(self, *strings: bytes) -> None:
        self.strings = strings


def test_records_are_read_as_the_dns_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = {
        "rio.test": [Text(b"other"), Text(b"V=SPF1 include:", b"mail.test -all")],
        "_dmarc.rio.test": [Text(b"v=DMARC1; p=none")],
        "default._domainkey.rio.test": [Text(b"v=DKIM1; p=")],
        "s1._domainkey.rio.test": [Text(b"v=DKIM1; k=rsa; p=MIGf")],
    }

    def resolve(name: str, _kind: str, **_: object) -> list[Text]:
        if name not in zone:
            raise dns.resolver.NXDOMAIN
        return zone[name]

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    assert mail_domain.look("rio.test") == Records("V=SPF1 include:mail.test -all", "v=DMARC1; p=none", "s1")
    assert mail_domain.look("none.test") == Records("", "", "", 0)


def test_a_name_server_that_is_silent_is_no_missing_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns.resolver, "resolve", fails(dns.resolver.LifetimeTimeout))
    with pytest.raises(NoAnswer):
        mail_domain.look("rio.test")


NEW_YEAR_2027 = 2_208_988_800 + 1_798_761_600


def sntp(seconds: int = NEW_YEAR_2027, first: int = 0x24, stratum: int = 2) -> bytes:
    """What a time server answers: no leap, version 4, from a server; its stratum; its time at the end."""
    return bytes([first, stratum]) + 38 * b"\0" + seconds.to_bytes(4, "big") + 4 * b"\0"


def test_the_time_is_read_also_after_the_count_has_begun_again() -> None:
    assert outside._time_in(sntp()) == datetime(2027, 1, 1, tzinfo=UTC)
    assert outside._time_in(sntp(NEW_YEAR_2027 + 10 * 365 * 86400 - 2**32)).year == 2036


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        sntp()[:40],
        sntp(stratum=0),  # "ask less often"
        sntp(stratum=16),
        sntp(first=0xE4),  # its own clock is not set
        sntp(first=0x23),  # no server
        sntp(0),
    ],
)
def test_a_time_server_that_does_not_know_makes_no_clock_wrong(answer: bytes) -> None:
    with pytest.raises(OSError, match="time server"):
        outside._time_in(answer)


@pytest.mark.parametrize("dead", [socket.AF_INET, socket.AF_INET6])
def test_the_time_comes_by_whichever_internet_there_is(monkeypatch: pytest.MonkeyPatch, dead: int) -> None:
    known = [
        (socket.AF_INET, 2, 17, "", ("192.0.2.1", 123)),
        (socket.AF_INET6, 2, 17, "", ("::1", 123, 0, 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: known)

    def asked(family: int, _place: object) -> datetime:
        if family == dead:
            raise OSError("Network is unreachable")
        return datetime(2027, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(outside, "_clock_at", asked)
    assert outside.world_clock().year == 2027
