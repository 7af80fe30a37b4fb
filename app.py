"""The front door: reads like a table of contents."""

import secrets
import tomllib
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from flask import Flask

import settings as configuration
import web.commands
import web.register
from handlers.house import House
from handlers.library import load
from handlers.pictures import load_figures
from integrations.base import Scheduler
from integrations.channels.base import Sender
from integrations.channels.email import Smtp
from integrations.channels.sms import Sms
from integrations.http import Http
from integrations.schedulers import SCHEDULERS
from schemas.clinic import Connection
from schemas.clinic_file import line_of
from schemas.delivery import Channel
from settings import LEFT_TO_REGISTER, Settings, SettingsError
from store import connections
from store.base import Database
from store.vault import SealBroken, Vault

# Content is read once by a process, however many houses are built on it.
read_library = cache(load)
read_figures = cache(load_figures)


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; stops with every wrong setting named at once."""
    app = Flask(__name__, template_folder="web/templates", static_folder=None)
    try:
        settings = settings or sound_settings()
        house = build_house(settings)
    except SettingsError as error:
        return without_settings(app, error)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PRODUCTION=settings.production,
        REQUIRE_TOTP=settings.require_totp,
        LOG_LEVEL=settings.log_level,
        CONTENT=settings.content,
        WORKER=settings.worker,
        PROXIES=settings.proxies,
    )
    web.register.everything(app, house)
    return app


def build_house(settings: Settings) -> House:
    """Everything a handler needs, made from the settings; raises SettingsError."""
    db = Database(settings.database_url, Vault(settings.field_keys))
    content = settings.content
    return House(
        clinic=settings.clinic,
        db=db,
        schedulers=schedulers(settings, db),
        senders=senders(settings),
        library=partial(read_library, content),
        mail_texts=partial(read_mail_texts, content),
        figures=read_figures(content),
        link_key=configuration.link_key(settings),
    )


def without_settings(app: Flask, error: SettingsError) -> Flask:
    """Stop with everything that is wrong; only the list of commands and their help need no settings."""
    told = "Aftercare cannot start:\n- " + "\n- ".join(error.problems)
    if not web.commands.is_listing():
        raise SystemExit(told) from None
    web.commands.install_to_list(app, told)
    return app


def sound_settings() -> Settings:
    """The settings of this process; raises SettingsError with everything that is wrong, content included."""
    problems: list[str] = []
    try:
        settings = configuration.load()
    except SettingsError as error:
        if error.settings is None:
            raise
        problems, settings = error.problems, error.settings
    problems = [*problems, *connection_problems(settings), *content_problems(settings)]
    if problems:
        raise SettingsError(problems)
    return settings


def connection_problems(settings: Settings) -> list[str]:
    """What is wrong with each connection, in sentences."""
    problems: list[str] = []
    for connection in settings.connections:
        kind = SCHEDULERS.get(connection.scheduler)
        if kind is None:
            known = ", ".join(SCHEDULERS)
            problems.append(f"CONNECTIONS: {connection.scheduler!r} is not a scheduler; known are {known}.")
        else:
            found = kind(connection, Http()).problems()
            problems += [f"Connection {connection.name}: {text}" for text in found]
    return problems


def content_problems(settings: Settings) -> list[str]:
    """Read all content once, in every language, so that a fault stops the start and not a client."""
    problems: list[str] = []
    for language in settings.clinic.languages:
        try:
            library, _ = read_library(settings.content, language), read_mail_texts(settings.content, language)
        except (ValueError, OSError) as error:
            problems.append(f"Content in {language!r} cannot be used: {error}")
        else:
            problems += unknown_questionnaires(settings, set(library.questionnaires))
    return list(dict.fromkeys(problems))


def unknown_questionnaires(settings: Settings, known: set[str]) -> list[str]:
    """Each questionnaire that a service asks for and that is not there."""
    services = reversed(list(settings.clinic.services.items()))
    unknown = {each.questionnaire: name for name, each in services if each.questionnaire not in {"", *known}}
    filed = (settings.content / "clinic.toml").read_text("utf-8") if unknown else ""
    return [
        f"content/clinic.toml:{line_of(filed, ('services', slug, 'questionnaire'))}: "
        f"there is no questionnaire {asked!r}."
        for asked, slug in unknown.items()
    ]


@cache
def read_mail_texts(content: Path, language: str) -> dict[str, Any]:
    """The words of the mails in one language."""
    return tomllib.loads((content / "mail" / f"{language}.toml").read_text("utf-8"))


def schedulers(settings: Settings, db: Database) -> dict[str, Scheduler]:
    """One scheduler per connection; raises SettingsError with what is wrong with each of them."""
    problems = connection_problems(settings)
    if problems:
        raise SettingsError(problems)
    http = Http()
    return {
        each.name: SCHEDULERS[each.scheduler](with_kept_secret(each, db), http)
        for each in settings.connections
    }


def with_kept_secret(connection: Connection, db: Database) -> Connection:
    """Where the secret is left to `register`: the one it kept, or until then one that nobody knows."""
    if LEFT_TO_REGISTER not in connection.secrets:
        return connection
    given = [secret for secret in connection.secrets if secret != LEFT_TO_REGISTER]
    try:
        kept = connections.kept(db, connection.name) or secrets.token_hex(32)
    except SealBroken:
        told = "the secret that register kept was sealed with a key that is not in FIELD_KEYS any more"
        way = "put the key back, or give the secret itself as the scheduler shows it"
        raise SettingsError([f"Connection {connection.name}: {told}; {way}."]) from None
    return replace(connection, secrets=(*given, kept), secret_kept=True)


def senders(settings: Settings) -> dict[Channel, Sender]:
    """One sender per channel that is configured."""
    mail = settings.mail
    found: dict[Channel, Sender] = {
        Channel.email: Smtp(mail.host, mail.port, mail.security, mail.username, mail.password)
    }
    sms = settings.sms
    if sms.account:
        found[Channel.sms] = Sms(Http(), sms.account, sms.token, sms.sender, sms.api_base)
    return found
