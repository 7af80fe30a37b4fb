"""What production does not start with: traffic in clear, secrets that can be guessed, files of everybody."""

import base64
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from schemas.clinic import variable_of
from schemas.notions.host import is_here, is_private
from settings.environment import Variables
from settings.values import SHORTEST_KEY, Settings, secret_keys

LOOKED_AT = 72  # characters: the time that zxcvbn takes grows with their square
GUESSES = {"key": 19, "secret": 8}  # powers of ten: what is guessed at offline needs more
DISTINCT = 16  # bytes at least that differ among the 32 of a key: chance makes about 30
LEFT_TO_REGISTER = "register"  # in place of a secret: `flask register` makes or fetches it, and keeps it
EXAMPLES = ("https://care.example.com", "smtp.example.com")
"""What `.env.example` says."""
STAND_IN = re.compile(r"change.?me|example|placeholder|(?:\b|_)your(?:\b|_)", re.IGNORECASE)
"""What documents write where a secret belongs."""


def problems(read: Variables, settings: Settings, filed: Path) -> Iterator[str]:
    """A sentence for each; `filed` is the `.env` beside the application."""
    yield from _examples(read)
    yield from _open_text(settings)
    yield from _open_database(read, settings.database_url)
    yield from _guessed(settings)
    yield from _without_factor(read, settings)
    yield from _open_files(settings.database_url, filed)
    if read.text("FLASK_DEBUG").casefold() in ("1", "true", "yes", "on"):
        yield "FLASK_DEBUG must not be on in production: it shows data to strangers."


def _examples(read: Variables) -> Iterator[str]:
    given = {"PUBLIC_URL": read.text("PUBLIC_URL"), "SMTP_HOST": read.text("SMTP_HOST")}
    for name, value in given.items():
        if value.rstrip("/") in EXAMPLES:
            yield f"{name} is the one of .env.example: put your own there."


def _open_text(settings: Settings) -> Iterator[str]:
    """Keys, names and links in clear on their way to a scheduler or a text service."""
    named = {variable_of(each.name, "api_base"): each.api_base for each in settings.connections}
    for name, value in {**named, "SMS_API_BASE": settings.sms.api_base}.items():
        if value and not is_private(value):
            yield f"{name} must begin with https:// (http:// only for this machine)."


SEALED_WAYS = ("require", "verify-ca", "verify-full")


def _open_database(read: Variables, database_url: str) -> Iterator[str]:
    """What goes to a PostgreSQL over a network that others may listen to."""
    way, hosts = database_way(read, database_url)
    away = [host for host in hosts if not host.startswith("/") and not is_here(host)]
    if away and way not in SEALED_WAYS and not read.text("DATABASE_OPEN_BECAUSE"):
        yield (
            f"The way to the database at {away[0]} is open: end DATABASE_URL with ?sslmode=verify-full (or "
            "require), or say in DATABASE_OPEN_BECAUSE who else is on that network."
        )


def database_way(read: Variables, database_url: str) -> tuple[str, tuple[str, ...]]:
    """The sslmode and the hosts of a PostgreSQL, as its client reads them; no hosts for SQLite."""
    url = _url(database_url)
    if url is None or url.get_backend_name() != "postgresql":
        return "", ()
    given = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    hosts = given.get("hostaddr") or given.get("host") or url.host or read.text("PGHOST")
    return given.get("sslmode") or read.text("PGSSLMODE"), tuple(filter(None, hosts.split(",")))


def _guessed(settings: Settings) -> list[str]:
    """Keys and secrets that can be guessed. The lists of words that this takes are read for it alone."""
    before = set(sys.modules)
    found = list(_easy(settings))
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "zxcvbn":
            del sys.modules[name]
    return found


def _easy(settings: Settings) -> Iterator[str]:
    if any(len(set(_raw(key))) < DISTINCT for key in settings.field_keys):
        yield "FIELD_KEYS holds a key that was not made by chance: make one with: make env"
    whole = [part for part in secret_keys(settings.secret_key) if len(part) >= SHORTEST_KEY]
    if any(_is_weak(part, "key") for part in whole):
        yield "SECRET_KEY can be guessed: use at least 32 random characters; make them with: make env"
    named = {variable_of(each.name, "secret"): each.secrets for each in settings.connections}
    named |= {"METRICS_TOKEN": tuple(settings.metrics_token.split())}
    for name, values in named.items():
        if any(_is_weak(each, "secret") for each in values if each != LEFT_TO_REGISTER):
            yield f"{name} can be guessed: use at least 16 random characters, here and at the other side."


def _is_weak(secret: str, kind: str) -> bool:
    from zxcvbn import zxcvbn  # its lists take twelve megabytes

    guesses = zxcvbn(secret[:LOOKED_AT])["guesses_log10"]
    return guesses < GUESSES[kind] or STAND_IN.search(secret) is not None


def _raw(key: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(key)
    except ValueError:
        return bytes(range(DISTINCT))  # no key at all, which is said elsewhere


def _without_factor(read: Variables, settings: Settings) -> Iterator[str]:
    """Who leaves the second factor out says why, where whoever looks at the settings reads it."""
    if not settings.require_totp and not read.text("TOTP_OFF_BECAUSE"):
        yield (
            "REQUIRE_TOTP=off leaves health data to a password alone: take it away, or say in "
            "TOTP_OFF_BECAUSE what protects the sign-in instead."
        )


def _open_files(database_url: str, filed: Path) -> Iterator[str]:
    """What of the database and the secrets others on this machine could read, or take away together."""
    url = _url(database_url)
    database = Path(url.database) if url and url.drivername.startswith("sqlite") and url.database else None
    if _mode(filed) & stat.S_IROTH:
        yield f"{filed} can be read by everybody on this machine: chmod 600 {filed}"
    if database is None:
        return
    for path in (Path(f"{database}{end}") for end in ("", "-wal", "-shm")):
        if _mode(path) & (stat.S_IRGRP | stat.S_IROTH):
            yield f"{path} can be read by other accounts on this machine: chmod 600 {path}"
    if os.path.isfile(database.resolve().parent / ".env"):
        yield "The database lies beside .env: keep the keys and what they open in two folders."


def _url(database_url: str) -> URL | None:
    """None for what is none, which is said elsewhere."""
    try:
        return make_url(database_url)
    except (ArgumentError, ValueError):
        return None


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
