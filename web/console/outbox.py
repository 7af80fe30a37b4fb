"""The outbox: what goes out when, what went out, what did not and why; and what may be done about it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.plans import basis as plans_basis
from handlers.plans import standing
from handlers.plans.basis import NotNow
from handlers.send import by_hand
from handlers.send import undo as undo_handler
from schemas.delivery import Purpose
from schemas.hold import LOOKS, OF_THE_GATE, REFUSALS
from schemas.reason import Reason
from schemas.staff import Role
from store import choices, deliveries
from store.base import Tx
from store.views import outbox as stored
from web.console import basis, gate, undo
from web.console.gate import EVERYBODY, allowed, me, now
from web.console.tags import PLAN
from web.console.view import page
from web.context import context
from web.numbers import number as whole

blueprint = gate.blueprint("outbox")
# tab: (text, statuses, earliest first)
TABS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "waiting": ("Waits for somebody", ("held",), True),
    "coming": ("Goes out", ("scheduled", "sending"), True),
    "sent": ("Sent", ("sent", "unknown"), False),
    "not": ("Not sent", ("skipped", "withdrawn"), False),
    "failed": ("Failed", ("dead",), False),
    "all": ("All", (), False),
}
ACTS = {
    "held": ("release", "withdraw"),
    "scheduled": ("send_now", "hold", "withdraw"),
    "sent": ("resend",),
    "unknown": ("resend",),
    "skipped": ("send_now",),
    "withdrawn": ("send_now",),
    "dead": ("send_now", "withdraw"),
}
CHOICE = "outbox"
KEPT = ("tab", "purpose", "page", "booking")
HELD_BACK = LOOKS | REFUSALS
PLAN_ACTS = ("release", "send_now", "resend")  # what lets a plan out is for practitioners
# Why a plan waits that a release alone does not let out: the client or a clinician must come first.
NOT_BY_RELEASE = OF_THE_GATE - LOOKS
# Why something was not sent that would not be sent the next time either.
FOR_GOOD = (
    *(
        Reason.cancelled,
        Reason.no_show,
        Reason.erased,
        Reason.same_booking,
        Reason.older_than_connection,
        Reason.not_needed,
    ),
    *(Reason.answered, Reason.visit_started, Reason.unsubscribed, Reason.acknowledged, Reason.newer_plan),
)


@blueprint.get("/console/outbox")
@allowed(*EVERYBODY)
def outbox() -> Response:
    """One tab of the outbox, one page of it."""
    return _page()


def _page(status: int = 200, error: str = "") -> Response:
    booking = request.args.get("booking", type=whole)
    tab, purpose = _chosen(booking)
    number = max(1, min(request.args.get("page", 1, type=whole), 200))
    _text, statuses, upward = TABS[tab]
    with context().db.read() as tx:
        rows = _messages(
            tx, statuses=statuses, purpose=purpose, booking_id=booking, upward=upward, page=number
        )
        soon = _soon_held(tx, booking) if number == 1 else []
        counts = {
            "waiting": stored.waiting(tx, ("held",)) + len(soon),
            "failed": stored.waiting(tx, ("dead",)),
        }
        plans = [one.booking_id for one in [*soon, *rows] if one.purpose == "plan"]
        visits = plans_basis.bases(tx, plans)
    first = tab == "waiting" and purpose in ("", "plan")
    return page(
        "outbox" if "X-Fragment" not in request.headers else "outbox_list",
        status,
        error=error,
        tabs=TABS,
        tab=tab,
        rows=[one for one in [*(soon if first else []), *rows[: stored.PAGE]] if _seen(one, booking)],
        more=len(rows) > stored.PAGE,
        number=number,
        purpose=purpose,
        booking=booking,
        counts=counts,
        may=may,
        basis=lambda one: plans_basis.basis_of_message(
            one.id, one.status, visits[one.booking_id] if one.purpose == "plan" else ""
        ),
        state=state,
    )


def _chosen(booking: int | None) -> tuple[str, str]:
    """The tab and the kind of message: as asked for, or as this person left them."""
    asked = request.args.get("tab", "all" if booking else ""), request.args.get("purpose", "")
    left = any(asked)
    if not left:
        with context().db.read() as tx:
            before, _, kind = choices.of(tx, me().id).get(CHOICE, "").partition(" ")
        asked = before, kind
    tab = asked[0] if asked[0] in TABS else "waiting"
    purpose = asked[1] if asked[1] in list(Purpose) else ""
    if left and request.method == "GET" and not booking and "X-Fragment" not in request.headers:
        with context().db.begin() as tx:
            choices.put(tx, me().id, CHOICE, f"{tab} {purpose}".strip())
    return tab, purpose


def _seen(message: stored.Message, booking: int | None) -> bool:
    """Whether this line is for this person: that a client raised an alert is for practitioners."""
    return not booking or message.purpose != "alert" or me().may(Role.practitioner)


def _messages(tx: Tx, **query: Any) -> list[stored.Message]:
    """One page of messages; a plan that is still to go out bears the reason for which it would not."""
    found = stored.outbox(tx, **query)
    coming = [one.booking_id for one in found if one.purpose == "plan" and one.status == "scheduled"]
    reasons = standing.foreseen(tx, coming)
    return [
        replace(one, reason=one.reason or reasons.get(one.booking_id, Reason.none))
        if one.purpose == "plan" and one.status == "scheduled"
        else one
        for one in found
    ]


def _soon_held(tx: Tx, booking: int | None) -> list[stored.Message]:
    """The next plans that would go out, were it not for an answer that needs a person: not held yet."""
    coming = _messages(tx, statuses=("scheduled",), purpose="plan", booking_id=booking, upward=True)
    return [one for one in coming if one.reason in HELD_BACK]


def may(message: stored.Message) -> list[str]:
    """What this person may do to a message as it stands, and what would lead to anything."""
    acts = ("release", "withdraw") if _waits(message) else ACTS.get(message.status, ())
    without = PLAN_ACTS if message.purpose == "plan" and not me().may(Role.practitioner) else ()
    if message.reason in FOR_GOOD:
        without = (*without, "send_now")
    if message.purpose == "plan" and message.reason in NOT_BY_RELEASE:
        without = (*without, "release")
    return [act for act in acts if act not in without]


def state(message: stored.Message) -> tuple[str, str]:
    """Where a message stands, as a word and a colour; one that the gate will hold is shown as waiting."""
    return PLAN["held" if _waits(message) else message.status]


def _waits(message: stored.Message) -> bool:
    return message.status == "scheduled" and message.reason in HELD_BACK


def _release(tx: Tx, delivery_id: int, by: str, at: datetime) -> None:
    by_hand.release(tx, context(), delivery_id, by, at)


DO: dict[str, Callable[[Tx, int, str, datetime], None]] = {
    "hold": by_hand.hold,
    "release": _release,
    "send_now": by_hand.send_now,
    "resend": by_hand.resend,
    "withdraw": by_hand.withdraw,
}


@blueprint.post(
    "/console/outbox/<int:delivery_id>/<any('hold', 'release', 'send_now', 'resend', 'withdraw'):act>"
)
@allowed(*EVERYBODY)
def do(delivery_id: int, act: str) -> AnyResponse:
    """Hold, release, send now, resend or withdraw one message."""
    try:
        with context().db.begin() as tx:
            found = deliveries.get(tx, delivery_id)
            if found is not None and found.purpose is Purpose.plan and act in PLAN_ACTS:
                _practitioners_only()
            basis.check_message(tx, delivery_id)
            DO[act](tx, delivery_id, me().name, now())
            _leave_time(tx, delivery_id, act)
    except NotNow as error:
        return _page(409, str(error))
    kept: dict[str, Any] = {name: request.args[name] for name in KEPT if name in request.args}
    return redirect(url_for("console_outbox.outbox", done=undo.last_act(), **kept), 303)


def _leave_time(tx: Tx, delivery_id: int, act: str) -> None:
    """What can be undone does not leave before it could be."""
    found = deliveries.get(tx, delivery_id)
    if found is not None and (act == "send_now" or (act == "release" and found.purpose is Purpose.plan)):
        undo_handler.wait_for(tx, found, now())


def _practitioners_only() -> None:
    if not me().may(Role.practitioner):
        raise NotNow("Only a practitioner lets a plan out.")
