"""The front door: reads like a table of contents."""

import tomllib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask

import settings as configuration
import web.register
from handlers.house import House
from handlers.library import load
from handlers.moves import load_moves
from handlers.pictures import load_figures
from integrations.channels.base import Sender
from integrations.channels.email import Smtp
from integrations.channels.sms import Sms
from integrations.http import Http
from integrations.schedulers import SCHEDULERS
from schemas.delivery import Channel
from settings import Settings, SettingsError
from store.base import Database
from store.vault import Vault


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; stops with every wrong setting named at once."""
    try:
        settings = settings or configuration.load()
        house = build_house(settings)
    except SettingsError as error:
        raise SystemExit("Aftercare cannot start:\n- " + "\n- ".join(error.problems)) from None
    app = Flask(__name__, template_folder="web/templates", static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PRODUCTION=settings.production,
        REQUIRE_TOTP=settings.require_totp,
        LOG_LEVEL=settings.log_level,
        CONTENT=settings.content,
        WORKER=settings.worker,
    )
    web.register.everything(app, house)
    return app


def build_house(settings: Settings) -> House:
    """Everything a handler needs, made from the settings; raises SettingsError."""
    schedulers = {}
    problems = []
    http = Http()
    for connection in settings.connections:
        kind = SCHEDULERS.get(connection.scheduler)
        if kind is None:
            known = ", ".join(SCHEDULERS)
            problems.append(f"CONNECTIONS: {connection.scheduler!r} is not a scheduler; known are {known}.")
            continue
        schedulers[connection.name] = kind(connection, http)
        problems += schedulers[connection.name].problems()
    if problems:
        raise SettingsError(problems)
    content = settings.content
    return House(
        clinic=settings.clinic,
        db=Database(settings.database_url, Vault(settings.field_keys)),
        schedulers=schedulers,
        senders=senders(settings),
        library=per_language(lambda language: load(content, language)),
        moves=per_language(lambda language: load_moves(content, language)),
        mail_texts=per_language(
            lambda language: tomllib.loads((content / "mail" / f"{language}.toml").read_text("utf-8"))
        ),
        figures=load_figures(content),
        link_key=configuration.link_key(settings),
    )


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


def per_language(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Read once per language and keep it."""
    return lru_cache(maxsize=None)(read)
