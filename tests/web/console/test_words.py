"""Every text of the console has its Spanish, and every Spanish text is used."""

import ast
import re
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from handlers.bookings import walk_in as walk_ins
from handlers.plans import clips
from handlers.plans.basis import CHANGED
from handlers.plans.by_hand import NO_BASIS, NO_PLAN, NOTHING_TO_CHANGE
from handlers.send import undo as undo_handler
from handlers.staff import accounts, devices, passkeys, passwords
from integrations.channels.email import ADVICE
from integrations.schedulers import SCHEDULERS, easyappointments
from library import originals, questionnaires, reading, unread
from render import mail_check
from schemas import media
from schemas.delivery import Channel, DeliveryStatus, Purpose
from schemas.trouble import Trouble, TroubleKind
from settings import crisis
from tests.helpers.clinic import NOW
from web import troubles
from web.client import stop
from web.commands import check
from web.console import (
    auth,
    board,
    booking,
    clients,
    connections,
    drafts,
    editor,
    labels,
    monitoring,
    news_words,
    note_words,
    outbox,
    plan_did,
    plan_form,
    plan_reasons,
    refusals,
    remarks,
    requests,
    reviews,
    several,
    staff,
    tags,
    undo,
    view,
    waits,
    walk_in,
)
from web.language import say_in, texts
from web.setup import clinic, fields, mail, pages, services

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "web" / "templates" / "console"
CODE = ROOT / "web" / "console"
SETUP = ROOT / "web" / "setup"
QUOTED = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""


def in_pages() -> Iterator[str]:
    for page in PAGES.glob("*.html"):
        own = "staff" if page.name == "preview.html" else "t"  # a preview speaks in the client's words
        for found in re.findall(rf"\b{own}\(\s*{QUOTED}", page.read_text("utf-8")):
            yield found[1:-1]


def in_code() -> Iterator[str]:
    for module in (*CODE.glob("*.py"), *(each for each in SETUP.glob("*.py") if each.name != "fields.py")):
        text = module.read_text("utf-8")
        for found in re.findall(rf"\b(?:(?:say|error=|NotNow)\(?|t\()\s*{QUOTED}", text):
            yield found[1:-1]
    for module in (ROOT / "handlers").rglob("*.py"):
        text = module.read_text("utf-8")
        for found in re.findall(rf"\b(?:CannotSign|NotNow|Unfit)\(\s*{QUOTED}", text):
            yield found[1:-1]


def translatable() -> Iterator[str]:
    """What `check` says, and Setup in the console in the language of who reads it."""
    for room in ("settings", "library", "integrations", "web"):
        for module in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    name = ast.unparse(node.func).rpartition(".")[2]
                    yield from _constant(
                        node.args, {"Translatable": 0, "_text": 0, "need_from_setup": 1}.get(name, 9)
                    )


def _constant(given: list[ast.expr], place: int) -> Iterator[str]:
    each = given[place] if place < len(given) else None
    if isinstance(each, ast.Constant) and isinstance(each.value, str):
        yield each.value


def in_tables() -> Iterator[str]:
    yield from (
        auth.WRONG,
        auth.TOO_MANY,
        auth.BUSY,
        auth.NOT_ME,
        *(*auth.OVER, *auth.WAY_OVER),
        *(*monitoring.WHAT.values(), *monitoring.SOURCES.values(), monitoring.NO_ADVICE),
        *(*monitoring.FACTS, *monitoring.HEADS, monitoring.TITLE),
        *(several.NONE, several.SOME),
        *(*devices.FAULTS, auth.NO_PIN, *passkeys.FAULTS, auth.NOT_MY_KEY),
        *drafts.SOMEBODY_ELSE,
        *(remarks.EMPTY, remarks.FIRST, remarks.LEFT),
        *passwords.FAULTS,
        accounts.NOT_OURS,
        accounts.NO_MANAGER,
        tags.FOR_YOU[0],
        undo_handler.LATE,
        "Not undone",
    )
    yield from (*undo.DID.values(), "Done.", undo_handler.LATE, "Not undone")
    yield from (CHANGED, NO_BASIS, NO_PLAN, NOTHING_TO_CHANGE, *booking.STAYS.values())
    yield from (text for _endpoint, text, _roles, _key in view.NAV)
    yield from waits.KINDS.values()
    yield from (*walk_in.WRONG.values(), walk_in.ANY, walk_ins.NOT_HERE)
    yield from (*reviews.WHY.values(), *connections.GONE)
    yield from (*labels.SENTENCES.values(), labels.NOT_YOURS, *labels.DETAILS, labels.NO_WAY, labels.OFF)
    yield from (
        *refusals.NOT_YOURS,
        *refusals.NOT_THERE,
        *refusals.NOT_OPEN,
        *refusals.NOT_TAKEN,
        *refusals.TOO_MUCH,
        *connections.GONE,
    )
    for table in (
        tags.INTAKE,
        tags.FLAGS,
        tags.PLAN,
        tags.STATUS,
        connections.STATUSES,
    ):
        yield from (text for text, _colour in table.values())
    yield from note_words.TOOK.values()
    for words in (labels.PURPOSES, labels.CHANNELS, labels.BOOKINGS, labels.PLANS, labels.ACTS):
        yield from words.values()
    yield from labels.WAYS.values()
    yield from (*labels.CORRECTIONS.values(), requests.FIRST)
    yield from (*plan_form.GROUPS.values(), *board.PERIODS.values())
    yield from (*plan_reasons.BY_KEY.values(), *plan_reasons.BY_EFFECT.values())
    yield from (plan_reasons.TAKEN_OUT, plan_reasons.CHANGE_REFUSED, plan_reasons.PROTOCOL)
    yield from (text for _name, text in board.MEASURES)
    yield from (labels.WRONG_FIELD, *labels.WANTED)
    yield from (news_words.NO_TEXTS, *news_words.NEWS.values(), *news_words.WHEN.values())
    yield from (*clients.LISTS.values(), *(text for text, _statuses, _upward in outbox.TABS.values()))
    yield from (*staff.ROLE.values(), *staff.ROLES.values())
    yield from (*editor.LABELS.values(), *editor.SIDES.values(), *editor.LEVELS.values(), editor.NO_MOVES)
    yield from (*plan_did.WORDS.values(), plan_did.BEGUN, plan_did.SAVED, plan_did.DELETED)
    yield from (
        media.TOO_LARGE,
        media.NO_KIND,
        media.BROKEN,
        media.INFECTED,
        media.NOT_SCANNED,
        clips.HEVC,
        clips.IN_PIECES,
        clips.WEBM,
    )
    yield from ("Front", "Back")
    yield from (check.REMARK, *check.TROUBLE, *check.EVERYWHERE, easyappointments.AT_UTC, crisis.UNKNOWN)
    yield from (reading.NOBODY, reading.NOT_TRANSLATED, reading.SHIPPED_INSTEAD, mail_check.LACKING)
    yield originals.OLDER
    yield from (questionnaires.NOT_USED, unread.NOT_ASKED, unread.NO_CHOICE, check.NOT_DRAWN)
    yield from troubles.SENTENCES.values()
    for asked in (*fields.ACCOUNT, fields.PUBLIC, *fields.CLINIC, *fields.MAIL, fields.TO):
        yield from (asked.label, asked.hint, asked.wrong, *asked.choices.values())
    for kind in SCHEDULERS.values():
        yield from (text for each in kind.asks for text in (each.label, each.hint))
        yield from (*kind.by_hand, *kind.seen_by.values())
        yield getattr(import_module(kind.__module__), "DENIED", "")
    yield from (
        fields.NEEDED,
        fields.TOO_LONG,
        mail.AGAIN,
        clinic.NO_ANSWER,
        clinic.BY_NIGHT,
        clinic.NOT_KNOWN,
        *(said for _kind, said in ADVICE),
        *pages.STEPS.values(),
        *services.FORMS.values(),
    )


