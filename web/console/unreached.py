"""Clients whom a message did not reach: each once, with all that waits for an address or was given up."""

from store.base import Tx
from store.views import waits
from store.views.waits import PLACES, Waiting
from web.console.gate import now
from web.context import context


def waiting(tx: Tx, practitioner: str = "") -> list[list[Waiting]]:
    """The messages of each client, those of the earliest visit first."""
    since = now() - context().clinic.policy.mendable
    found = [*waits.addresses(tx, practitioner), *waits.refused(tx, since, now(), practitioner)]
    by_client: dict[int, list[Waiting]] = {}
    for one in sorted(found, key=lambda each: (each.start, each.id)):
        by_client.setdefault(one.client_id, []).append(one)
    return [*by_client.values()]


def of_address(messages: list[Waiting]) -> bool:
    """Whether another address is what helps."""
    return any(one.reason in PLACES for one in messages)
