"""What becomes of a plan that is made from files nobody has signed: it waits, says so, or just goes out."""

from datetime import datetime, timedelta

import pytest

from clinical.plan.edit import Edit
from handlers.checkins import replies
from handlers.context import Context
from handlers.plans import by_hand, page, release, reviews, standing
from handlers.worker import work
from library import signable
from schemas.booking import Booking
from schemas.checkin import CheckInKind
from schemas.forms.condition import Answer
from schemas.plan import StoredPlan
from schemas.reason import Reason
from schemas.review import Unreviewed
from store import checkins, plans, staff
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW, with_policy
from tests.helpers.console import account
from tests.helpers.content import CONTENT, library
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book

DUE = NOW + timedelta(days=7, hours=1, minutes=30)
YEAR = timedelta(days=365)


def sign_all(context: Context, at: datetime, language: str = "", until: datetime | None = None) -> None:
    """Somebody signs every file, or every file of one language."""
    with context.db.begin() as tx:
        who = next((one for one in staff.every(tx) if one.credential), None)
    made = who.id if who else account(context)
    with context.db.begin() as tx:
        signer = staff.get(tx, made)
        assert signer is not None
        files = {
            file: digest
            for file, digest in signable.hashes(CONTENT).items()
            if language in ("", signable.language_of(file))
        }
        reviews.sign(tx, CONTENT, files, signer, at, until=until)


def newest(context: Context, booking: Booking) -> StoredPlan:
    """The version that counts."""
    with context.db.read() as tx:
        found = plans.newest(tx, booking.id)
    assert found is not None
    return found


def reasons(context: Context, booking: Booking, now: datetime = DUE) -> list[Reason]:
    """What keeps a plan back."""
    with context.db.read() as tx:
        return [one.reason for one in standing.look(tx, context, booking, now)]


def says_so(context: Context, stored: StoredPlan, now: datetime, language: str = "") -> bool:
    """Whether the client reads that nobody has signed it."""
    with context.db.read() as tx:
        said = page.to_client(tx, context, stored, now, language)
    return library(said.language).plan_content.wording.unreviewed in said.scope_text


def test_by_default_a_plan_goes_out_and_says_that_nobody_has_signed_it(
    context: Context, mailbox: Mailbox
) -> None:
    booking = book(context)
    fill_in(context, booking)
    work.work_once(context, DUE)
    assert len(mailbox.of("plan")) == 1
    sent = newest(context, booking)
    assert says_so(context, sent, DUE)
    sign_all(context, DUE, "en")
    assert not says_so(context, sent, DUE)
    assert says_so(context, sent, DUE, "es"), "a translation is signed on its own"
    assert says_so(context, sent, DUE + YEAR), "a signature has an end"
    assert not says_so(with_policy(context, unreviewed=Unreviewed.send), sent, DUE, "es")


def test_held_until_its_files_are_signed_and_then_it_goes_out_once(
    context: Context, mailbox: Mailbox
) -> None:
    strict = with_policy(context, unreviewed=Unreviewed.hold)
    booking = book(strict)
    fill_in(strict, booking)
    assert reasons(strict, booking) == [Reason.unreviewed]
    work.work_once(strict, DUE)
    assert mailbox.of("plan") == []
    assert newest(strict, booking).status == "held"
    sign_all(strict, DUE, "es")
    work.work_once(strict, DUE)
    assert mailbox.of("plan") == [], "the client reads English"
    sign_all(strict, DUE)
    work.work_once(strict, DUE + timedelta(minutes=1))
    sign_all(strict, DUE)
    work.work_once(strict, DUE + timedelta(minutes=2))
    assert len(mailbox.of("plan")) == 1
    assert not says_so(strict, newest(strict, booking), DUE)


def test_a_signature_that_runs_out_before_the_visit_holds_what_was_drafted_with_it(
    context: Context, mailbox: Mailbox
) -> None:
    strict = with_policy(context, unreviewed=Unreviewed.hold)
    sign_all(strict, DUE - YEAR)
    booking = book(strict)
    fill_in(strict, booking)
    assert newest(strict, booking).status == "draft"
    work.work_once(strict, DUE)
    assert mailbox.of("plan") == []
    assert reasons(strict, booking) == [Reason.unreviewed]


