"""The only reader of the environment. `load` lists every problem at once; nothing has a secret default."""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import idna
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from schemas.clinic import variable_of
from schemas.notions.host import is_here, is_private
from schemas.notions.words import Translatable
from settings import crisis, unsafe
from settings.clinic import clinic_of
from settings.connections import connections_of
from settings.environment import ROOT, Variables, process_variables
from settings.unsafe import LEFT_TO_REGISTER
from settings.values import SHORTEST_KEY, Mail, Returns, Settings, SettingsError, Sms, secret_keys

__all__ = [
    "LEFT_TO_REGISTER",
    "ROOT",
    "Settings",
    "SettingsError",
    "database_url",
    "fresh_keys",
    "link_key",
    "link_keys",
    "load",
    "new_keys",
    "process_variables",
    "secret_keys",
]


PREFIXES = ("AFTERCARE_", "BOUNCES_", "CLINIC_", "SMS_", "SMTP_")
"""How variables begin that are ours alone."""
OF_THE_PROXY = {"AFTERCARE_HOST", "AFTERCARE_WEB"}
"""What `compose.yaml` and the Caddyfile read; in containers it stands beside what we do."""
NO_PROXY = Translatable(
    "PROXIES is 0, so everybody who comes through your proxy counts as one caller: set it to 1, or to how "
    "many of yours stand in a row."
)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check everything; raises SettingsError with every problem at once."""
    environ = process_variables() if environ is None else environ
    read = Variables(environ, setup=environ.get("AFTERCARE_SETUP", "").strip().casefold() == "open")
    production = read.choice("AFTERCARE_ENV", ("production", "development"), "production") == "production"
    content = Path(read.text("CONTENT", str(ROOT / "content")))
    public_url = _public_url(read, production)
    clinic = clinic_of(read, content, public_url)
    settings = Settings(
        production=production,
        database_url=_database(read),
        field_keys=_field_keys(read),
        secret_key=_secret_key(read),
        clinic=clinic,
        connections=connections_of(read, clinic),
        mail=_mail(read, production),
        sms=_sms(read),
        content=content,
        worker=read.choice("WORKER", ("separate", "inline"), "separate"),
        require_totp=read.switch("REQUIRE_TOTP", default=production),
        log_level=read.choice("LOG_LEVEL", ("debug", "info", "warning", "error"), "info").upper(),
        proxies=read.number("PROXIES", 0),
        ping_url=_ping_url(read),
        returns=_returns(read),
        metrics_token=read.text("METRICS_TOKEN"),
        probe_url=read.text("PROBE_URL"),
        setup_open=read.choice("AFTERCARE_SETUP", ("open", "closed"), "closed") == "open",
        missing=tuple(read.missing),
        journal=_journal(read, production),
        breached=_breached(read),
        clamd=read.text("CLAMD"),
    )
    if production:
        read.problems += unsafe.problems(read, settings, ROOT / ".env")
    if read.problems:
        raise SettingsError(read.problems, settings)
    read.asked |= OF_THE_PROXY
    own = tuple(variable_of(each.name, "") for each in settings.connections)
    remarks = (*_worth_saying(read, settings), *read.unread((*PREFIXES, *own)), *crisis.remarks(clinic))
    return replace(settings, remarks=remarks)


def _worth_saying(read: Variables, settings: Settings) -> list[Translatable]:
    """What is as somebody wanted it, and is worth saying all the same."""
    why = read.text("TOTP_OFF_BECAUSE")
    found: list[Translatable] = []
    if not settings.require_totp:
        found.append(Translatable("staff sign in without a second factor: {why}", why=why))
    if unsafe.database_way(read, settings.database_url)[0] == "require":
        found.append(Translatable("the database's certificate is not checked: sslmode=verify-full does that"))
    open_because = read.text("DATABASE_OPEN_BECAUSE")
    if open_because:
        found.append(Translatable("the way to the database is open: {why}", why=open_because))
    if not settings.proxies:
        found.append(NO_PROXY)
    return found if settings.production else []


def _public_url(read: Variables, production: bool) -> str:
    value = read.need("PUBLIC_URL", "the address at which clients reach this service, https://…").rstrip("/")
    value = _in_ascii(value.lower())  # a telephone writes a capital first
    if value and not _is_origin(value):
        read.problems.append("PUBLIC_URL must look like https://care.example.com")
    elif value and production and not value.startswith("https://"):
        read.problems.append("PUBLIC_URL must begin with https:// (or set AFTERCARE_ENV=development).")
    return value


def _ping_url(read: Variables) -> str:
    """The address that is asked every minute: whoever sees it may keep the alarm silent, so it is secret."""
    value = read.text("PING_URL")
    if value and not is_private(value):
        read.problems.append("PING_URL must begin with https:// (http:// only for this machine).")
    return value


def _in_ascii(value: str) -> str:
    """The host as browsers, mail programs and schedulers write it, also for https://praxis-müller.example."""
    if value.isascii():
        return value
    scheme, _, place = value.partition("://")
    host, colon, port = place.partition(":")
    try:
        return f"{scheme}://{idna.encode(host, uts46=True).decode()}{colon}{port}"
    except idna.IDNAError:
        return value


def _is_origin(value: str) -> bool:
    """A scheme, a host and perhaps a port, and nothing after them."""
    try:
        parts = urlsplit(value)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return False
    return (
        value.isascii()
        and parts.scheme in ("http", "https")
        and value == f"{parts.scheme}://{parts.hostname}{port}"
    )


