"""The console: a practitioner's day, the outbox that explains, and what an operator needs."""

from datetime import date, datetime

from flask import Flask
from markupsafe import Markup

from render.language import readable
from schemas.hold import LOOKS, REFUSALS
from store.vault import SealBroken
from web.console import (
    audit,
    auth,
    basis,
    board,
    booking,
    clients,
    connections,
    content,
    device,
    door_tablet,
    drafts,
    editor,
    gate,
    monitoring,
    news,
    note,
    outbox,
    passkeys,
    reach,
    refusals,
    remarks,
    requests,
    reviews,
    several,
    staff,
    summary,
    today,
    undo,
    waits,
    walk_in,
    week,
    who,
)
from web.console.labels import BOOKINGS, CHANNELS, CORRECTIONS, PLANS, PURPOSES
from web.console.plan_reasons import name_of
from web.console.tags import PLAN
from web.console.view import language
from web.context import context
from web.static_files import url as static_url

PAGES = (
    *(auth, today, week, walk_in, waits, remarks, booking, editor, note, summary, outbox, clients),
    *(drafts, door_tablet, board, connections, content, reviews, audit, staff, who, undo),
    *(requests, several, monitoring, device, passkeys, news, reach),
)
for _module in PAGES:
    if _module not in (note, door_tablet):  # whoever opens a link has no account
        _module.blueprint.register_error_handler(400, refusals.not_taken)
        _module.blueprint.register_error_handler(403, refusals.not_yours)
        _module.blueprint.register_error_handler(404, refusals.not_there)
        _module.blueprint.register_error_handler(413, refusals.too_much)
        _module.blueprint.register_error_handler(SealBroken, refusals.not_open)


def install(app: Flask) -> None:
    """Put the console's pages onto the application."""
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.jinja_env.globals.update(
        csrf_field=csrf_field,
        decided_on=basis.field,
        said_of=undo.said,
        kept_at=drafts.attribute,
        weekday=weekday,
        local=local,
        exercise_name=exercise_name,
        purposes=PURPOSES,
        channels=CHANNELS,
        corrections=CORRECTIONS,
        message_tags=PLAN,
        held_back=LOOKS | REFUSALS,
        booking_words=BOOKINGS,
        plan_words=PLANS,
        static_url=static_url,
    )


def csrf_field() -> Markup:
    """The hidden field that every form of the console carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(gate.csrf_token())


def weekday(day: date) -> str:
    """`Friday, November 27` in the language of the page."""
    return readable.weekday_and_day(day, language())


def local(when: datetime) -> datetime:
    """A time on the clinic's wall."""
    return when.astimezone(context().zone())


def exercise_name(exercise_id: str) -> str:
    """What an exercise is called; the id for one that there is not."""
    return name_of(exercise_id, context().plan_content(language()))
