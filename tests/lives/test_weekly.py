"""Who comes each week: what they read after one visit is never word for word what they read after another."""

import re
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from handlers.context import Context
from handlers.worker import work
from store import bookings, intakes
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import receive, webhook

WEEKS, STEP = 5, timedelta(hours=6)
FIRST = NOW + timedelta(days=4, hours=12)


def fill_in_what_is_asked(context: Context, now: datetime) -> None:
    with context.db.read() as tx:
        ahead = [each for each in bookings.listing(tx, email="zoe@example.org") if each.start > now]
        known = {each.id: intakes.of_booking(tx, each.id) for each in ahead}
    for each in sorted(ahead, key=lambda one: one.start)[:1]:
        intake = known[each.id]
        if intake is not None and not intake.done:
            fill_in(context, each, now)


def words(mail: EmailMessage) -> str:
    """What a mail says, whatever its links."""
    plain = mail.get_body(("plain",))
    assert plain is not None
    return re.sub(r"https?://\S+", "", f"{mail['Subject']}\n{plain.get_content()}")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_comes_each_week_reads_no_mail_after_a_visit_twice(
    context: Context, mailbox: Mailbox, language: str
) -> None:
    for week in range(WEEKS):
        start = FIRST + timedelta(weeks=week)
        receive(context, webhook("created", NOW, uid=f"u{week}", start=start, language=language))
    now = NOW
    while now < FIRST + timedelta(weeks=WEEKS + 5):
        work.work_once(context, now)
        fill_in_what_is_asked(context, now)
        now += STEP
    for kind in ("plan", "checkin"):
        mails = [mail for mail in mailbox.of(kind) if "zoe" in mail["To"]]
        assert len(mails) >= WEEKS, kind
        subjects = [mail["Subject"] for mail in mails]
        assert len(set(subjects)) == len(subjects), subjects
        assert len({words(mail) for mail in mails}) == len(mails), kind
    second = words(mailbox.of("plan")[1])
    assert ("Your plan goes on as it was" if language == "en" else "Su plan sigue") in second
