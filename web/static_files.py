"""Styles and scripts, under names that change with their contents, so that browsers may keep them."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory

FOLDER = Path(__file__).parent / "static"
NAMES = frozenset(path.name for path in FOLDER.iterdir() if path.is_file())
blueprint = Blueprint("static", __name__)


@cache
def digest(name: str) -> str:
    """A short hash of a file's contents."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


def url(name: str) -> str:
    """Where a file is served."""
    return f"/static/{digest(name)}/{name}"


@blueprint.get("/static/<version>/<name>", endpoint="files")
def files(version: str, name: str) -> Response:
    """One file; 404 when there is none of this name."""
    if name not in NAMES or not version.isalnum():
        abort(404)
    response = send_from_directory(FOLDER, name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
