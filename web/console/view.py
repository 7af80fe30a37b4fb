"""What every page of the console shares: words, times in the clinic's zone, who is logged in."""

import secrets
from datetime import datetime
from functools import cache
from typing import Any

from flask import Response, g, make_response, render_template, request

from handlers.staff import passkeys, setup_link
from handlers.worker import troubles
from render.language import readable
from schemas.staff import Role
from store import passkeys as stored_passkeys
from store.base import Tx
from web import cookies
from web.console import gate
from web.console.labels import sentence, worded
from web.context import context
from web.language import NAMES, Say, say_in
from web.troubles import quoted
from web.troubles import sentence as sentence_of

# endpoint, text, who sees it, key of the shortcut
NAV = (
    ("console_today.today", "Today", gate.EVERYBODY, "t"),
    ("console_waits.waits", "Waits for you", gate.EVERYBODY, "w"),
    ("console_outbox.outbox", "Outbox", gate.EVERYBODY, "o"),
    ("console_clients.search", "Clients", gate.EVERYBODY, "c"),
    ("console_board.board", "Board", gate.EVERYBODY, "b"),
    ("console_operations.connections_page", "Connections", gate.EVERYBODY, "r"),
    ("console_content.content", "Content", (Role.practitioner,), ""),
    ("console_audit.audit", "Log", (Role.manager,), ""),
    ("console_people.people", "Staff", (Role.manager,), ""),
    ("console_setup.overview", "Setup", (Role.manager,), ""),
)


def language() -> str:
    """The language of the console for this person; before the login, what the browser asks for."""
    if g.get("staff"):
        return gate.me().language
    return request.accept_languages.best_match(list(NAMES)) or "en"


def say() -> Say:
    """The words of this request's language."""
    return say_in(language())


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page of the console."""
    values = _shared() | values
    return make_response(render_template(f"console/{template}.html", **values), status)


def open_page(template: str, status: int = 200, **values: Any) -> Response:
    """A page for who has not signed in: its form is tied to this browser by a key of its own."""
    g.login_key = gate.login_key() or secrets.token_urlsafe(32)
    response = page(template, status, **values)
    gate.set_cookie(response, g.login_key, gate.LOGIN)
    return response


def _shared() -> dict[str, Any]:
    who = g.get("staff")
    full = bool(g.get("session") and g.session.stage == "full")
    zone = context().zone()
    return {
        "t": say(),
        "lang": language(),
        "me": who,
        "full": full,
        "has_passkey": has_passkey,
        "has_pin": full and cookies.value(gate.DEVICE) != "",
        **(_known() if full and "X-Fragment" not in request.headers else NOTHING_KNOWN),
        "nav": [item for item in NAV if who is not None and who.may(*item[2])],
        "csrf": gate.csrf_token(),
        "clinic": context().clinic,
        "shown_name": shown_name,
        "clock": clock,
        "day": day,
        "moment": moment,
        "iso": readable.utc,
        "why": lambda word: sentence(word, say(), clinical=who is not None and who.may(Role.practitioner)),
        "worded": lambda detail: worded(detail, say()),
        "zone_name": zone.key,
        "now": gate.now(),
        "drawn_once": cache,  # a macro whose words are the same for many lines
    }


def has_passkey() -> bool:
    """True where who is signed in may give a passkey in the place of the password; read once for a page."""
    if "has_passkey" not in g:
        with context().db.read() as tx:
            here = passkeys.site(context()) is not None
            g.has_passkey = here and bool(stored_passkeys.of_staff(tx, gate.me().id))
    return bool(g.has_passkey)


def shown_name() -> str:
    """The clinic's name; "Aftercare" while a clinic is set up that is still called as the sample."""
    clinic = context().clinic
    if not clinic.is_sample:
        return clinic.name
    with context().db.read() as tx:
        return "Aftercare" if setup_link.is_open(tx) else clinic.name


NOTHING_KNOWN: dict[str, Any] = {"waiting": 0, "troubles": []}


def _known() -> dict[str, Any]:
    """How much waits for who is signed in, and what is wrong."""
    from web.console import waits

    with context().db.read() as tx:
        return {"waiting": waits.count(tx), "troubles": _troubles(tx)}


def _troubles(tx: Tx) -> list[dict[str, str]]:
    """What is wrong, each in a sentence, with the page that shows more of it."""
    return [
        {
            "name": each.name,
            "sentence": sentence_of(each, say()),
            "quoted": worded(quoted(each), say()),
            "since": moment(each.since),
            "href": troubles.page_of(each),
        }
        for each in troubles.current(tx, context(), gate.now())
    ]


def _local(when: datetime, zone: str | None = None) -> datetime:
    return when.astimezone(context().zone(zone or ""))


def clock(when: datetime, zone: str | None = None) -> str:
    """The time of day on the clinic's wall (or in the zone of a booking)."""
    return readable.clock(_local(when, zone), language())


def day(when: datetime) -> str:
    """`Nov 27`, with the year when it is another one than now."""
    local = _local(when)
    text = readable.short_date(local.date(), language())
    return text if local.year == _local(gate.now()).year else f"{text}, {local.year}"


def moment(when: datetime) -> str:
    """`Nov 27, 3:00 PM`."""
    return f"{day(when)}, {clock(when)}"
