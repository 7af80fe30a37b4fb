"""What stops the start: settings and content that do not hold together, said all at once."""

from collections.abc import Mapping
from functools import cache

import settings as configuration
from integrations.http import Http
from integrations.schedulers import SCHEDULERS
from library.content import load
from library.mail_texts import read_mail_texts
from library.reading import ContentError
from settings import Settings, SettingsError
from settings.clinic_toml import line_of

# Content is read once by a process, however many contexts are built on it.
read_library = cache(load)


def sound_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; raises SettingsError with everything that is wrong, content included."""
    problems: list[str] = []
    try:
        settings = configuration.load(environ)
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
        if language != "en" and not (settings.content / language / "messages.toml").exists():
            problems.append(
                f"Clients are offered {language!r}, but there is no content/{language}/messages.toml: what "
                "is not translated would be asked in English. Translate it, or take it out of `languages`."
            )
            continue
        try:
            library, _ = read_library(settings.content, language), read_mail_texts(settings.content, language)
        except ContentError as error:
            problems += [f"content/{each}" for each in error.problems]
        except (ValueError, OSError) as error:
            problems.append(str(error))
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
