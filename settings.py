"""The only reader of the environment. `load` lists every problem at once; nothing has a secret default."""

import base64
import binascii
import os
import re
import secrets
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from dotenv import dotenv_values
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from schemas import clinic_file
from schemas.clinic import Clinic, Connection, Policy
from schemas.variables import Variables

ROOT = Path(__file__).parent
NAME = re.compile(r"[a-z][a-z0-9-]{0,40}\Z")
LEFT_TO_REGISTER = "register"  # in place of a secret: `flask register` makes or fetches it, and keeps it
ZONE_DEFAULT = "America/New_York"
_ABOUT = (
    *("name", "phone", "email", "address", "language", "emergency_number", "crisis_number"),
    *("sender", "credential", "alert_email", "alert_next_email", "alert_sms"),
)


class SettingsError(Exception):
    """The settings do not hold together; `problems` are sentences that say what to do.

    `settings` is what could be read all the same, so that the rest can be looked at too.
    """

    def __init__(self, problems: list[str], settings: "Settings | None" = None) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.settings = settings


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server. `security` is tls, starttls or none."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sms:
    """The text-message service (Twilio's API); empty `account` means that no texts are sent."""

    account: str
    token: str = field(repr=False)
    sender: str = ""
    api_base: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured, checked."""

    production: bool
    database_url: str
    field_keys: tuple[str, ...] = field(repr=False)
    secret_key: str = field(repr=False)
    clinic: Clinic
    connections: tuple[Connection, ...]
    mail: Mail
    sms: Sms
    content: Path
    worker: str
    require_totp: bool
    log_level: str
    proxies: int = 0


def environment(folder: Path = ROOT) -> dict[str, str]:
    """The process's variables over those of a `.env` file beside the application."""
    try:
        filed = dotenv_values(folder / ".env")
    except OSError as error:
        who = "it must belong to the account that runs Aftercare"
        raise SettingsError([f"{folder / '.env'}: {error.strerror}; {who}."]) from error
    return {name: value for name, value in filed.items() if value is not None} | dict(os.environ)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check everything; raises SettingsError with every problem at once."""
    read = Variables(environment() if environ is None else environ)
    production = read.choice("AFTERCARE_ENV", ("production", "development"), "production") == "production"
    content = Path(read.text("CONTENT", str(ROOT / "content")))
    public_url = _public_url(read, production)
    clinic = _clinic(read, content, public_url)
    settings = Settings(
        production=production,
        database_url=_database(read),
        field_keys=_field_keys(read),
        secret_key=_secret_key(read),
        clinic=clinic,
        connections=_connections(read, clinic),
        mail=_mail(read, production),
        sms=_sms(read),
        content=content,
        worker=read.choice("WORKER", ("separate", "inline"), "separate"),
        require_totp=read.switch("REQUIRE_TOTP", default=production),
        log_level=read.choice("LOG_LEVEL", ("debug", "info", "warning", "error"), "info").upper(),
        proxies=read.number("PROXIES", 0),
    )
    if production:
        read.problems += _open_files(settings.database_url, ROOT / ".env")
    if production and read.text("FLASK_DEBUG").casefold() in ("1", "true", "yes", "on"):
        read.problems.append("FLASK_DEBUG must not be on in production: it shows data to strangers.")
    if read.problems:
        raise SettingsError(read.problems, settings)
    return settings


def _public_url(read: Variables, production: bool) -> str:
    value = read.need("PUBLIC_URL", "the address at which clients reach this service, https://…").rstrip("/")
    if value and not _is_origin(value):
        read.problems.append("PUBLIC_URL must look like https://care.example.com")
    elif value and production and not value.startswith("https://"):
        read.problems.append("PUBLIC_URL must begin with https:// (or set AFTERCARE_ENV=development).")
    return value


def _is_origin(value: str) -> bool:
    """A scheme, a host and perhaps a port, and nothing after them."""
    try:
        parts = urlsplit(value)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and value == f"{parts.scheme}://{parts.hostname}{port}"


def _database(read: Variables) -> str:
    value = read.text("DATABASE_URL", f"sqlite:///{ROOT / 'var' / 'aftercare.db'}")
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


def _open_files(database_url: str, filed: Path) -> list[str]:
    """What of the database and the secrets anybody on this machine could read, or take away together."""
    url = make_url(database_url) if "://" in database_url else None
    database = Path(url.database) if url and url.drivername.startswith("sqlite") and url.database else None
    found = [
        f"{path} can be read by everybody on this machine: chmod 600 {path}"
        for path in (filed, database)
        if path is not None and _anybody_reads(path)
    ]
    if database is not None and os.path.isfile(database.resolve().parent / ".env"):
        found.append("The database lies beside .env: keep the keys and what they open in two folders.")
    return found


def _anybody_reads(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


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
    if value and len(value) < 32:
        read.problems.append("SECRET_KEY is too short: at least 32 random characters.")
    return value


def _mail(read: Variables, production: bool) -> Mail:
    security = read.choice("SMTP_SECURITY", ("tls", "starttls", "none"), "starttls")
    host = read.need("SMTP_HOST", "the mail server that sends for the clinic")
    if production and security == "none" and host not in ("localhost", "127.0.0.1", "::1"):
        read.problems.append("SMTP_SECURITY=none is only for a mail server on this machine.")
    port = read.number("SMTP_PORT", 465 if security == "tls" else 587, least=1, most=65535)
    username, password = read.text("SMTP_USERNAME"), read.text("SMTP_PASSWORD")
    for name, value in (("SMTP_USERNAME", username), ("SMTP_PASSWORD", password)):
        if not value.isascii():  # no mail server is asked in any other letters
            read.problems.append(f"{name} may hold only the letters a to z, digits and plain signs.")
    return Mail(host, port, security, username, password)


def _sms(read: Variables) -> Sms:
    account = read.text("SMS_ACCOUNT")
    if account:
        read.need("SMS_TOKEN", "the token of the text-message account")
        read.need("SMS_FROM", "the number that texts come from")
    base = read.text("SMS_API_BASE", "https://api.twilio.com")
    return Sms(account, read.text("SMS_TOKEN"), read.text("SMS_FROM"), base)


def _connections(read: Variables, clinic: Clinic) -> tuple[Connection, ...]:
    """CONNECTIONS=main=calcom,north=square; then MAIN_SECRET, MAIN_API_KEY, NORTH_SECRET, ..."""
    listed = read.need("CONNECTIONS", "for example main=calcom (see docs/schedulers)")
    found: list[Connection] = []
    entries = [each.strip() for each in listed.split(",") if each.strip()]
    if listed and not entries:
        read.problems.append("CONNECTIONS names no scheduler: for example main=calcom")
    for entry in entries:
        name, _, scheduler = entry.partition("=")
        scheduler = scheduler or name
        if not NAME.fullmatch(name) or name in {each.name for each in found}:
            read.problems.append(f"CONNECTIONS: {name!r} must be a name of its own, in small letters.")
            continue
        found.append(_connection(read, name, scheduler, clinic))
    return tuple(found)


OPTIONS = (
    "note_field",
    "token_header",
    "application_token",
    "status_cancelled",
    "status_pending",
    "status_no_show",
)


def _connection(read: Variables, name: str, scheduler: str, clinic: Clinic) -> Connection:
    prefix = name.upper().replace("-", "_")
    zone = read.text(f"{prefix}_ZONE")
    if zone:
        zone = read.zone(f"{prefix}_ZONE", ZONE_DEFAULT)
    options = {key: read.text(f"{prefix}_{key.upper()}") for key in OPTIONS}
    return Connection(
        name=name,
        scheduler=scheduler,
        secrets=tuple(read.text(f"{prefix}_SECRET").split()),
        api_key=read.text(f"{prefix}_API_KEY"),
        api_base=read.text(f"{prefix}_API_BASE").rstrip("/"),
        account=read.text(f"{prefix}_ACCOUNT"),
        webhook_url=read.text(f"{prefix}_WEBHOOK_URL", f"{clinic.public_url}/webhooks/{name}"),
        zone=zone,
        clinic_zone=clinic.zone,
        attach=read.text(f"{prefix}_ATTACH"),
        options={key: value for key, value in options.items() if value},
    )


def _clinic(read: Variables, content: Path, public_url: str) -> Clinic:
    filed = _clinic_file(read, content)
    about = filed.get("clinic", {})
    services, default = clinic_file.services(filed)
    zone = read.zone("CLINIC_ZONE", about.get("zone") or ZONE_DEFAULT)
    languages = tuple(about.get("languages", ["en"]))
    texts = {name: read.text(f"CLINIC_{name.upper()}", about.get(name, "")) for name in _ABOUT}
    texts["paper"] = read.choice("CLINIC_PAPER", ("letter", "a4"), about.get("paper", "letter"))
    texts = {name: value for name, value in texts.items() if value}
    clinic = Clinic(name="", phone="", email="", zone=zone, public_url=public_url, languages=languages)
    clinic = replace(clinic, **texts)  # type: ignore[arg-type] # all of them are texts
    clinic = replace(clinic, alert_email=clinic.alert_email or parseaddr(clinic.email)[1])
    read.problems += [*_missing(read, clinic), *_addresses(clinic), *_unspoken(clinic)]
    return replace(
        clinic, policy=_policy(read, clinic_file.policy(filed)), services=services, default_service=default
    )


def _missing(read: Variables, clinic: Clinic) -> Iterator[str]:
    for name in ("name", "phone", "email"):
        if not getattr(clinic, name) and not any(f"clinic.{name} " in line for line in read.problems):
            yield f"content/clinic.toml: [clinic] {name} is missing (or CLINIC_{name.upper()})."


def _addresses(clinic: Clinic) -> Iterator[str]:
    """What is wrong with addresses; those in the file have been looked at, with their line."""
    if clinic.email and not clinic_file.is_address(clinic.email, named=True):
        yield f"CLINIC_EMAIL {clinic_file.ADDRESS}."
        return
    for name in ("alert_email", "alert_next_email"):
        if getattr(clinic, name) and not clinic_file.is_address(getattr(clinic, name)):
            yield f"CLINIC_{name.upper()} {clinic_file.ADDRESS}."


def _unspoken(clinic: Clinic) -> Iterator[str]:
    """Mails to the clinic, and to clients whose language we do not have, are written in the clinic's own."""
    if clinic.language not in clinic.languages:
        known = ", ".join(clinic.languages)
        yield f"content/clinic.toml: clinic.language (or CLINIC_LANGUAGE) must be one of: {known}."


