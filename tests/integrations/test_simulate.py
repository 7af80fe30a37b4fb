"""A simulated webhook passes the same checks as a real one."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.simulate import EVENTS, new_secret, sample
from tests.helpers.wire import NOW, SECRET, SECRETS, URL, connect, inbound

CASES = [(scheduler, event) for scheduler, events in EVENTS.items() for event in events]
START = NOW + timedelta(days=5)


def simulated(scheduler: str, event: str, **more: Any) -> tuple[dict[str, str], bytes]:
    """A sample of one event for a visit in five days."""
    visit = {
        "uid": "4711",
        "start": START,
        "end": START + timedelta(hours=1),
        "now": NOW,
        "secret": SECRETS.get(scheduler, SECRET),
        "name": "Zoë Łuć",
        "email": "zoe@example.org",
        "url": URL,
        **more,
    }
    return sample(scheduler, event, **visit)


@pytest.mark.parametrize(("scheduler", "event"), CASES)
def test_a_sample_is_genuine_and_understood(scheduler: str, event: str) -> None:
    headers, body = simulated(scheduler, event)
    ours = connect(scheduler)
    ours.verify(inbound(body, headers))
    (notice,) = ours.parse(inbound(body, headers))
    assert notice.external_id
    if notice.booking:
        assert (notice.booking.start, notice.booking.end) == (START, START + timedelta(hours=1))


def test_a_simulated_reschedule_names_the_booking_before_it() -> None:
    headers, body = simulated("calcom", "rescheduled", replaces="older")
    (notice,) = connect("calcom").parse(inbound(body, headers))
    assert notice.booking is not None
    assert notice.booking.replaces == "older"


def test_a_new_secret_of_each_kind_is_usable() -> None:
    for scheduler in EVENTS:
        secret = new_secret(scheduler, bytes(range(32)))
        headers, body = simulated(scheduler, EVENTS[scheduler][0], secret=secret)
        connect(scheduler, secrets=(secret,)).verify(inbound(body, headers))
