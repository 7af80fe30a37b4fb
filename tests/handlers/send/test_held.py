"""A client whose plan waits for a person reads once by when somebody looks."""

from datetime import timedelta

import pytest

from handlers.context import Context
from handlers.plans import release
from handlers.worker import work
from store import plans
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW, with_policy
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book, receive, schedule_of, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TWO_DAYS = timedelta(days=2)


def test_one_mail_names_the_day_and_the_plan_follows(context: Context, mailbox: Mailbox) -> None:
    clinic = with_policy(context, require_ok=True, look_within=TWO_DAYS)
    booking = book(clinic)
    fill_in(clinic, booking)
    for hours in (1, 5, 6, 24):
        work.work_once(clinic, booking.end + timedelta(hours=hours))
    (mail,) = mailbox.of("plan_held")
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"by {booking.end + TWO_DAYS:%A, %B %-d}" in " ".join(body.get_content().split())
    with clinic.db.begin() as tx:
        assert plans.newest(tx, booking.id) is not None
        assert release.release(tx, clinic, booking.id, "Mara", booking.end + timedelta(hours=25))
    work.work_once(clinic, booking.end + timedelta(hours=26))
    assert len(mailbox.of("plan")) == len(mailbox.of("plan_held")) == 1


def test_nothing_is_said_without_a_time_or_once_the_visit_is_off(context: Context, mailbox: Mailbox) -> None:
    booking = book(with_policy(context, require_ok=True))
    fill_in(context, booking)
    work.work_once(with_policy(context, require_ok=True), booking.end + timedelta(hours=6))
    assert "plan_held:0" not in schedule_of(context, booking)
    clinic = with_policy(context, require_ok=True, look_within=TWO_DAYS)
    receive(clinic, webhook("cancelled", NOW + timedelta(hours=1), uid="u1"))
    work.work_once(clinic, booking.end + timedelta(hours=7))
    assert not mailbox.of("plan_held")
