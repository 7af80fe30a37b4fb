"""The console's own style and script."""

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from web.console.gate import ANYBODY, allowed

FOLDER = Path(__file__).parent.parent / "static"
blueprint = Blueprint("console_static", __name__)


@blueprint.get("/console/static/<any('console.css', 'console.js'):name>")
@allowed(ANYBODY)
def asset(name: str) -> Response:
    """One file; browsers ask again only when it has changed."""
    return send_from_directory(FOLDER, name, max_age=300)
