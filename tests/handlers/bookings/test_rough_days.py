"""A rough day at each scheduler: odd side fields, webhooks twice and late, a host that hangs, restarts."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

import settings as configuration
from handlers.bookings import inbox, reconcile
from handlers.context import Context
from integrations.base import Scheduler
from schemas.receipt import ReceiptStatus
from store import bookings, connections, receipts
from tests.handlers.bookings.test_reconcile import Shared
from tests.helpers.chores import all_due
from tests.helpers.clinic import environ, make_context
from tests.helpers.fake_vendor import FakeVendor, response
from tests.helpers.vendors import VENDORS, Vendor
from tests.helpers.visits import receive
from tests.helpers.wire import NOW, PAYLOADS, inbound
from tests.test_every import CORE, ODD, mutated, places

HANGS = requests.ConnectionError("Read timed out.")
BODIES = {name: sorted(file.read_bytes() for file in (PAYLOADS / name).glob("*.body")) for name in VENDORS}


@pytest.fixture(scope="module")
def shared(sqlite_template: object, quick_folder: object) -> Iterator[Shared]:
    """One context for all examples."""
    built = make_context(configuration.load(environ(f"sqlite:///{quick_folder}/rough.db", 25)))
    yield Shared(built)
    built.db.close()


class Rough(FakeVendor):
    """Hangs, fails or asks to slow down now and then."""

    chance: random.Random

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """As FakeVendor, where it answers at all."""
        luck = self.chance.random()
        if luck < 0.15:
            raise HANGS
        if luck < 0.3:
            return response(self.chance.choice([500, 503, 429]), None, {"Retry-After": "5"})
        return super().request(method, url, **kwargs)


def spoilt(vendor: str, body: bytes, data: st.DataObject) -> bytes:
    """The body with one field of its side in another form."""
    if vendor not in CORE:
        form = dict(parse_qsl(body.decode()))
        return urlencode({**form, "calendarID": str(data.draw(ODD))}).encode()
    whole = json.loads(body)
    side = [path for path in places(whole) if not set(path) <= CORE[vendor]]
    change = data.draw(st.sampled_from(["drop", "replace", "list", "object"]))
    return json.dumps(mutated(whole, data.draw(st.sampled_from(side)), change, data.draw(ODD))).encode()


def restarted(context: Context, vendor: Vendor, fake: FakeVendor) -> tuple[Context, Scheduler]:
    """The worker after a restart."""
    ours = vendor.ours(fake)
    return replace(context, schedulers={"main": ours}), ours


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
@settings(max_examples=max(4, settings().max_examples // 10))
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_a_rough_day_loses_nothing_and_ends(
    shared: Shared, vendor: Vendor, data: st.DataObject, chance: random.Random
) -> None:
    fake = Rough()
    fake.chance = chance
    vendor.publish(fake, [vendor.row(1), vendor.row(2)])
    context, _ = restarted(shared.context, vendor, fake)
    bodies = [spoilt(vendor.name, body, data) for body in BODIES[vendor.name]]
    sent = [inbound(body) for body in bodies for _ in range(2)]
    chance.shuffle(sent)
    receive(context, *sent, now=NOW)
    now = NOW
    for _ in range(30):
        now += timedelta(minutes=chance.choice([1, 5, 40]))
        if chance.random() < 0.3:
            context, _ = restarted(shared.context, vendor, fake)
        inbox.drain(context, now)
        all_due(context, now, starting=chance.random() < 0.2)
    fake.chance = random.Random()
    fake.chance.random = lambda: 1.0  # type: ignore[method-assign]
    context, _ = restarted(shared.context, vendor, fake)
    now += timedelta(days=1)
    inbox.drain(context, now)
    reconcile.reconcile(context, "main", now)
    with context.db.read() as tx:
        waiting = {row.status for row in receipts.recent(tx, limit=1000)}
        assert not waiting & {ReceiptStatus.working, ReceiptStatus.pending}
        assert all(bookings.named(tx, "main", vendor.name_of(number)) for number in (1, 2))
        row = connections.get(tx, "main")
    assert row is not None
    assert row.read_begun_at is None
