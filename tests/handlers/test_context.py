"""What is made with the key of links stays what it was: links are out, and hashes are kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handlers.clients import contacts, privacy
from handlers.context import Context
from handlers.links import LinkPurpose, token
from handlers.send import messages
from handlers.staff import sessions
from handlers.worker import journal
from schemas.person import ContactKind, MessageKind

MADE_AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def fixed(context: Context) -> Context:
    """The test clinic with a key that is always the same; these values were made before `Context.mac`."""
    clinic = replace(context.clinic, email="desk@care.test")
    return replace(context, clinic=clinic, link_key=b"a key of the tests".ljust(32, b"."))


def test_what_went_out_is_the_same_from_version_to_version(fixed: Context) -> None:
    with fixed.db.begin() as tx:
        assert token(tx, fixed, LinkPurpose.plan, 1, 2, 3) == "4w5yykKlu248qxiSVpu-spNmNUkz37XS"
    assert messages.stable_id(fixed, "intake", "7") == "<intake.0af00de73859b8bd6123b07b2322e5cc@care.test>"
    digest = sessions.digest(fixed, "t")
    assert digest == "cc0bee0bdff73863031c858aca02e140eda711ad281d042699d5836be3b2def8"


def test_what_is_kept_is_the_same_from_version_to_version(fixed: Context) -> None:
    erased = privacy.record_hash(fixed, "main/1", "u1", "s", "t")
    assert erased == "cc329fb200ef35ec431713c8920173d37c470b78a4222ae3a23c464c28d3749e"
    stopped = contacts.stopped_hash(fixed, ContactKind.email, "a@b.example", MessageKind.care)
    assert stopped == "582a7b357f00b6a762adea5e4c5352c1bf571b94684c5cc3d79a643c6f37939c"
    withdrawn = journal.withdrawn_hash(fixed, 4, MADE_AT, "consent")
    assert withdrawn == "646a492afbb88cfe59c3e16cb821ab75bd27f8fa9b5a6641c82496d05ceda764"
