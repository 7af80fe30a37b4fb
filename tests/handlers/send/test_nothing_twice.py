"""Six weeks of mails to one client: no two say the same, whatever the client does or leaves undone."""

import re
from collections import Counter
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import product
from typing import Any

import pytest

from handlers.checkins import replies
from handlers.context import Context
from handlers.worker import work
from schemas.booking import Booking
from schemas.delivery import DeliveryStatus
from schemas.forms.condition import Answer
from store import bookings, checkins, deliveries
from tests.helpers.answers import fill_in
from tests.helpers.both import some
from tests.helpers.clinic import NOW
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import receive, webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
VISIT = NOW + timedelta(days=7, hours=6)
AGAIN = VISIT + timedelta(days=35)
FINE: dict[str, Answer] = {"fu_symptoms": ["none"], "fu_feel": "fine"}
DAY_3: dict[str, Answer] = {"fu_symptoms": ["none"], "fu_days_done": "3", "pain_now": "4"}
EASY: dict[str, Answer] = {
    "fu_symptoms": ["none"],
    "pain_avg7": "2",
    "fu_pain_during": "1",
    "fu_worse_next_day": "no",
    "fu_days_done": "6",
    "fu_difficulty": "2",
    "act1_score": "7",
}
HARD = EASY | {"pain_avg7": "6", "fu_pain_during": "6", "fu_worse_next_day": "yes", "fu_difficulty": "5"}
LIVES: dict[str, dict[str, tuple[int, dict[str, Answer]]]] = {
    "silent": {},
    "at once": {"h24": (0, FINE), "d3": (0, DAY_3), "w1": (0, EASY), "w2": (0, EASY), "w4": (0, EASY)},
    "when reminded": {"h24": (0, FINE), "d3": (3, DAY_3), "w1": (3, EASY), "w2": (3, HARD), "w4": (3, EASY)},
    "worse": {"h24": (0, FINE), "d3": (0, DAY_3), "w1": (0, HARD), "w2": (3, HARD), "w4": (0, EASY)},
}
"""What a client replies to each check-in, and how many days after its mail."""


def told(mail: EmailMessage) -> tuple[str, str]:
    """The subject and the first sentence after the greeting, without dates and numbers."""
    body = mail.get_body(("plain",))
    assert body is not None
    paragraphs = body.get_content().replace("\r", "").split("\n\n")
    sentence = re.split(r"(?<=[.?!:]) ", " ".join(paragraphs[1].split()))[0]
    return _plain(str(mail["Subject"])), _plain(sentence)


def _plain(text: str) -> str:
    return re.sub(r"\d+", "#", text)


class Course:
    """One client, one clock, and what they do."""

    def __init__(self, context: Context, replied: dict[str, tuple[int, dict[str, Answer]]]) -> None:
        self.context, self.replied = context, replied
        self.done: set[str] = set()

    def until(self, end: datetime) -> None:
        """Work at every time at which something is due; reply when it is time to."""
        now = NOW
        while now <= end:
            work.work_once(self.context, now)
            self._reply(now)
            now = self._next(now)

    def _next(self, now: datetime) -> datetime:
        """A morning or an evening later, or when the next thing is due."""
        with self.context.db.read() as tx:
            visits = bookings.listing(tx)
            rows = [each for visit in visits for each in deliveries.of_booking(tx, visit.id)]
        due = [each.due_at for each in rows if each.status is DeliveryStatus.scheduled and each.due_at > now]
        return min([now + timedelta(hours=12), *due])

    def _reply(self, now: datetime) -> None:
        with self.context.db.begin() as tx:
            for visit in bookings.listing(tx):
                for asked in checkins.of_booking(tx, visit.id):
                    after, said = self.replied.get(str(asked.kind), (0, {}))
                    waited = asked.asked_at and asked.asked_at + timedelta(days=after) <= now
                    if said and waited and f"{visit.id} {asked.kind}" not in self.done:
                        self.done.add(f"{visit.id} {asked.kind}")
                        replies.reply(tx, self.context, asked, said, now)

    def visit(self, uid: str, start: datetime, booked: datetime, language: str, **more: Any) -> Booking:
        """A booking that comes in."""
        receive(self.context, webhook("created", booked, uid=uid, start=start, language=language, **more))
        work.work_once(self.context, booked)
        with self.context.db.read() as tx:
            return max(bookings.listing(tx), key=lambda each: each.id)


@pytest.mark.parametrize(("life", "language"), some([*product(LIVES, ("en",)), *product(LIVES, ("es",))], 2))
def test_no_two_mails_of_a_course_say_the_same(
    context: Context, mailbox: Mailbox, language: str, life: str
) -> None:
    course = Course(context, LIVES[life])
    first = course.visit("u1", VISIT, NOW, language)
    course.until(VISIT - timedelta(days=1))
    fill_in(context, first, VISIT - timedelta(hours=20), pain_avg7="4", act1_score="5")
    course.until(VISIT + timedelta(days=29))
    second = course.visit("u2", AGAIN, VISIT + timedelta(days=29), language)
    course.until(AGAIN - timedelta(days=1))
    fill_in(context, second, AGAIN - timedelta(hours=20))
    course.until(AGAIN + timedelta(hours=20))
    said = [told(mail) for mail in mailbox.mails if mail["List-Unsubscribe"]]
    assert len(said) >= 6
    for part in (0, 1):
        counted = Counter(each[part] for each in said)
        assert [text for text, count in counted.items() if count > 1] == []
