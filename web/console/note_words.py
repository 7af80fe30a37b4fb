"""How a session note is typed and said."""

from flask import request

from handlers.intake import summary
from schemas.session_note import Response as Took
from schemas.session_note import SendWish, SessionNote
from web.console.view import language
from web.context import context

NEXT_VISITS = ("1", "2", "3", "4", "6", "8", "12")  # weeks
TOOK = {
    Took.EASED: "Eased",
    Took.NO_CHANGE: "No change",
    Took.SORE: "Sore",
    Took.STOPPED_EARLY: "Stopped early",
}
AREAS = (
    *("neck_back", "upper_trap", "shoulder_blade", "shoulder_back", "chest", "mid_back", "low_back"),
    *("buttock", "hip_side", "thigh_front", "thigh_back", "knee_front", "calf", "foot_sole", "forearm_back"),
)


def area_words() -> list[tuple[str, str]]:
    """Where a session may work, as (body-map id, words)."""
    words = summary.words(context(), language())
    return [(name, words.place(name)) for name in AREAS]


def note_from(author: str, credential: str) -> SessionNote:
    """The note that was posted; unknown words are left out, never guessed."""
    took, send = request.form.get("response", ""), request.form.get("send", "")
    cap = request.form.get("level_cap", "3")
    wish = SendWish(send) if send in list(SendWish) else SendWish.HOLD
    worry = "new_concern" in request.form
    return SessionNote(
        send=SendWish.HOLD if worry and wish is SendWish.OK_TO_SEND else wish,
        author=author,
        credential=credential,
        areas_worked=tuple(one for one in request.form.getlist("areas") if one in AREAS),
        response=Took(took) if took in list(Took) else None,
        new_concern=worry,
        level_cap=int(cap) if cap in ("1", "2", "3") else 3,
        next_visit_weeks=_weeks(request.form.get("next_visit_weeks", "")),
        client_note=request.form.get("client_note", "").strip()[:200],
    )


def _weeks(typed: str) -> int:
    return int(typed) if typed in NEXT_VISITS else 0
