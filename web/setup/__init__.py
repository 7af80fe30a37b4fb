"""The first day of a clinic in the browser: account, clinic, mail, scheduler, services, first webhook."""

from flask import Flask

from web.console import refusals
from web.setup import account, clinic, finish, mail, scheduler, services
from web.setup.pages import blueprint

__all__ = ["account", "clinic", "finish", "install", "mail", "scheduler", "services"]
blueprint.register_error_handler(403, refusals.not_yours)


def install(app: Flask) -> None:
    """Put the pages of the setup onto the application."""
    app.register_blueprint(blueprint)