def database_url(environ: Mapping[str, str] | None = None) -> str:
    """Where the database is: it is named outside of it, whatever else is kept in it. Raises SettingsError."""
    read = Variables(process_variables() if environ is None else environ)
    url = _database(read)
    if read.problems:
        raise SettingsError(read.problems)
    return url


def _database(read: Variables) -> str:
    value = read.text("DATABASE_URL", f"sqlite:///{ROOT / 'var' / 'aftercare.db'}")
    if "?" in str(ROOT) and not read.text("DATABASE_URL"):
        read.problems.append(f"The folder {ROOT} has a question mark in its name: give it another one.")
    value = re.sub(r"\Apostgres://", "postgresql://", value)
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        url = make_url("none://")
    if url.get_backend_name() not in ("sqlite", "postgresql") or url.database in (None, "", ":memory:"):
        read.problems.append("DATABASE_URL must begin with sqlite:/// or postgresql://")
    elif url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_absolute():
        return f"sqlite:///{ROOT / str(url.database)}"  # wherever a command is given, the same file is meant
    return value


def _journal(read: Variables, production: bool) -> Path | None:
    """Where the worker keeps what must outlive a restore: beside a SQLite file, else where it is said."""
    given = read.text("JOURNAL")
    if given:
        return ROOT / given
    url = _database(read)
    beside = production and url.startswith("sqlite:") and not read.problems
    return Path(str(make_url(url).database)).with_suffix(".journal") if beside else None


def _breached(read: Variables) -> Path | None:
    given = read.text("BREACHED_PASSWORDS")
    if given and not os.access(ROOT / given, os.R_OK):
        read.problems.append(f"BREACHED_PASSWORDS: {given} cannot be read.")
    return ROOT / given if given else None


def _field_keys(read: Variables) -> tuple[str, ...]:
    how = "a key that seals health answers; make one with: make env"
    keys = tuple(read.need("FIELD_KEYS", how).split())
    for key in keys:
        try:
            Fernet(key)
        except (ValueError, binascii.Error):
            read.problems.append("FIELD_KEYS holds something that is not a key: make one with: make env")
    return keys


def _secret_key(read: Variables) -> str:
    value = read.need("SECRET_KEY", "at least 32 random characters; make one with: make env")
    if value and len(value) < SHORTEST_KEY:
        read.problems.append("SECRET_KEY is too short: at least 32 random characters.")
    return value


def _mail(read: Variables, production: bool) -> Mail:
    security = read.choice("SMTP_SECURITY", ("tls", "starttls", "none"), "starttls")
    host = read.need_from_setup("SMTP_HOST", "the mail server that sends for the clinic")
    if production and security == "none" and not is_here(host):
        read.problems.append("SMTP_SECURITY=none is only for a mail server on this machine.")
    port = read.number("SMTP_PORT", 465 if security == "tls" else 587, least=1, most=65535)
    username, password = read.text("SMTP_USERNAME"), read.text("SMTP_PASSWORD")
    for name, value in (("SMTP_USERNAME", username), ("SMTP_PASSWORD", password)):
        if not value.isascii():  # no mail server is asked in any other letters
            read.problems.append(f"{name} may hold only the letters a to z, digits and plain signs.")
    return Mail(host, port, security, username, password, read.number("SMTP_PER_MINUTE", 0))


def _sms(read: Variables) -> Sms:
    account = read.text("SMS_ACCOUNT")
    if account:
        read.need("SMS_TOKEN", "the token of the text-message account")
        read.need("SMS_FROM", "the number that texts come from")
    base = read.text("SMS_API_BASE", "https://api.twilio.com")
    return Sms(account, read.text("SMS_TOKEN"), read.text("SMS_FROM"), base)


def _returns(read: Variables) -> Returns:
    secrets = tuple(read.text("BOUNCES_SECRET").split())
    if not all(each.startswith("whsec_") for each in secrets):
        read.problems.append("BOUNCES_SECRET must be whsec_ followed by at least 24 random bytes in base64.")
    host = read.text("BOUNCES_IMAP_HOST")
    tls = read.choice("BOUNCES_IMAP_SECURITY", ("tls", "none"), "tls") == "tls"
    if host and not tls and not is_here(host):
        read.problems.append("BOUNCES_IMAP_SECURITY=none is only for a mailbox on this machine.")
    username, password = read.text("BOUNCES_IMAP_USERNAME"), read.text("BOUNCES_IMAP_PASSWORD")
    if host and not (username and password):
        read.problems.append("BOUNCES_IMAP_USERNAME and BOUNCES_IMAP_PASSWORD: the mailbox needs both.")
    port = read.number("BOUNCES_IMAP_PORT", 993 if tls else 143, least=1, most=65535)
    return Returns(secrets, host, port, username, password, read.text("BOUNCES_IMAP_FOLDER", "INBOX"), tls)


def link_key(settings: Settings) -> bytes:
    """The key that personal links and sessions are made from."""
    return link_keys(settings)[0]


def link_keys(settings: Settings) -> tuple[bytes, ...]:
    """The key of links and sessions, and those before it."""
    return tuple(base64.urlsafe_b64encode(each.encode()) for each in secret_keys(settings.secret_key))


def new_keys() -> dict[str, str]:
    """The two secrets that a new installation needs, by the names of their variables."""
    return {"FIELD_KEYS": Fernet.generate_key().decode(), "SECRET_KEY": secrets.token_urlsafe(48)}


def fresh_keys() -> str:
    """The same as lines of a `.env` file."""
    return "".join(f"{name}={key}\n" for name, key in new_keys().items())
