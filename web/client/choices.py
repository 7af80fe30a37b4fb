"""Your choices: what a client agreed to, takes back or gives again, and asks the clinic for."""

from datetime import datetime

from flask import Blueprint, Response, abort, request

from clinical import identity
from handlers.intake import choices
from handlers.links import Link, LinkPurpose
from render.language import readable
from schemas.client_request import WRONG, RequestKind
from store import attendances, client_requests, clients
from store.base import Tx
from web.client import browser
from web.client.common import CHOICES, KINDS, Typed, chosen_language, link, page, their_language, to
from web.context import context, utc_now
from web.language import asked_for
from web.security import require_own_form

blueprint = Blueprint("choices", __name__)
HERE = {purpose: f"/{KINDS[purpose]}/<token>/choices" for purpose in CHOICES}


def show(token: str) -> Response:
    """What was agreed to, what waits, and how much is kept; nothing that was answered."""
    with context().db.read() as tx:
        return _page(tx, token, _client(tx, token), browser.typed(request.path))


def change(token: str) -> Response:
    """Withdraw a consent or give it again, or ask for something; the same answer however often it is sent."""
    with context().db.begin() as tx:
        client_id = _client(tx, token)
        require_own_form(token)
        if "read_in" in request.form:
            return _read_in(tx, token, client_id)
        tx.lock(f"choices:{clients.root(tx, client_id)}")
        done, language = _carry_out(tx, client_id), their_language(tx, client_id)
    return browser.forget(to(f"{request.path}?{'done' if done else 'same'}&language={language}"))


def _read_in(tx: Tx, token: str, client_id: int) -> Response:
    """The page in another language, with the correction that was typed and not sent."""
    given = request.form.to_dict(flat=False)
    typed: dict[str, list[str]] = {name: given[name] for name in ("what", "right") if name in given}
    answer = to(f"{request.path}?language={chosen_language(asked_for(request))}")
    return browser.keep(answer, request.path, {"typed": typed}) or _page(tx, token, client_id, typed)


for _purpose, _path in HERE.items():
    blueprint.add_url_rule(_path, f"{_purpose}", show, methods=["GET"])
    blueprint.add_url_rule(_path, f"{_purpose}_change", change, methods=["POST"])


def _purpose_of() -> LinkPurpose:
    return LinkPurpose((request.endpoint or "").rpartition(".")[2].removesuffix("_change"))


def _client(tx: Tx, token: str) -> int:
    """Whose choices a link opens; 404 where it says of nobody, or its owner is not reached there any more."""
    opened = link(tx, purpose := _purpose_of(), token)
    found = clients.find(tx, opened.client_id or 0)
    if found is None or found.erased_at or (purpose is LinkPurpose.stop and not _reached(tx, opened)):
        abort(page("dead", asked_for(request), status=404))
    return int(found.id)


def _reached(tx: Tx, opened: Link) -> bool:
    """A mail that went to a wrong address opens nothing once the address was corrected."""
    family = clients.family(tx, opened.client_id or 0)
    return opened.contact_id is not None and attendances.is_reached(tx, family, opened.contact_id)


def _carry_out(tx: Tx, client_id: int) -> bool:
    """400 for what is no choice of this page."""
    act, now = request.form.get("act", ""), utc_now()
    if act in ("give", "withdraw"):
        consent = request.form.get("consent", "")
        return choices.decide(tx, context(), client_id, consent, act == "give", now)
    if act not in (RequestKind.copy, RequestKind.erasure, RequestKind.correction):
        abort(400)
    what, words = ("", "") if act != RequestKind.correction else _correction()
    return choices.ask(tx, client_id, RequestKind(act), now, what, words)


def _correction() -> tuple[str, str]:
    return request.form.get("what", ""), request.form.get("right", "").replace("\0", "")


def _page(tx: Tx, token: str, client_id: int, typed: Typed) -> Response:
    language = their_language(tx, client_id)
    asked = client_requests.of_client(tx, clients.family(tx, client_id))
    found = choices.consents(tx, context(), client_id, language)
    return page(
        "choices",
        language,
        token,
        consents=[(each, _day(each.since, language)) for each in found],
        asked=[(each, _day(each.said_at, language)) for each in asked if each.kind in choices.ASKED],
        kept=choices.kept(tx, client_id),
        name=_name_beside_others(tx, client_id),
        wrong=WRONG,
        typed=typed,
        longest=choices.LONGEST,
        done="done" in request.args,
        same="same" in request.args,
        stop_at=f"/u/{token}" if _purpose_of() is LinkPurpose.stop else "",
    )


def _name_beside_others(tx: Tx, client_id: int) -> str:
    """Whose choices these are, where others read mail at the same address; else ""."""
    others = attendances.beside(tx, clients.family(tx, client_id))
    return identity.in_order(clients.get(tx, client_id).name, context().names) if others else ""


def _day(when: datetime, language: str) -> str:
    """The day on the clinic's calendar."""
    return readable.full_date(when.astimezone(context().zone()).date(), language)
