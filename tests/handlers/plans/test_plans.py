"""Plans as they are kept: one decision whatever the language, and old rows that open."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clinical.plan.edit import Edit
from handlers.clients import export
from handlers.context import Context
from handlers.plans import by_hand, drafting, page, standing
from handlers.worker import work
from schemas.booking import Booking
from schemas.plan import StoredPlan
from schemas.reason import Reason
from store import intakes, plans
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.content import library
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book

OVER = NOW + timedelta(days=7, hours=1)
DUE = OVER + timedelta(minutes=30)
OLD = Path(__file__).parents[2] / "clinical" / "stored_plans"


def newest(context: Context, booking: Booking) -> StoredPlan:
    with context.db.read() as tx:
        found = plans.newest(tx, booking.id)
    assert found is not None
    return found


def speaks(context: Context, booking: Booking, language: str) -> None:
    """The client goes on in another language, and the plan is drafted again."""
    with context.db.begin() as tx:
        intake = intakes.of_booking(tx, booking.id)
        assert intake is not None
        intakes.set_language(tx, intake.id, language)
        drafting.draft(tx, context, booking.id, NOW)


def old_row(context: Context, booking: Booking, language: str, name: str = "plain") -> StoredPlan:
    """The booking's plan as it was stored before plans were decisions."""
    content: dict[str, Any] = json.loads((OLD / f"{language}.json").read_text(encoding="utf-8"))[name]
    with context.db.begin() as tx:
        last = plans.newest(tx, booking.id)
        assert last is not None
        plans.rewrite(tx, last.id, content)
    return newest(context, booking)


def test_another_language_makes_no_new_version_and_the_mail_speaks_it(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking)
    first = newest(context, booking)
    for language in ("es", "en", "es"):
        speaks(context, booking, language)
        again = newest(context, booking)
        assert (again.id, again.version, again.plan) == (first.id, 1, first.plan)
        assert again.plan.language == language
        assert again.plan.kept.language == language
    work.work_once(context, DUE)
    (mail,) = mailbox.of("plan")
    assert mail["Content-Language"] == "es"


def test_what_was_sent_keeps_the_words_in_which_it_went_out(context: Context, mailbox: Mailbox) -> None:
    booking = book(context)
    fill_in(context, booking)
    work.work_once(context, DUE)
    sent = newest(context, booking)
    said = page.worded(context, sent)
    kept = sent.plan.kept
    assert [kept.items[item.exercise_id].steps for item in said.items] == [item.steps for item in said.items]
    assert all(sent.plan.made_from.values())


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_plan_of_the_first_form_that_was_sent_is_shown_printed_and_exported(
    context: Context, mailbox: Mailbox, language: str
) -> None:
    booking = book(context)
    fill_in(context, booking)
    work.work_once(context, DUE)
    old = old_row(context, booking, language)
    assert old.status == "sent"
    for reader in ("en", "es"):
        said = page.worded(context, old, reader)
        known = library(reader).plan_content.exercises
        assert [item.name for item in said.items] == [known[item.exercise_id].name for item in said.items]
    with context.db.read() as tx:
        shown = page.current(tx, booking.id).plan
        paper = page.printed(tx, context, booking, old, page.worded(context, old, "es"), "")
        bundle = export.fhir_bundle(tx, context, booking.id)
        assert shown == old
        assert paper.startswith(b"%PDF")
        assert bundle is not None
        assert standing.look(tx, context, booking, DUE) == ()


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_draft_of_the_first_form_can_be_changed_and_goes_out(
    context: Context, mailbox: Mailbox, language: str
) -> None:
    booking = book(context)
    fill_in(context, booking)
    gone = old_row(context, booking, language).plan.items[0].exercise_id
    with context.db.begin() as tx:
        made = by_hand.change_plan(tx, context, booking.id, Edit("mara", remove=(gone,)), NOW)
    assert gone not in {item.exercise_id for item in made.plan.items}
    work.work_once(context, DUE)
    assert mailbox.kinds().count("plan") == 1


def test_a_draft_of_the_first_form_that_waits_is_released_and_goes_out(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking, cond_bp="not_controlled")
    old_row(context, booking, "es", "reviewed")
    with context.db.begin() as tx:
        reasons = {hold.reason for hold in standing.look(tx, context, booking, DUE)}
        assert reasons == {Reason.needs_review}
        by_hand.release_plan(tx, context, booking.id, "mara", DUE)
    work.work_once(context, DUE)
    assert mailbox.kinds().count("plan") == 1


def test_every_hold_is_named_not_only_the_first(context: Context) -> None:
    booking = book(context)
    fill_in(context, booking, cond_bp="not_controlled", consent_email="", consent_exercise="no")
    with context.db.read() as tx:
        holds = standing.look(tx, context, booking, DUE)
    assert [hold.reason for hold in holds] == [
        Reason.no_consent,
        Reason.needs_review,
        Reason.no_email_consent,
    ]
