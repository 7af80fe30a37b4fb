"""The same browser: for half an hour it sees what was typed in it, and nothing typed elsewhere (PRV-3).

Whoever holds a forwarded link can answer, and sees only these own answers. What the last form brought, and
what was typed into it, goes sealed into a cookie: the page that follows a post can be opened again and again.
"""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from flask import Response, current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from store.vault import SealBroken
from web import cookies
from web.context import context, utc_now

COOKIE, KEPT = "form", "kept"
SEEN_FOR = 30 * 60  # seconds since the last screen was saved
LONGEST = 4000  # characters that every browser keeps in one cookie


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="same-browser")


def seen(intake_id: int) -> frozenset[str]:
    """The steps of this intake that were saved in this browser lately."""
    try:
        found = _signer().loads(cookies.value(COOKIE), max_age=SEEN_FOR)
    except BadSignature:
        return frozenset()
    return frozenset(found["steps"]) if found["intake"] == intake_id else frozenset()


def remember(response: Response, intake_id: int, *more: str) -> Response:
    """Let this browser see these steps too."""
    steps = sorted(seen(intake_id) | {*more})
    cookies.put(response, COOKIE, _signer().dumps({"intake": intake_id, "steps": steps}), SEEN_FOR)
    return response


def greet(response: Response) -> Response:
    """Let the browser show with its next request that it keeps cookies."""
    if not cookies.value(COOKIE):
        cookies.put(response, COOKIE, _signer().dumps({"intake": 0, "steps": []}), SEEN_FOR)
    return response


def keep(response: Response, place: str, what: dict[str, Any]) -> Response | None:
    """Let this browser find `what` (JSON) at a place until it sends the next form.

    None where that is not sure, since it sends no cookies or this one is too long: answer without a redirect.
    """
    said = zlib.compress(json.dumps([utc_now().timestamp() + SEEN_FOR, what], ensure_ascii=False).encode())
    sealed = urlsafe_b64encode(context().db.vault.seal(said, f"{KEPT}:{place}")).decode()
    if not cookies.value(COOKIE) or len(sealed) > LONGEST:
        return None
    cookies.put(response, KEPT, sealed, SEEN_FOR)
    return response


def kept(place: str) -> dict[str, Any]:
    """What this browser may find at a place; empty for nothing."""
    try:
        sealed = urlsafe_b64decode(cookies.value(KEPT))
        said = json.loads(zlib.decompress(context().db.vault.open(sealed, f"{KEPT}:{place}")))
    except (ValueError, SealBroken, zlib.error):
        return {}
    found: dict[str, Any] = said[1] if utc_now().timestamp() < said[0] else {}
    return found


def typed(place: str) -> dict[str, list[str]]:
    """What was chosen and not sent at a place, when the page was last asked for in another language."""
    found: dict[str, list[str]] = kept(place).get("typed", {})
    return found


def forget(response: Response) -> Response:
    """The next form was sent: what the one before brought is not shown again."""
    if cookies.value(KEPT):
        cookies.drop(response, KEPT)
    return response
