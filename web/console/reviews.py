"""Sign-off of content: what is signed, what changed since, and who got a plan made from which version."""

from datetime import timedelta
from difflib import unified_diff
from itertools import groupby
from pathlib import Path

from flask import Response, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.plans import reviews
from handlers.plans.reviews import CannotSign
from library import signable
from schemas.review import FileReview, Why
from schemas.staff import Role
from store import audit
from store import reviews as stored_reviews
from web.console import gate, today
from web.console.gate import allowed, me, now
from web.console.view import page, say
from web.context import context

blueprint = gate.blueprint("reviews")
DAYS = 30
WHY = {Why.new: "not signed", Why.changed: "changed since", Why.expired: "signature over"}


def _hashes() -> dict[str, str]:
    """The content as this process reads it: what is signed is what clients get."""
    return context().plan_content(context().clinic.language).hashes


def _group(one: FileReview) -> tuple[str, str]:
    """The language of a file, and the folder that it stands in."""
    folder = one.file.rpartition("/")[0].removeprefix(f"{one.language}/")
    return one.language, "" if folder == one.language else folder


@blueprint.get("/console/content/reviews")
@allowed(Role.practitioner)
def overview() -> Response:
    """Every file: its state, who signed it, until when."""
    return _overview()


def _overview(status: int = 200, error: str = "") -> Response:
    with context().db.read() as tx:
        found = reviews.standing(tx, _hashes(), now())
    groups = [(key, list(rows)) for key, rows in groupby(sorted(found, key=_group), key=_group)]
    open_ones = sum(one.why is not None for one in found)
    return page(
        "reviews", status, groups=groups, count=len(found), open=open_ones, error=error, why_words=WHY
    )


@blueprint.post("/console/content/reviews/sign")
@allowed(Role.practitioner)
def sign() -> AnyResponse:
    """Sign what was ticked, as it was shown: each box says file and hash."""
    shown = (value.partition(" ") for value in request.form.getlist("file"))
    try:
        with context().db.begin() as tx:
            reviews.sign(
                tx,
                Path(current_app.config["CONTENT"]),
                {file: digest for digest, _, file in shown},
                me(),
                now(),
                note=request.form.get("note", ""),
            )
    except CannotSign as error:
        return _overview(409, say()(error.text, **error.words))
    return redirect(url_for("console_reviews.overview", done=1), 303)


@blueprint.get("/console/content/reviews/file/<path:file>")
@allowed(Role.practitioner)
def one_file(file: str) -> Response:
    """One file as it stands, and what changed since it was last signed."""
    text = signable.text_of(Path(current_app.config["CONTENT"]), file)
    if text is None or file not in _hashes():
        abort(404)
    with context().db.read() as tx:
        last = stored_reviews.last(tx, file)
        (found,) = reviews.standing(tx, {file: _hashes()[file]}, now())
    before = last.text.splitlines() if last else text.splitlines()
    changed = list(unified_diff(before, text.splitlines(), n=2, lineterm=""))[2:]
    return page("review_file", found=found, text=text, changed=changed, last=last, why_words=WHY)


@blueprint.get("/console/content/report")
@allowed(Role.practitioner)
def report() -> Response:
    """Which clients got which plan made from which version of which file, in a span of days; to print."""
    last = today.read_day(request.args.get("to", "")) or today.local_day(now())
    first = today.read_day(request.args.get("from", "")) or last - timedelta(days=DAYS)
    file = request.args.get("file", "").strip()[:200]
    start, end = context().midnight(first), context().midnight(last + timedelta(days=1))
    with context().db.begin() as tx:
        audit.add(tx, me().name, "view_report", file, now())
        rows, more = reviews.sent(tx, start, end, file)
    return page("report", rows=rows, more=more, first=first, last=last, file=file)