def used() -> set[str]:
    return {*in_pages(), *in_code(), *in_tables(), *translatable()} - {""}


def test_every_text_of_the_console_has_its_spanish() -> None:
    missing = sorted(used() - set(texts("es")))
    assert not missing, "\n".join(missing)


def test_no_spanish_text_stands_there_for_nothing() -> None:
    # "erased" counts the tables that were emptied, by their labels.
    assert sorted(set(texts("es")) - used() - TABLES) == []


TABLES = {
    *("intake changes", "intakes", "checkins", "plans", "records", "links", "flags", "session notes"),
    *("plan edits", "own media", "deliveries", "bookings", "webhooks", "texts", "remarks", "client requests"),
}


def holes(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}


def test_a_translation_has_the_same_holes_to_fill() -> None:
    for english, spanish in texts("es").items():
        assert holes(english) == holes(spanish), english


@pytest.mark.parametrize("kind", troubles.SENTENCES)
def test_a_trouble_leaves_no_hole_in_its_sentence(kind: TroubleKind) -> None:
    trouble = Trouble(kind, "praxis-süd", "7", NOW)
    for language in ("en", "es"):
        assert not holes(troubles.sentence(trouble, say_in(language))), kind


def test_every_word_of_a_closed_list_has_its_text() -> None:
    assert set(labels.PURPOSES) == set(Purpose)
    assert set(labels.CHANNELS) == set(Channel)
    assert set(tags.PLAN) == set(DeliveryStatus)


def test_every_way_to_write_to_a_scheduler_has_its_words() -> None:
    assert {way for kind in SCHEDULERS.values() for way in kind.ways} == set(labels.WAYS)


def test_every_act_in_the_log_has_its_words() -> None:
    found: set[str] = set()
    for room in ("handlers", "web"):
        for path in (ROOT / room).rglob("*.py"):
            found |= set(re.findall(r'audit\.add\(tx, [^,]+, "([a-z_]+)"', path.read_text("utf-8")))
    assert len(found) > 15
    found |= {f"stop_{channel}" for channel in stop.CHANNELS}
    assert found <= set(labels.ACTS)


def test_what_is_wrong_with_a_webhook_is_said_in_spanish_too() -> None:
    said = labels.worded("The field triggerEvent must be there.", say_in("es"))
    assert said == "El campo triggerEvent no es como debe: tiene que estar."
    assert labels.worded("The field a.b must be a time.", say_in("en")) == "The field a.b must be a time."


def test_what_a_mail_server_answers_is_told_in_spanish_too() -> None:
    source = (ROOT / "integrations" / "channels" / "email.py").read_text("utf-8")
    ours = re.findall(r'(?<!")"(The (?:mail|connection)[^"\n]*\.)"(?!")', source)
    assert len(ours) > 3
    assert {re.sub(r"\{.*\}", "{n}", text) for text in ours} <= set(labels.DETAILS)
    say = say_in("es")
    for code in ("550", "TimeoutError"):
        assert labels.worded(f"The mail server does not answer ({code}).", say).endswith(
            f"no responde ({code})."
        )
