"""The console: a practitioner's day, the outbox that explains, and what an operator needs."""

from flask import Flask
from markupsafe import Markup

from render import readable
from web.console import assets, auth, gate, today
from web.console.view import language

PAGES = (assets, auth, today)


def install(app: Flask) -> None:
    """Put the console's pages onto the application."""
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.jinja_env.globals.update(csrf_field=csrf_field, weekday=weekday)


def csrf_field() -> Markup:
    """The hidden field that every form of the console carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(gate.csrf_token())


def weekday(day: object) -> str:
    """`Friday, November 27` in the language of the page."""
    return readable.weekday_and_day(day, language())  # type: ignore[arg-type]
