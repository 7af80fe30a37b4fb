"""The databases of `bench/`: what is filled in is what the application itself would have written."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bench import filling
from bench.copies import Loader, of_life
from bench.lives import Clinic, Life
from handlers.clients import privacy
from handlers.context import Context
from handlers.worker import seals, work
from schemas.booking import BookingStatus
from schemas.delivery import DeliveryKey
from store import audit, bookings, connections, deliveries
from store.tables import clients, metadata
from tests.helpers.clinic import NOW
from tests.helpers.visits import receive, webhook

COME = Life(1, NOW - timedelta(days=8), 3, writes=True, cancels=(1,))
FLAGGED = Life(2, NOW - timedelta(days=8), 2, flagged=True)
DAYS, MINUTES = timedelta(days=-30), timedelta(minutes=7)
NUMBERED = re.compile(r"id|\w+_id|subject|key|trace|receipt")
TIME = re.compile(r"20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d)?")


@pytest.fixture
def filled(context: Context) -> Context:
    """Two clients whom the application looked after, and two copies of each, made a month earlier."""
    with context.db.begin() as tx:
        connections.ensure(tx, "main", "calcom", NOW - timedelta(days=900))
    Clinic(context).lead([COME, FLAGGED], NOW)
    with context.db.read() as tx:
        patterns = [of_life(tx, each, Loader(context.db.sqlite)) for each in (COME, FLAGGED)]
    filling.Filler(context).fill(patterns, [(0, DAYS, MINUTES), (1, DAYS, MINUTES)] * 2)
    return context


def _of(context: Context, email: str, shift: timedelta) -> Any:
    """All that is kept about one client: under one name, at one time, without the numbers of rows."""
    with context.db.read() as tx:
        found = tx.value(sa.select(clients.c.id).where(clients.c.email == email))
        name = str(tx.value(sa.select(clients.c.name).where(clients.c.id == found)))
        phone = str(tx.value(sa.select(clients.c.phone).where(clients.c.id == found)))
    whole = privacy.export(context, found, "test", NOW)
    assert whole is not None
    del whole["receipt"]
    for table, what in (("disclosures", "what"), ("audit", "action")):
        whole[table] = [each for each in whole[table] if each[what] != "export"]
    text = json.dumps(whole, ensure_ascii=False)
    for word, place in zip((*name.split(), email, phone, phone.lstrip("+")), "gfepd", strict=True):
        text = text.replace(word, f"<{place}>")
    text = re.sub(r"(?:quid\d+|c\d+)v(?=\d{3})", "<uid>", text)
    return _plain(json.loads(TIME.sub(lambda at: _back(at[0], shift), text)))


def _back(text: str, shift: timedelta) -> str:
    whole = shift if len(text) > len("2026-11-20") else DAYS * bool(shift)
    moved = datetime.fromisoformat(text) - whole
    return moved.isoformat(sep=text[10:11] or "T")[: len(text)]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=str)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if not NUMBERED.fullmatch(name)}
    return value


def test_a_copy_is_kept_as_the_client_it_was_made_from(filled: Context) -> None:
    with filled.db.read() as tx:
        copied = [row.email for row in tx.all(sa.select(clients).order_by(clients.c.id))][2:]
    assert len(copied) == 4
    for number, email in enumerate(copied):
        life = (COME, FLAGGED)[number % 2]
        assert _of(filled, email, DAYS + MINUTES) == _of(filled, life.email, timedelta())


def test_what_is_copied_opens_in_its_place_alone_and_the_log_holds(filled: Context) -> None:
    assert not list(seals.broken(filled))
    with filled.db.read() as tx:
        assert not audit.verify(tx, {}).wrong


def test_each_row_that_is_copied_leads_to_rows_of_its_own_client(filled: Context) -> None:
    with filled.db.read() as tx:
        for table in metadata.sorted_tables:
            for key in table.foreign_keys:
                other = key.column.table.alias()
                lost = sa.select(sa.literal(1)).select_from(
                    table.outerjoin(other, other.c[key.column.name] == key.parent)
                )
                assert not tx.all(lost.where(key.parent.is_not(None), other.c[key.column.name].is_(None))), (
                    key
                )
        for booking in bookings.listing(tx):
            for each in deliveries.of_booking(tx, booking.id):
                assert isinstance(each.key, DeliveryKey)
                assert (each.key.booking, each.key.client) == (booking.id, booking.client_id)


def test_the_application_goes_on_with_a_copy(filled: Context) -> None:
    with filled.db.read() as tx:
        before = tx.value(sa.select(sa.func.count()).select_from(clients))
        last = max(bookings.listing(tx), key=lambda each: (each.start, each.id))
        (uid,) = (each.external_id for each in bookings.of_booking(tx, last.id))
        who = tx.all(sa.select(clients).where(clients.c.id == last.client_id))[0]
    told = {"uid": uid, "email": who.email, "name": who.name, "start": last.start, "end": last.end}
    receive(filled, webhook("cancelled", NOW, **told))
    work.work_once(filled, NOW)
    with filled.db.read() as tx:
        found = bookings.get(tx, last.id)
        assert found is not None
        assert found.status is BookingStatus.cancelled
        assert tx.value(sa.select(sa.func.count()).select_from(clients)) == before
