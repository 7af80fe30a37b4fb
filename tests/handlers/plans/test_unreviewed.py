"""What becomes of a plan that is made from files nobody has signed: it waits, says so, or just goes out."""

from datetime import datetime, timedelta

import pytest

from handlers.context import Context
from handlers.plans import page, release, reviews, standing
from handlers.worker import work
from library import signable
from schemas.booking import Booking
from schemas.plan import StoredPlan
from schemas.reason import Reason
from schemas.review import Unreviewed
from store import plans, staff
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW, with_policy
from tests.helpers.console import account
from tests.helpers.content import CONTENT, library
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book

DUE = NOW + timedelta(days=7, hours=1, minutes=30)
YEAR = timedelta(days=365)


def sign_all(context: Context, at: datetime, language: str = "") -> None:
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
        reviews.sign(tx, CONTENT, files, signer, at)


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
