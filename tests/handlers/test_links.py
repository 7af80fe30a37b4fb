"""Personal links: the same link for the same thing, nothing to guess, nothing kept but a hash."""

import base64
import hashlib
import hmac
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from handlers.clients import contacts
from handlers.context import Context
from handlers.links import LIVES, LinkPurpose, follow, issue, key_old, look, open_link, token
from schemas.person import ContactKind
from store import contacts as store_contacts
from store import links
from store.tables import links as rows
from tests.helpers.clinic import NOW
from tests.helpers.visits import book


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


@pytest.mark.parametrize(
    "purpose", [each for each in LinkPurpose if each not in (LinkPurpose.stop, LinkPurpose.door)]
)
@pytest.mark.parametrize("column", ["subject", "client_id", "contact_id"])
def test_a_link_that_was_led_elsewhere_in_the_database_opens_nothing(
    context: Context, purpose: LinkPurpose, column: str
) -> None:
    mine, other = book(context), book(context, uid="u2", email="bo@example.org", name="Bo Berg")
    with context.db.begin() as tx:
        value = issue(tx, context, purpose, mine.id, NOW, NOW + timedelta(days=9)).rpartition("/")[2]
        tx.finish()
        row = tx.all(sa.select(rows))[0]
        assert look(tx, context, purpose, value, NOW) is not None
        theirs = {"subject": other.id, "client_id": other.client_id, "contact_id": 2}[column]
        tx.change(rows, row.id, **{column: theirs})
        assert look(tx, context, purpose, value, NOW) is None
        tx.change(rows, row.id, **{column: row._mapping[column]})
        assert look(tx, context, purpose, value, NOW) is not None


@pytest.mark.parametrize("column", ["subject", "client_id", "contact_id"])
def test_a_link_of_the_first_version_opens_while_it_lives_and_leads_nowhere_else(
    context: Context, column: str
) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        issue(tx, context, LinkPurpose.plan, booking.id, NOW)
        tx.finish()
        row = tx.all(sa.select(rows))[0]
        mac = hmac.new(context.link_key, f"plan:{booking.id}:0".encode(), hashlib.sha256).digest()
        first = base64.urlsafe_b64encode(mac[:24]).decode()
        digest = hashlib.sha256(first.encode()).hexdigest()
        tx.change(rows, row.id, token_hash=digest, keyed=False)
        key_old(tx, context)
        assert look(tx, context, LinkPurpose.plan, first, NOW) is not None
        tx.change(rows, row.id, **{column: 99})
        assert look(tx, context, LinkPurpose.plan, first, NOW) is None


def test_a_link_outlives_that_its_number_was_written_in_several_ways(context: Context) -> None:
    booking = book(context)
    with context.db.begin() as tx:
        spellings = ("4155550123", "(415) 555-0123", "+14155550123")
        points = [store_contacts.ensure(tx, ContactKind.sms, each, NOW) for each in spellings]
        made = [issue(tx, context, LinkPurpose.confirm, booking.id, NOW, contact=each) for each in points]
        tx.finish()
        for _ in range(2):
            follow(tx, context, contacts.normalise(tx, context, NOW))
        kept = [look(tx, context, LinkPurpose.confirm, each.rpartition("/")[2], NOW) for each in made]
        assert {each and each.contact_id for each in kept} == {points[-1]}
        row = tx.all(sa.select(rows).where(rows.c.opens != ""))[0]
        tx.change(rows, row.id, contact_id=99)
        assert None in [look(tx, context, LinkPurpose.confirm, each.rpartition("/")[2], NOW) for each in made]


def test_every_purpose_and_subject_has_a_token_of_its_own(context: Context) -> None:
    with context.db.read() as tx:
        tokens = {token(tx, context, purpose, subject) for purpose in LinkPurpose for subject in range(40)}
    assert len(tokens) == 40 * len(LinkPurpose)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", each) for each in tokens)


def test_the_database_holds_no_token(context: Context) -> None:
    with context.db.begin() as tx:
        value = issue(tx, context, LinkPurpose.plan, 7, NOW).rpartition("/")[2]
        kept = tx.conn.exec_driver_sql("SELECT * FROM links").all()
    assert value not in repr(kept)


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
