"""The front door: reads like a table of contents."""

import gc

# What a start makes stays: looking through it each 700 objects for what can go takes a fifth of the start.
gc.set_threshold(10_000)

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

import click
from flask import Flask

import settings as configuration
import web.commands
import web.mount
from handlers.context import Context
from integrations.base import IntegrationError, Scheduler
from integrations.bounces import Bounces, Imap
from integrations.channels.base import Sender
from integrations.channels.email import Smtp
from integrations.channels.sms import Sms
from integrations.http import Http
from integrations.probe import Probe
from integrations.scanner import Scanner
from integrations.schedulers import SCHEDULERS
from library.mail_texts import read_mail_texts
from schemas.clinic import Connection
from schemas.delivery import Channel
from settings import LEFT_TO_REGISTER, Settings, SettingsError
from settings.kept import with_kept
from settings.startup import connection_problems, read_library, sound_settings
from store import connections
from store.base import Database
from store.vault import SealBroken, Vault
from web.setup.desk import Desk


class Application(Flask):
    """Flask without views that are coroutines."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is: Flask would look into it eight times in a request."""
        return func


def create_app(settings: Settings | None = None, environ: Mapping[str, str] | None = None) -> Flask:
    """The web application; stops with every wrong setting named at once.

    `environ` is what the environment says, where that is not this process's own.
    """
    app = Application(__name__, template_folder="web/templates", static_folder=None)
    try:
        own = environ if environ is not None else {} if settings else configuration.process_variables()
        given = with_kept(own, partial(_wait_where_needed, own))
        settings = settings or sound_settings(given.variables)
        context = build_context(settings)
    except SettingsError as error:
        return without_settings(app, error)
    app.config.update(
        SECRET_KEY=configuration.secret_keys(settings.secret_key)[0],
        SECRET_KEYS=configuration.secret_keys(settings.secret_key),
        PRODUCTION=settings.production,
        REQUIRE_TOTP=settings.require_totp,
        LOG_LEVEL=settings.log_level,
        CONTENT=settings.content,
        WORKER=settings.worker,
        PROXIES=settings.proxies,
        METRICS_TOKEN=settings.metrics_token,
        PROBE_URL=settings.probe_url,
        REMARKS=settings.remarks,
        MISSING=settings.missing,
        SETTINGS_REVISION=given.revision,
    )
    app.extensions["setup"] = Desk(
        own, partial(would_be_wrong, own), partial(lacking, own), partial(rebuilt, own)
    )
    web.mount.everything(app, context)
    return app


def build_context(settings: Settings) -> Context:
    """Everything a handler needs, made from the settings; raises SettingsError."""
    db = Database(settings.database_url, Vault(settings.field_keys))
    content = settings.content
    return Context(
        clinic=settings.clinic,
        db=db,
        schedulers=schedulers(settings, db),
        senders=senders(settings),
        library=partial(read_library, content),
        mail_texts=partial(read_mail_texts, content),
        link_key=configuration.link_key(settings),
        old_keys=configuration.link_keys(settings)[1:],
        bounces=bounces(settings),
        scanner=Scanner(settings.clamd) if settings.clamd else None,
        breached=settings.breached,
        journal=settings.journal,
        probe=Probe(Http(), settings.ping_url, settings.clinic.public_url if settings.production else ""),
    )


def would_be_wrong(environ: Mapping[str, str], changes: Mapping[str, str]) -> list[str]:
    """What these changes of kept settings would break that is whole now, in sentences."""
    now = with_kept(environ).variables
    after = {**now, **changes, **environ}
    known = _problems(now)
    return [line for line in _problems(after) if line not in known]


def lacking(environ: Mapping[str, str]) -> list[str]:
    """What must be set before Aftercare runs without its setup, in sentences."""
    return _problems({**with_kept(environ).variables, "AFTERCARE_SETUP": "closed"})


def _problems(environ: Mapping[str, str]) -> list[str]:
    try:
        sound_settings(environ)
    except SettingsError as error:
        return error.problems
    return []


def rebuilt(environ: Mapping[str, str]) -> Context:
    """A context of what is set at this moment; raises IntegrationError with what is wrong."""
    try:
        return build_context(sound_settings(with_kept(environ).variables))
    except SettingsError as error:
        raise IntegrationError(" ".join(error.problems), permanent=True) from None


def _wait(db: Database) -> None:
    if web.commands.waits():
        db.wait_until_there(Event(), partial(click.echo, err=True))


def _wait_where_needed(environ: Mapping[str, str], db: Database) -> None:
    """What is whole without the kept settings answers at once, and takes those over when it can read them."""
    if db.why_not_there() is not None and _problems(environ):
        _wait(db)


def bounces(settings: Settings) -> Bounces:
    """Where we hear of mail that came back."""
    given = settings.returns
    box = Imap(given.host, given.port, given.username, given.password, given.folder, given.tls)
    return Bounces(given.secrets, box if given.host else None)


def without_settings(app: Flask, error: SettingsError) -> Flask:
    """Stop with everything that is wrong; only the list of commands and their help need no settings."""
    message = "Aftercare cannot start:\n- " + "\n- ".join(error.problems)
    if not web.commands.is_listing():
        raise SystemExit(message) from None
    web.commands.install_to_list(app, message)
    return app


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
    _wait(db)
    given = [secret for secret in connection.secrets if secret != LEFT_TO_REGISTER]
    try:
        kept = connections.kept(db, connection.name) or secrets.token_hex(32)
    except SealBroken:
        message = "the secret that register kept was sealed with a key that is not in FIELD_KEYS any more"
        way = "put the key back, or give the secret itself as the scheduler shows it"
        raise SettingsError([f"Connection {connection.name}: {message}; {way}."]) from None
    return replace(connection, secrets=(*given, kept), secret_kept=True)


def senders(settings: Settings) -> dict[Channel, Sender]:
    """One sender per channel that is configured."""
    mail = settings.mail
    found: dict[Channel, Sender] = {
        Channel.email: Smtp(
            mail.host, mail.port, mail.security, mail.username, mail.password, mail.per_minute
        )
    }
    sms = settings.sms
    if sms.account:
        found[Channel.sms] = Sms(Http(), sms.account, sms.token, sms.sender, sms.api_base)
    return found
