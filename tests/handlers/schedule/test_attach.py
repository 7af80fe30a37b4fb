"""What is written onto the scheduler's booking: how far it is, where to look, no answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.context import Context
from handlers.worker import work
from integrations.base import Note
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW
from tests.helpers.readable_scheduler import Readable
from tests.helpers.visits import book

SAID = {"act1_name": "Quarrystairs", "emergency_contact_name": "Emermarker", "preferred_name": "Zuzu"}


class Writable(Readable):
    """A scheduler onto whose bookings we may write, and that remembers what."""

    ways = ("notes",)
    default_way = "notes"
    written: list[Note]

    def attach(self, external_id: str, note: Note) -> None:
        """Remember it."""
        self.written.append(note)


@pytest.mark.B12
def test_status_and_link_are_written_as_they_change_and_no_answer_ever(context: Context) -> None:
    main = context.schedulers["main"]
    ours = Writable(main.connection, main.http)
    ours.rows, ours.lost, ours.reads, ours.written = {}, {}, [], []
    there = replace(context, schedulers={**context.schedulers, "main": ours})
    booking = book(there)
    fill_in(there, booking, NOW, **SAID)
    for hours in range(0, 24 * 8, 6):
        work.work_once(there, NOW + timedelta(hours=hours))
    statuses = ["Intake: not done yet", "Intake: done", "Intake: done. Plan: sent"]
    assert [each.status for each in ours.written] == statuses
    assert not [word for word in SAID.values() if word in repr(ours.written)]
    assert {each.link for each in ours.written} == {f"https://care.test/console/bookings/{booking.id}"}
