"""The end of the setup: the first booking comes, and the address leads nowhere from now on."""

from collections.abc import Sequence

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import setup_link
from integrations.schedulers import SCHEDULERS
from schemas.notions.words import Translatable
from schemas.staff import Role
from store import bookings, connections, receipts
from web.commands import check
from web.console.connections import STATUSES
from web.console.gate import allowed, me, now
from web.console.view import page, say
from web.context import context
from web.mail_tried import came
from web.setup import desk
from web.setup.fields import CLINIC, MAIL, PUBLIC
from web.setup.pages import STEPS, blueprint, place, step
from web.setup.scheduler import connection


@blueprint.get("/setup/<token>/webhook")
@blueprint.get("/console/setup/webhook")
@allowed(Role.manager)
def webhook() -> Response:
    """Wait for the first webhook, or where there are none the first booking, and show it."""
    return _page()


def _page(status: int = 200, lacks: list[str] | None = None) -> Response:
    name, kind = connection()
    polled = kind in SCHEDULERS and not SCHEDULERS[kind].has_webhooks
    with context().db.read() as tx:
        heard = connections.get(tx, name)
        rows = receipts.recent(tx, connection=name, limit=1)
        visit = bookings.newest(tx, name, None if polled else rows[0].id) if rows or polled else None
    if heard:  # what the former scheduler sent under this name is not the first of this one
        rows = [each for each in rows if each.received_at >= heard.first_seen_at]
        visit = visit if visit and (rows or (polled and visit.first_seen_at >= heard.first_seen_at)) else None
    url = f"{context().clinic.public_url}/webhooks/{name}"
    shown = {"rows": rows, "visit": visit, "statuses": STATUSES, "name": name, "kind": kind, "url": url}
    shown["refused_at"] = heard.last_refused_at if heard and not polled else None
    undone, rest = _undone(lacks or [])
    return step(
        "webhook", status, **shown, polled=polled, came=rows or visit, undone=undone, rest=rest, tried=came()
    )


def _undone(lacks: list[str]) -> tuple[list[str], list[str]]:
    """The steps in which something is missing, and what belongs to none of them."""
    found = {line: _step_of(line) for line in lacks}
    return [name for name in STEPS if name in found.values()], [line for line in lacks if not found[line]]


def _step_of(line: str) -> str:
    if "CONNECTIONS" in line:
        return "scheduler"
    fields = {"clinic": (PUBLIC, *CLINIC), "mail": MAIL}
    return next((name for name in fields if any(each.is_meant(line) for each in fields[name])), "")


@blueprint.post("/setup/<token>/finish")
@blueprint.post("/console/setup/finish")
@allowed(Role.manager)
def finish() -> AnyResponse:
    """Close the setup, once nothing is missing without which Aftercare does not run."""
    lacks = desk.desk().lacks()
    if lacks:
        return _page(422, lacks)
    with context().db.begin() as tx:
        setup_link.close(tx, me().name, now())
    return redirect(url_for("console_today.today"), 303)


@blueprint.get("/console/setup")
@allowed(Role.manager)
def overview() -> Response:
    """What is missing or wrong: the list of `flask check`, and the page for each part."""
    found = check.found(
        seals=False
    )  # the worker reads them in rounds; what does not open is among the troubles
    wrong, remarks = _in_words(found.wrong), _in_words(found.remarks)
    return page("setup", wrong=wrong, remarks=remarks, tried=came(), steps=STEPS, place=place)


def _in_words(lines: Sequence[str]) -> list[str]:
    """Each line in the language of the page, where we have the words."""
    return [line.said(say()) if isinstance(line, Translatable) else line for line in lines]
