"""The scheduler: a key is pasted, and a button subscribes the webhooks, or it is said what to click there."""

import secrets
from dataclasses import replace
from typing import Any

from flask import Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from handlers.bookings import subscribe
from integrations.base import Ask, IntegrationError, Scheduler, Unsupported
from integrations.http import Http
from integrations.schedulers import SCHEDULERS
from integrations.simulate import new_secret
from schemas.clinic import Connection, variable_of
from schemas.staff import Role
from store import audit
from web.console.gate import allowed, me, now
from web.console.view import say
from web.context import context
from web.setup import desk
from web.setup.fields import NEEDED, PLAIN
from web.setup.pages import LONGEST, blueprint, go_on, kept, step, unconfirmed


@blueprint.get("/setup/<token>/scheduler")
@blueprint.get("/console/setup/scheduler")
@allowed(Role.manager)
def scheduler() -> Response:
    """Which scheduler; then what is to be pasted; then its webhooks."""
    kind = request.args.get("kind", "") or connection()[1]
    if kind not in SCHEDULERS or request.args.get("other"):
        return step("scheduler", kinds={name: each.label for name, each in SCHEDULERS.items()}, kind="")
    return _page(kind, {}, {})


def connection() -> tuple[str, str]:
    """The name of the first connection and its scheduler; "main" and "" while there is none."""
    name, _, kind = _listed()[0].partition("=")
    return (name, kind or name) if name else ("main", "")


def _listed() -> list[str]:
    """Every connection, as `name=scheduler`; the setup is about the first, "" while there is none."""
    listed = desk.values().get("CONNECTIONS", "").split(",")
    return [each.strip() for each in listed if each.strip()] or [""]


def variable(field: str) -> str:
    """The variable of a field of the connection."""
    return variable_of(connection()[0], field)


def _page(
    kind: str,
    shown: dict[str, str],
    wrong: dict[str, str],
    status: int = 200,
    said: str = "",
    done: str = "",
    error: str = "",
) -> Response:
    values = _values(kind)
    asks = [(each, variable(each.name)) for each in SCHEDULERS[kind].asks]
    connected = connection()[1] == kind
    fixed = {each.name for each, name in asks if desk.is_fixed(name)}
    return step(
        "scheduler",
        status,
        kind=kind,
        label=SCHEDULERS[kind].label,
        polled=not SCHEDULERS[kind].has_webhooks,
        asks=[each for each, _name in asks],
        fixed=fixed,
        variables={each.name: name for each, name in asks},
        shown={each.name: values.get(name, "") for each, name in asks if not each.sealed} | shown,
        has={each.name for each, name in asks if each.sealed and values.get(name)},
        wrong=wrong,
        connected=connected,
        by_hand=_by_hand(kind) if connected else [],
        subscribed=_is_subscribed() if connected and not wrong else "",
        said=said,
        done=done,
        at="my_password" if error else "",
        error=error,
    )


def _values(kind: str) -> dict[str, str]:
    """What is set, for this scheduler: what was typed for another one is not shown or sent to it."""
    foreign = _of_another(kind)
    return {name: value for name, value in desk.values().items() if name not in foreign}


def _of_another(kind: str) -> set[str]:
    """The variables that are kept of the connection while it is one to another scheduler."""
    if connection()[1] in ("", kind):
        return set()
    asked = {ask.name for each in SCHEDULERS.values() for ask in each.asks}
    mine = {variable(name) for name in (*asked, "secret", "attach", "webhook_url")}
    return {name for name in mine if not desk.is_fixed(name)}


def _by_hand(kind: str) -> list[str]:
    url = f"{context().clinic.public_url}/webhooks/{connection()[0]}"
    secret = desk.values().get(variable("secret"), "")
    return [say()(each, url=url, secret=secret) for each in SCHEDULERS[kind].by_hand]


def _is_subscribed() -> str:
    """ "yes", "no", or "" where nobody can say."""
    try:
        return "yes" if _ours().is_subscribed() else "no"
    except IntegrationError:
        return ""


def _ours() -> Scheduler:
    """The connection as it is set at this moment; raises IntegrationError."""
    return desk.desk().rebuilt().schedulers[connection()[0]]


