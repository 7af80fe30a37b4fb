"""The clinic's privacy notice: its own words, filled in with what is set."""

import re
from collections.abc import Iterator

from flask import Blueprint, Response, request

from handlers.clients import vendors
from schemas.clinic import Clinic
from schemas.notions.host import is_here
from schemas.notions.words import Words, placeholders
from web.client.common import page
from web.context import context
from web.language import asked_for, numbers

blueprint = Blueprint("notice", __name__)
PARAGRAPH = re.compile(r"\n\s*\n\s*")
KEPT_AS = {"answers": "answers", "plans": "plans", "checkins": "checkins", "messages": "deliveries"}


@blueprint.get("/privacy")
def notice() -> Response:
    """The notice in the language of the page."""
    language = asked_for(request)
    words = context().library(language).notice
    words = words.knowing(numbers(context().clinic) | _known(words))
    title, intro = words.say("title"), words.say("intro")
    return page("privacy", language, title=title, intro=intro, sections=list(_sections(words)))


def _known(words: Words) -> dict[str, str]:
    """What is set, under the names that the notice may hold; "" for what there is none of."""
    clinic = context().clinic
    return {
        "contact": _contact(clinic),
        "scheduler": ", ".join(vendors.of_schedulers(context())),
        "mail_service": _mail_service(),
        "text_service": vendors.of_texts(context()),
        **{name: _kept(words, days) for name, days in _days(clinic).items()},
    }


def _mail_service() -> str:
    """A mail server of the clinic's own machine is nobody else."""
    host = vendors.of_mail(context())
    return "" if is_here(host) else host


def _contact(clinic: Clinic) -> str:
    return ", ".join(filter(None, (clinic.name, clinic.address, clinic.phone, clinic.email)))


def _days(clinic: Clinic) -> dict[str, int]:
    return {name: getattr(clinic.retention, kind) for name, kind in KEPT_AS.items()}


def _kept(words: Words, days: int) -> str:
    return words.say("kept.days", n=days) if days else words.say("kept.ever")


def _sections(words: Words) -> Iterator[tuple[str, list[str]]]:
    """Title and paragraphs of each section that is about something that there is."""
    left_out = "mail_link" if context().clinic.policy.mail_contents else "mail_plan"
    for key in words.texts:
        under, _, last = key.rpartition(".")
        empty = {name for name in placeholders(words.texts[key]) if words.always.get(name) == ""}
        if last == "text" and under != f"section.{left_out}" and not empty:
            yield words.say(f"{under}.title"), PARAGRAPH.split(words.say(key).strip())
