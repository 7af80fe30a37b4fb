"""Personal links: the same link for the same thing, nothing to guess, nothing kept but a hash."""

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from handlers.context import Context
from handlers.links import LIVES, LinkPurpose, issue, open_link, token
from store import links
from tests.helpers.clinic import NOW


def test_a_link_opens_what_it_was_made_for_until_it_ends(context: Context) -> None:
    until = NOW + timedelta(days=2)
    with context.db.begin() as tx:
        url = issue(tx, context, LinkPurpose.intake, 7, NOW, until)
        value = url.removeprefix("https://care.test/i/")
        assert open_link(tx, context, LinkPurpose.intake, value, NOW) == 7
        assert open_link(tx, context, LinkPurpose.intake, value, until - timedelta(seconds=1)) == 7
        assert open_link(tx, context, LinkPurpose.intake, value, until) is None
        assert issue(tx, context, LinkPurpose.intake, 7, NOW, until + timedelta(days=1)) == url
        assert open_link(tx, context, LinkPurpose.intake, value, until) == 7


def test_a_link_opens_nothing_else(context: Context) -> None:
    with context.db.begin() as tx:
        value = issue(tx, context, LinkPurpose.plan, 7, NOW).rpartition("/")[2]
        for purpose in LinkPurpose:
            expected = 7 if purpose is LinkPurpose.plan else None
            assert open_link(tx, context, purpose, value, NOW) == expected


def test_a_revoked_link_stays_closed_and_the_next_one_is_another(context: Context) -> None:
    with context.db.begin() as tx:
        value = issue(tx, context, LinkPurpose.plan, 7, NOW).rpartition("/")[2]
        assert links.revoke(tx, [LinkPurpose.plan], 7, NOW) == 1
        again = issue(tx, context, LinkPurpose.plan, 7, NOW).rpartition("/")[2]
        assert open_link(tx, context, LinkPurpose.plan, value, NOW) is None
        assert open_link(tx, context, LinkPurpose.plan, again, NOW) == 7


def test_every_purpose_and_subject_has_a_token_of_its_own(context: Context) -> None:
    with context.db.read() as tx:
        tokens = {token(tx, context, purpose, subject) for purpose in LinkPurpose for subject in range(40)}
    assert len(tokens) == 40 * len(LinkPurpose)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", each) for each in tokens)


def test_the_database_holds_no_token(context: Context) -> None:
    with context.db.begin() as tx:
        value = issue(tx, context, LinkPurpose.plan, 7, NOW).rpartition("/")[2]
        rows = tx.conn.exec_driver_sql("SELECT * FROM links").all()
    assert value not in repr(rows)


def test_every_link_but_the_intake_has_a_life() -> None:
    assert set(LIVES) == set(LinkPurpose) - {LinkPurpose.intake}


@given(st.text(max_size=40))
def test_a_guess_is_no_link(guess: str) -> None:
    assert open_link(None, None, LinkPurpose.plan, guess + "!", NOW) is None  # type: ignore[arg-type]


def test_variants_of_a_token_are_no_links(context: Context) -> None:
    with context.db.begin() as tx:
        value = issue(tx, context, LinkPurpose.plan, 7, NOW).rpartition("/")[2]
        for variant in (value[:-1], value + "=", value.swapcase(), f" {value}", value + "\n", value[::-1]):
            assert open_link(tx, context, LinkPurpose.plan, variant, NOW) is None