def _clinic_file(read: Variables, content: Path) -> dict[str, Any]:
    path = content / "clinic.toml"
    try:
        text = path.read_text(encoding="utf-8")
        filed, problems = clinic_file.read(tomllib.loads(text), text)
        read.problems += problems
        return filed
    except FileNotFoundError:
        read.problems.append(f"{path} does not exist: CONTENT must name the folder with clinic.toml.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        read.problems.append(f"{path}: {error}")
    return {}


def _policy(read: Variables, filed: Policy) -> Policy:
    """The rules of the file, and over them those of the environment."""
    return replace(
        filed,
        settle=read.seconds("SETTLE_SECONDS", filed.settle),
        plan_delay=read.seconds("PLAN_DELAY_SECONDS", filed.plan_delay),
        quiet_from=read.hour("QUIET_FROM", filed.quiet_from),
        quiet_until=read.hour("QUIET_UNTIL", filed.quiet_until),
        quiet_zone=read.choice("QUIET_ZONE", ("clinic", "client"), filed.quiet_zone),
        require_ok=read.switch("REQUIRE_OK", default=filed.require_ok),
        mail_contents=read.switch("MAIL_CONTENTS", default=filed.mail_contents),
        plan_moves=read.number("PLAN_MOVES", filed.plan_moves, least=2, most=4),
        wording=read.choice("WORDING", ("self_care", "fitness", "clinical"), filed.wording),
        reconcile_every=read.seconds("RECONCILE_SECONDS", filed.reconcile_every),
    )


def link_key(settings: Settings) -> bytes:
    """The key that personal links are made from."""
    return base64.urlsafe_b64encode(settings.secret_key.encode())


def fresh_keys() -> str:
    """The two secrets that a new installation needs, as lines of a `.env` file."""
    return f"FIELD_KEYS={Fernet.generate_key().decode()}\nSECRET_KEY={secrets.token_urlsafe(48)}\n"


if __name__ == "__main__":
    print(fresh_keys(), end="")