def test_a_named_practitioner_lets_an_unsigned_plan_out(context: Context, mailbox: Mailbox) -> None:
    strict = with_policy(context, unreviewed=Unreviewed.hold)
    booking = book(strict)
    fill_in(strict, booking)
    with strict.db.begin() as tx:
        assert release.release(tx, strict, booking.id, "Mara Field, LMT", DUE)
    work.work_once(strict, DUE)
    assert len(mailbox.of("plan")) == 1


@pytest.mark.parametrize("policy", list(Unreviewed))
def test_a_warning_sign_weighs_more_and_no_signature_lifts_it(
    context: Context, mailbox: Mailbox, policy: Unreviewed
) -> None:
    strict = with_policy(context, unreviewed=policy)
    booking = book(strict)
    fill_in(strict, booking, rf_saddle="yes")
    assert reasons(strict, booking)[0] is Reason.red_flag
    sign_all(strict, DUE)
    work.work_once(strict, DUE)
    assert mailbox.of("plan") == []
    assert Reason.unreviewed not in reasons(strict, booking)


def eased(context: Context, booking: Booking, now: datetime) -> StoredPlan:
    """The version that the client's reply "too hard" makes."""
    with context.db.begin() as tx:
        plan = plans.newest(tx, booking.id)
        assert plan is not None
        asked = checkins.ask(tx, booking.id, plan.id, CheckInKind.w1, now)
        said: dict[str, Answer] = {"fu_symptoms": ["none"], "pain_avg7": "3", "fu_days_done": "7"}
        replies.reply(tx, context, asked, {**said, "fu_difficulty": "5"}, now)
    made = newest(context, booking)
    assert made.version > plan.version
    return made


def strict_with_a_plan_out(context: Context, until: datetime) -> tuple[Context, Booking]:
    """A clinic that holds what is unsigned, and a plan that went out while all was signed."""
    strict = with_policy(context, unreviewed=Unreviewed.hold)
    sign_all(strict, NOW, until=until)
    booking = book(strict)
    fill_in(strict, booking)
    work.work_once(strict, DUE)
    return strict, booking


def test_what_a_check_in_made_goes_out_once_its_files_are_signed(context: Context, mailbox: Mailbox) -> None:
    strict, booking = strict_with_a_plan_out(context, DUE + timedelta(days=1))
    later = DUE + timedelta(days=7)
    assert eased(strict, booking, later).status == "held"
    work.work_once(strict, later)
    assert len(mailbox.of("plan")) == 1
    sign_all(strict, later)
    work.work_once(strict, later + timedelta(hours=1))
    assert len(mailbox.of("plan")) == 2


def test_what_a_check_in_made_waits_when_the_signature_ran_out_since(
    context: Context, mailbox: Mailbox
) -> None:
    later = DUE + timedelta(days=7)
    strict, booking = strict_with_a_plan_out(context, later + timedelta(seconds=1))
    assert eased(strict, booking, later).status == "draft"
    work.work_once(strict, later + timedelta(hours=1))
    assert len(mailbox.of("plan")) == 1
    assert reasons(strict, booking, later + timedelta(hours=1)) == [Reason.unreviewed]


def test_a_change_by_a_practitioner_is_no_release(context: Context, mailbox: Mailbox) -> None:
    strict, booking = strict_with_a_plan_out(context, DUE + timedelta(days=1))
    later = DUE + timedelta(days=7)
    gone = eased(strict, booking, later).plan.items[-1].exercise_id
    with strict.db.begin() as tx:
        by_hand.change_plan(tx, strict, booking.id, Edit("mara", remove=(gone,)), later)
    work.work_once(strict, later + timedelta(hours=1))
    assert len(mailbox.of("plan")) == 1
    assert Reason.unreviewed in reasons(strict, booking, later + timedelta(hours=1))
