"""For whoever runs it: how each connection is doing, what came in, what was not understood."""

from typing import Any

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.bookings import preview
from integrations.base import IntegrationError, Scheduler, Unsupported
from schemas.receipt import ReceiptStatus
from schemas.staff import Role
from schemas.trouble import Trouble
from store import audit, connections, receipts
from store.running import troubles
from web.console import gate, labels
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.view import page, say
from web.context import context
from web.troubles import quoted, sentence

blueprint = gate.blueprint("operations")
STATUSES = {
    ReceiptStatus.not_understood: ("Not understood", "bad"),
    ReceiptStatus.dead: ("Failed", "bad"),
    ReceiptStatus.pending: ("Waits", "warn"),
    ReceiptStatus.working: ("In work", "calm"),
    ReceiptStatus.done: ("Done", "good"),
    ReceiptStatus.ignored: ("Nothing to do", "calm"),
}
GONE = ("Not processed", "The body has been deleted: bodies are kept for 30 days.")
MOST_SHOWN = 20_000  # characters of one raw body
MOST_READ = 500  # bookings for one page


@blueprint.get("/console/connections")
@allowed(*EVERYBODY)
def connections_page() -> Response:
    """Every connection: when it was last heard and read, what is wrong, what it can do.

    With `again` also what became of a webhook that was processed again; with X-Fragment that alone.
    """
    asked = request.args.get("again", "")[:40]
    if asked and "X-Fragment" in request.headers:
        with context().db.read() as tx:
            return page("replayed", again=receipts.by_public_id(tx, asked), statuses=STATUSES, here=asked)
    with context().db.read() as tx:
        rows = connections.every(tx)
        wrong = troubles.current(tx)
        troubled = receipts.recent(tx, status=ReceiptStatus.not_understood, limit=20)
        dead = receipts.recent(tx, status=ReceiptStatus.dead, limit=20)
        again = receipts.by_public_id(tx, asked) if asked else None
    found = [_connection(row, [each for each in wrong if each.name == row.name]) for row in rows]
    shown: dict[str, Any] = {"rows": found, "troubled": [*troubled, *dead], "statuses": STATUSES}
    return page("connections", **shown, again=again, here=asked)


def _connection(row: Any, wrong: list[Trouble]) -> dict[str, Any]:
    scheduler = context().schedulers.get(row.name)
    return {
        "row": row,
        "label": scheduler.label if scheduler else row.scheduler,
        "configured": scheduler is not None,
        "readable": scheduler is not None and scheduler.readable,
        "attach": _attach(scheduler) if scheduler else "",
        "polled": scheduler is not None and not scheduler.has_webhooks,
        "url": scheduler.connection.webhook_url if scheduler else "",
        "troubles": [_worded(each) for each in wrong],
    }


def _worded(trouble: Trouble) -> dict[str, Any]:
    words = {"sentence": sentence(trouble, say()), "quoted": quoted(trouble)}
    return {**words, "since": trouble.since, "mailed_at": trouble.mailed_at}


@blueprint.get("/console/connections/<name>/preview")
@allowed(Role.manager)
def preview_page(name: str) -> Response:
    """What would be sent from now on; the scheduler is asked, and nothing is stored or sent."""
    scheduler = context().schedulers.get(name)
    if scheduler is None or not scheduler.readable:
        abort(404)
    try:
        shown, error = preview.preview(context(), name, now(), MOST_READ), ""
    except IntegrationError as reason:
        shown, error = preview.Preview(), str(reason)
    return page(
        "connection_preview",
        name=name,
        label=scheduler.label,
        shown=shown,
        error=error,
        onlookers=scheduler.onlookers,
        purposes=labels.PURPOSES,
    )


def _attach(scheduler: Scheduler) -> str:
    """How link and status are written back; or the sentence that says why not."""
    try:
        return say()(labels.WAYS[scheduler.way()])
    except Unsupported:
        why = labels.OFF if scheduler.ways else labels.NO_WAY
        return say()(why, scheduler=scheduler.label)


@blueprint.get("/console/receipts")
@allowed(Role.manager)
def receipts_page() -> Response:
    """The newest webhooks, without their bodies."""
    status = request.args.get("status", "")
    status = status if status in STATUSES else ""
    name = request.args.get("connection", "")[:64]
    with context().db.read() as tx:
        rows = receipts.recent(tx, status=status, connection=name, limit=100)
    return page("receipts", rows=rows, statuses=STATUSES, chosen=status, connection=name)


@blueprint.get("/console/receipts/<public_id>")
@allowed(Role.manager)
def receipt(public_id: str) -> Response:
    """One webhook as it came in; looking at it is written into the log."""
    with context().db.begin() as tx:
        found = receipts.by_public_id(tx, public_id) or abort(404)
        audit.add(tx, me().name, "view_receipt", f"receipt:{found.id}", now())
    body = found.inbound.body.decode(errors="replace")
    return page(
        "receipt", receipt=found, body=body[:MOST_SHOWN], cut=len(body) > MOST_SHOWN, statuses=STATUSES
    )


@blueprint.post("/console/receipts/<public_id>/replay")
@allowed(*EVERYBODY)
def replay(public_id: str) -> AnyResponse:
    """Process a webhook again: the worker does, within seconds, and the page says what became of it."""
    with context().db.begin() as tx:
        known = receipts.by_public_id(tx, public_id) or abort(404)
        kept = receipts.replay(tx, public_id, now())
        if kept:
            audit.add(tx, me().name, "replay", f"receipt:{known.public_id}", now())
    if not kept:
        return page("refused", 409, title=GONE[0], text=GONE[1])
    where = url_for("console_operations.connections_page", done="replay", again=public_id, _anchor="live")
    return redirect(where, 303)
