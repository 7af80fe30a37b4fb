"""GET /metrics for Prometheus: counts and times of this installation, and nothing about anybody."""

import hmac
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cache

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from handlers.context import Context
from schemas.notions.host import is_here
from store import deliveries, receipts
from store.base import DatabaseError
from store.running import troubles, workers
from web.context import utc_now

blueprint = Blueprint("metrics", __name__)
TEXT = "text/plain; version=0.0.4; charset=utf-8"
THROUGH_A_PROXY = ("X-Forwarded-For", "Forwarded", "Via")


class Rows(Collector):
    """What the database says, counted when it is asked for."""

    def __init__(self, context: Context) -> None:
        self._db = context.db

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Receipts and deliveries by status, how late they are, when a worker was seen, what is wrong."""
        now = utc_now()
        try:
            with self._db.read() as tx:
                found = [
                    _by("receipts", "Webhooks by status.", "status", receipts.counts(tx)),
                    _by("deliveries", "Messages by status.", "status", deliveries.counts(tx, now)),
                    _by("troubles", "What is wrong, by kind.", "kind", troubles.counts(tx)),
                    _late(
                        "receipt_late_seconds",
                        "How late the oldest due webhook is.",
                        receipts.oldest(tx, now),
                        now,
                    ),
                    _late(
                        "delivery_late_seconds",
                        "How late the oldest due message is.",
                        deliveries.oldest_due(tx),
                        now,
                    ),
                    _late("worker_seen_seconds", "Since a worker was seen.", workers.last_seen(tx, now), now),
                ]
        except (DatabaseError, OSError):
            found = [_one("database_up", "1 when the database answers.", 0)]
        else:
            found.append(_one("database_up", "1 when the database answers.", 1))
        yield from found


def _by(name: str, text: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"aftercare_{name}", text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"aftercare_{name}", text, value=value)


def _late(name: str, text: str, since: datetime | None, now: datetime) -> GaugeMetricFamily:
    return _one(name, text, max((now - since).total_seconds(), 0) if since else 0)


def install(app: Flask, context: Context) -> None:
    """Time every request by the name of its route; never by its path, which may hold a personal link."""
    registry = CollectorRegistry()
    registry.register(Rows(context))
    seconds = Histogram(
        "aftercare_request_seconds", "Requests of this process.", ["route", "status"], registry=registry
    )
    labelled = cache(seconds.labels)
    app.extensions["metrics"] = registry
    app.extensions["request_seconds"] = labelled
    app.register_blueprint(blueprint)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        now = time.perf_counter()
        labelled(request.endpoint or "", str(response.status_code)).observe(now - g.get("began", now))
        return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """For who has METRICS_TOKEN; without that setting for this machine alone."""
    if not _may_look():
        abort(404)
    return Response(generate_latest(current_app.extensions["metrics"]), content_type=TEXT)


def _may_look() -> bool:
    token = current_app.config["METRICS_TOKEN"]
    if token:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in THROUGH_A_PROXY):
        return False
    return is_here(request.remote_addr or "")
