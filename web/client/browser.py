"""The same browser: for half an hour it sees what was typed in it, and nothing typed elsewhere (PRV-3).

Whoever holds a forwarded link can answer, and sees only these own answers.
"""

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from handlers.house import House

SEEN_FOR = 30 * 60  # seconds since the last screen was saved


def _secure() -> bool:
    house: House = current_app.extensions["aftercare"]
    return house.clinic.public_url.startswith("https://")


def _name() -> str:
    return "__Host-form" if _secure() else "form"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="same-browser")


def seen(intake_id: int) -> frozenset[str]:
    """The steps of this intake that were saved in this browser lately."""
    try:
        found = _signer().loads(request.cookies.get(_name(), ""), max_age=SEEN_FOR)
    except BadSignature:
        return frozenset()
    return frozenset(found["steps"]) if found["intake"] == intake_id else frozenset()


def remember(response: Response, intake_id: int, step: str) -> Response:
    """Let this browser see one step more."""
    steps = sorted(seen(intake_id) | {step})
    response.set_cookie(
        _name(),
        _signer().dumps({"intake": intake_id, "steps": steps}),
        max_age=SEEN_FOR,
        secure=_secure(),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response
