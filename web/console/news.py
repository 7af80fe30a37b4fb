"""What somebody is sent about clients: chosen on the page of their account."""

import re
from datetime import time

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.staff import wishes
from handlers.staff.wishes import Wishes
from schemas.notions import phone
from schemas.staff import Role, StaffNews, Wish
from web.console import gate
from web.console.auth import account_page
from web.console.gate import allowed, me
from web.console.news_words import NO_TEXTS
from web.context import context

blueprint = gate.blueprint("news")
CHOICES = {kind: (Wish.now,) if kind is StaffNews.alert else (Wish.now, Wish.daily) for kind in StaffNews}
CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


@blueprint.post("/console/account/news")
@allowed(Role.practitioner)
def change() -> AnyResponse:
    """What I am sent about clients, how, and in which hours; the clinic's own addresses get what they got."""
    form, number = request.form, request.form.get("number", "").strip()[:40]
    begin, end = (CLOCK.fullmatch(form.get(name, "")) for name in ("begin", "end"))
    wanted = Wishes(
        {kind: Wish(form[kind]) for kind, may in CHOICES.items() if form.get(kind) in may},
        number,
        time.fromisoformat(begin[0]) if begin else wishes.BEGIN,
        time.fromisoformat(end[0]) if end else wishes.END,
    )
    if number and phone.for_texts(number, context().clinic.country) is None:
        return account_page(422, error=NO_TEXTS, at="number", wanted=wanted)
    with context().db.begin() as tx:
        wishes.keep(tx, me().id, wanted)
    return redirect(url_for("console_auth.account", done=1, _anchor="news"), 303)
