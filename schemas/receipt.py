"""A receipt: our record of one webhook."""

from dataclasses import dataclass

from schemas.webhook import Inbound


@dataclass(frozen=True, slots=True)
class Receipt:
    """One stored webhook. `replays` > 0 says that a person asked for it to be processed again.

    `locked`: none of our keys opens it; the inbound is empty then.
    """

    id: int
    public_id: str
    connection: str
    status: str
    attempts: int
    replays: int
    inbound: Inbound
    locked: bool = False
