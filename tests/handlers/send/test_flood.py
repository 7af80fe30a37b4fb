"""Forty bookings for a stranger's address are one mail to it and one word to the clinic."""

import re
from datetime import timedelta
from typing import Any

import pytest

from handlers.context import Context
from handlers.send import by_hand, flood
from handlers.worker import work
from schemas.delivery import DeliveryStatus
from schemas.reason import Reason
from store import bookings
from tests.helpers.clinic import NOW, with_policy
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import receive, schedule_of, webhook

LATER, DAY = NOW + timedelta(minutes=1), timedelta(days=1)
STRANGER = "stranger@example.org"


def book_many(context: Context, count: int, *, gone: bool = False, tag: str = "") -> None:
    """So many visits of so many people at one address, within 15 seconds; `gone`: the first is cancelled."""
    for number in range(count):
        start = NOW + 7 * DAY + number * timedelta(hours=2)
        who: dict[str, Any] = {
            "uid": f"u{number}",
            "name": f"{chr(65 + number % 26)}lan {number}",
            "start": start,
        }
        at = NOW + number * timedelta(seconds=15) / count
        address = STRANGER.replace("@", f"{tag.format(number)}@")
        receive(context, webhook("created", at, email=address, **who), now=at)
    if gone:
        receive(context, webhook("cancelled", NOW, uid="u0", email=STRANGER, start=NOW + 7 * DAY), now=NOW)
    work.work_once(context, NOW + timedelta(seconds=16))
    for minutes in (
        1,
        2,
        3,
        3,
    ):  # the first goes, the others look again, the clinic hears of it
        work.work_once(context, NOW + timedelta(minutes=minutes))


def to_stranger(mailbox: Mailbox) -> int:
    return sum(re.sub(r"\+\d+@", "@", each) == STRANGER for to in mailbox.recipients for each in to)


@pytest.mark.parametrize("tag", ["", "+{}"])
def test_forty_at_once_are_one_mail_and_a_word_to_the_clinic(
    context: Context, mailbox: Mailbox, tag: str
) -> None:
    book_many(context, 40, tag=tag)
    assert to_stranger(mailbox) == 1
    assert mailbox.kinds() == ["intake", "nudge"]
    work.work_once(context, NOW + 20 * DAY)  # no reminder either, but for the one
    assert to_stranger(mailbox) <= 3


@pytest.mark.parametrize("tag", ["", "+{}"])
def test_forty_at_once_are_few_mails_and_a_word_also_where_no_booking_rests(
    context: Context, mailbox: Mailbox, tag: str
) -> None:
    hasty = with_policy(context, settle=timedelta())
    for number in range(40):
        at = NOW + number * timedelta(seconds=15) / 40
        who = {"uid": f"u{number}", "name": f"{chr(65 + number % 26)}lan {number}"}
        start = NOW + 7 * DAY + number * timedelta(hours=2)
        address = f"stranger{tag.format(number)}@example.org"
        receive(hasty, webhook("created", at, email=address, start=start, **who), now=at)
        work.work_once(hasty, at)
    for minutes in (1, 2, 3):
        work.work_once(hasty, NOW + timedelta(minutes=minutes))
    assert len(mailbox.of("intake")) <= flood.MOST
    assert len(mailbox.of("nudge")) == 1


@pytest.mark.parametrize(
    "other", ["stranger+2@example.net", "strange+2@example.org", "stranger+2@sub.example.org"]
)
def test_who_has_another_mailbox_is_asked_all_the_same(
    context: Context, mailbox: Mailbox, other: str
) -> None:
    book_many(context, flood.MOST + 1, tag="+{}")
    receive(context, webhook("created", NOW, email=other, uid="other", name="Bo", start=NOW + 40 * DAY))
    for minutes in (5, 6):
        work.work_once(context, NOW + timedelta(minutes=minutes))
    assert [other] in mailbox.recipients
    assert len(mailbox.of("intake")) == 2


def test_one_mail_goes_although_the_first_of_many_bookings_was_cancelled(
    context: Context, mailbox: Mailbox
) -> None:
    book_many(context, 12, gone=True)
    assert to_stranger(mailbox) == 1


@pytest.mark.parametrize("count", [1, flood.MOST])
def test_a_family_is_asked_for_each(context: Context, mailbox: Mailbox, count: int) -> None:
    book_many(context, count)
    assert mailbox.kinds() == ["intake"] * count


def test_what_a_person_lets_out_goes(context: Context, mailbox: Mailbox) -> None:
    book_many(context, flood.MOST + 1)
    with context.db.read() as tx:
        visits = bookings.listing(tx, email=STRANGER)
    asked = [schedule_of(context, each)["intake:0"] for each in visits]
    held = [each for each in asked if each.status is DeliveryStatus.held]
    assert [each.reason for each in held] == [Reason.many_bookings] * flood.MOST
    with context.db.begin() as tx:
        by_hand.release(tx, context, held[0].id, "mara", LATER)
    work.work_once(context, LATER + timedelta(minutes=1))
    assert to_stranger(mailbox) == 2
