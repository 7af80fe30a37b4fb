"""What the pages of the setup share: where each step is, who may see it, what is typed and what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import setup_link
from schemas.staff import Role, Stage
from web.console import gate
from web.console.auth import confirmed
from web.console.gate import me, now
from web.console.view import page
from web.context import context
from web.security import count_guess
from web.setup import desk
from web.setup.fields import NEEDED, TOO_LONG, Field

blueprint = gate.blueprint("setup")
STEPS = {
    "clinic": "Clinic",
    "mail": "Mail",
    "scheduler": "Scheduler",
    "services": "Services",
    "webhook": "First booking",
}
LIVE = ("mail", "webhook")  # pages with a part that looks again by itself
LONGEST = 2000  # characters of one value
LONGEST_LINE = 300  # characters: no line of a mail may have a thousand


@blueprint.url_value_preprocessor
def take_token(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The token of the address; "" for the same page in the console."""
    g.setup_token = (values or {}).pop("token", "")


@blueprint.before_request
def only_while_good() -> Response | None:
    """An address whose token is wrong, old or done with leads nowhere; it says where another comes from.

    A manager who is signed in needs none: what was opened before the token ended goes on as in the console.
    """
    if not g.setup_token:
        return None
    with context().db.read() as tx:
        good = setup_link.is_good(tx, context(), g.setup_token, now())
    if good:
        return None
    if g.session and g.session.stage is Stage.full and me().may(Role.manager):
        g.setup_token = ""
        return None
    count_guess()
    return page("setup_gone", 404)


def place(endpoint: str, **values: Any) -> str:
    """The address of a page of the setup, below the same beginning as this one."""
    token = {"token": g.setup_token} if g.setup_token else {}
    return url_for(f"console_setup.{endpoint}", **token, **values)


def step(name: str, /, status: int = 200, **values: Any) -> Response:
    """One step of the setup."""
    shown: dict[str, Any] = {"step": name, "steps": STEPS, "place": place, "asks_me": is_set_up()}
    if g.setup_token:
        shown["full"] = False  # the menu of the console comes when there is something in it
    part = "_state" if "X-Fragment" in request.headers and name in LIVE else ""
    return page(f"setup_{name}{part}", status, **shown, **values)


def unconfirmed() -> tuple[str, int] | None:
    """What is wrong with the own password or passkey, which a setting needs once the clinic is set up.

    With its cookie alone nobody leads mails, links or keys of schedulers elsewhere.
    """
    return confirmed() if is_set_up() else None


def is_set_up() -> bool:
    """True once the setup was finished, or where the environment says everything."""
    with context().db.read() as tx:
        return not setup_link.is_open(tx)


def go_on(name: str, **values: Any) -> AnyResponse:
    """On to a step, by an address that may be loaded again."""
    return redirect(place(name, **values), 303)


def typed(fields: Sequence[Field]) -> dict[str, str]:
    """What was typed, but for what the environment gives and for a password that stays as it is."""
    given = {each.name: request.form.get(each.name, "").strip()[:LONGEST] for each in fields}
    keeps = {each.name for each in fields if each.sealed and not given[each.name]}
    return {name: value for name, value in given.items() if name not in keeps and not desk.is_fixed(name)}


def lacking(fields: Sequence[Field], given: Mapping[str, str]) -> dict[str, str]:
    """What must be filled in and is not, or is too long."""
    empty = [each for each in fields if each.needed and given.get(each.name) == ""]
    long = [each.name for each in fields if len(given.get(each.name, "")) > LONGEST_LINE and not each.sealed]
    found = {each.name: each.wrong if each.kind == "select" else NEEDED for each in empty}
    return found | dict.fromkeys(long, TOO_LONG)


def kept(given: Mapping[str, str]) -> None:
    """Keep what was typed, in the name of who is signed in."""
    desk.keep(given, me())
