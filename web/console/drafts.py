"""What is typed into a form is kept at the clinic until it is sent, also when the session ends before."""

from flask import Response, abort, g, redirect, request, url_for
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import drafts
from handlers.staff.drafts import Draft
from schemas.staff import Role, Staff, Stage
from store.base import Tx
from web.console import gate
from web.console.gate import allowed, me, now
from web.console.view import page
from web.context import context
from web.security import from_here

blueprint = gate.blueprint("drafts")
SOMEBODY_ELSE = (
    "Somebody else is signed in here",
    "Nothing was done. What was typed is kept for whoever typed it: they find it when they sign in.",
)
PAGES = {
    "note": "/console/bookings/{}",
    "plan": "/console/bookings/{}/plan/change",
    "remark": "/console/waits",
}


def of_another_session() -> AnyResponse | None:
    """Keep the words of a form that was begun in another session than this; None for any other request."""
    place = gate.place()
    if not place or gate.is_mine():
        return None
    who = _rescued(place)
    if who is None:
        return None
    back = PAGES[place.partition("-")[0]].format(place.partition("-")[2])
    if g.session is None or g.session.stage is not Stage.full:
        return redirect(url_for("console_auth.login", next=back, typed=1), 303)
    if who.id == me().id:
        return redirect(back, 303)
    return page("refused", 409, title=SOMEBODY_ELSE[0], text=SOMEBODY_ELSE[1])


def _rescued(place: str) -> Staff | None:
    """Whose words they were, once they are kept."""
    try:
        fields = list(request.form.items(multi=True))
    except RequestEntityTooLarge:  # it would not be kept either
        return None
    token = request.form.get("csrf", "")
    if len(token) != gate.TOKEN_LENGTH or request.mimetype not in gate.FORMS or not from_here():
        return None
    if any("\0" in value for _name, value in fields):
        return None
    with context().db.begin() as tx:
        who = drafts.begun_by(tx, token, gate.token_of, now())
        return who if who and drafts.keep(tx, who, place, fields, now()) else None


@blueprint.post("/console/drafts/<any('note', 'plan', 'remark'):kind>/<int:number>")
@gate.takes_draft("{kind}-{number}")
@allowed(Role.practitioner)
def keep(kind: str, number: int) -> AnyResponse:
    """Keep what stands in a form now; with `throw` it is thrown away."""
    place = f"{kind}-{number}"
    with context().db.begin() as tx:
        if "throw" in request.form:
            drafts.forget(tx, me(), place)
        elif not drafts.keep(tx, me(), place, request.form.items(multi=True), now()):
            abort(404)
    if "throw" in request.form:
        return redirect(PAGES[kind].format(number), 303)
    return Response(status=204)


def find(tx: Tx, place: str) -> Draft | None:
    """What I have typed into a form and not sent."""
    return drafts.find(tx, me(), place)


def typed(draft: Draft | None) -> MultiDict[str, str]:
    """The fields of it, as a form that was posted."""
    return MultiDict(draft.fields if draft else ())


def forget(tx: Tx, place: str) -> None:
    """It was sent."""
    drafts.forget(tx, me(), place)


def attribute(place: str) -> Markup:
    """What makes the script keep a form."""
    kind, _, number = place.partition("-")
    return Markup('data-keep="{}"').format(url_for("console_drafts.keep", kind=kind, number=number))
