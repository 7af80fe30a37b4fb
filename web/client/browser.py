"""The same browser: for half an hour it sees what was typed in it, and nothing typed elsewhere (PRV-3).

Whoever holds a forwarded link can answer, and sees only these own answers.
"""

from flask import Response, current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from web import cookies

COOKIE = "form"
SEEN_FOR = 30 * 60  # seconds since the last screen was saved


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="same-browser")


def seen(intake_id: int) -> frozenset[str]:
    """The steps of this intake that were saved in this browser lately."""
    try:
        found = _signer().loads(cookies.value(COOKIE), max_age=SEEN_FOR)
    except BadSignature:
        return frozenset()
    return frozenset(found["steps"]) if found["intake"] == intake_id else frozenset()


def remember(response: Response, intake_id: int, step: str) -> Response:
    """Let this browser see one step more."""
    steps = sorted(seen(intake_id) | {step})
    cookies.put(response, COOKIE, _signer().dumps({"intake": intake_id, "steps": steps}), SEEN_FOR)
    return response
