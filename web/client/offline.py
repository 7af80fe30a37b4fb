"""The plan's page on a phone's home screen, and where there is no network."""

from flask import Blueprint, Response, jsonify, send_from_directory

from handlers.links import LinkPurpose
from web.client.common import subject
from web.context import context
from web.static_files import FOLDER, url

blueprint = Blueprint("offline", __name__)
ICONS = [
    {"src": url("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
    {"src": url("icon-180.png"), "sizes": "180x180", "type": "image/png"},
    {"src": url("icon-512.png"), "sizes": "512x512", "type": "image/png"},
]
"""Drawn for browsers that know SVG, and as they come where a system takes only pixels."""


@blueprint.get("/p/<token>/app.webmanifest")
def manifest(token: str) -> Response:
    """What the page is called on a home screen; it opens the client's own link and nothing else."""
    _open(token)
    here = f"/p/{token}"
    name = context().clinic.name
    made = jsonify(
        name=name,
        short_name=name[:12],
        id=here,
        start_url=here,
        scope=here,
        display="standalone",
        icons=ICONS,
    )
    made.headers["Content-Type"] = "application/manifest+json"
    return made


@blueprint.get("/p/<token>/worker.js")
def worker(token: str) -> Response:
    """The script that keeps the pages of this link, for this link alone."""
    _open(token)
    made = send_from_directory(FOLDER, "plan-worker.js")
    made.headers["Service-Worker-Allowed"] = f"/p/{token}"
    return made


def _open(token: str) -> None:
    with context().db.read() as tx:
        subject(tx, LinkPurpose.plan, token)