@blueprint.post("/setup/<token>/scheduler/save")
@blueprint.post("/console/setup/scheduler/save")
@allowed(Role.manager)
def save_scheduler() -> AnyResponse:
    """Keep the key once the scheduler has taken it."""
    kind = request.form.get("kind", "")
    if kind not in SCHEDULERS:
        abort(400)
    asks = SCHEDULERS[kind].asks
    given = {each.name: request.form.get(each.name, "").strip()[:LONGEST] for each in asks}
    if not_me := unconfirmed():
        return _page(kind, given, {}, not_me[1], error=not_me[0])
    given |= {each.name: given[each.name] or _had(kind, each) for each in asks if not each.sealed}
    moved = given.get("api_base", "") != _values(kind).get(variable("api_base"), "")
    keys = [each for each in asks if each.sealed]
    given |= {each.name: given[each.name] or ("" if moved else _had(kind, each)) for each in keys}
    wrong = {name: PLAIN for name, value in given.items() if not (value.isascii() and value.isprintable())}
    wrong |= {each.name: NEEDED for each in asks if each.needed and not given[each.name]}
    if wrong:
        return _page(kind, given, wrong, 422)
    changes = _changes(kind, given)
    problems = desk.desk().problems(changes)
    if problems:  # before a key goes where others could read it on the way
        return _page(kind, given, {}, 422, said=" ".join(problems))
    if said := _refusal(kind, given):
        return _page(kind, given, said, 422)
    kept(changes)
    return go_on("scheduler", _anchor="webhooks")


def _changes(kind: str, given: dict[str, str]) -> dict[str, str]:
    """What is to be kept, but for what the environment gives; other connections stay as they are."""
    made = {variable(name): value for name, value in given.items()}
    made[variable("secret")] = _secret(kind, given)
    made["CONNECTIONS"] = ",".join([f"{connection()[0]}={kind}", *_listed()[1:]])
    gone = dict.fromkeys(_of_another(kind), "")
    return gone | {name: value for name, value in made.items() if not desk.is_fixed(name)}


def _had(kind: str, ask: Ask) -> str:
    """What stays as it is: a key that is not typed again, or what the environment gives."""
    name = variable(ask.name)
    return _values(kind).get(name, "") if ask.sealed or desk.is_fixed(name) else ""


def _refusal(kind: str, given: dict[str, str]) -> dict[str, str]:
    """What the scheduler says that does not take what was pasted."""
    base = _values(kind).get(variable("api_base"), "")
    contact = desk.clinic().mailbox
    bare = Connection(connection()[0], kind, secrets=("x" * 32,), api_base=base, contact=contact)
    scheduler = SCHEDULERS[kind](replace(bare, **given), Http())  # type: ignore[arg-type] # texts, by their names
    try:
        scheduler.ping()
    except Unsupported:
        return {}
    except IntegrationError as error:
        return {scheduler.asks[-1].name if scheduler.asks else "": error.sentence.said(say())}
    return {}


def _secret(kind: str, given: dict[str, str]) -> str:
    """Where the webhook's secret comes from, by the ways of this scheduler."""
    ways: dict[str, Any] = {
        "register": lambda: "register",
        "api_key": lambda: given.get("api_key", ""),
        "nothing": lambda: "",
        "ours": lambda: (
            _values(kind).get(variable("secret"), "") or new_secret(kind, secrets.token_bytes(24))
        ),
    }
    return str(ways[SCHEDULERS[kind].signs_with]())


@blueprint.post("/setup/<token>/scheduler/register")
@blueprint.post("/console/setup/scheduler/register")
@allowed(Role.manager)
def register() -> AnyResponse:
    """Subscribe the webhooks, or repair what is there."""
    name, kind = connection()
    if kind not in SCHEDULERS:
        abort(400)
    try:
        subscribe.subscribe(desk.desk().rebuilt(), name, now())
    except IntegrationError as error:
        return _page(kind, {}, {}, 422, said=error.sentence.said(say()))
    with context().db.begin() as tx:
        audit.add(tx, me().name, "webhook_subscribed", f"connection:{name}", now())
    return go_on("services")
