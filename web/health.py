"""Is it alive, is it ready: for whoever watches the machine."""

from datetime import datetime

from flask import Blueprint, Response, jsonify

from handlers.context import Context
from store import migrate
from store.base import DatabaseError
from store.running import workers
from web.context import context, utc_now

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 when the database answers, no migration is missing and a worker was alive lately; else 503."""
    checks = _checks(context(), utc_now())
    good = all(value == "ok" for value in checks.values())
    response = jsonify(status="ok" if good else "not ready", **checks)
    response.status_code = 200 if good else 503
    return response


def _checks(context: Context, now: datetime) -> dict[str, str]:
    try:
        current = migrate.is_current(context.db)
        with context.db.read() as tx:
            seen = workers.last_seen(tx, now) if current else None
    except (DatabaseError, OSError):
        return {"database": "does not answer", "migrations": "unknown", "worker": "unknown"}
    return {
        "database": "ok",
        "migrations": "ok" if current else "missing: run flask --app app migrate",
        "worker": "ok" if workers.alive(seen, now) else "silent: run flask --app app work",
    }
