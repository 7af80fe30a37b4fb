"""Everything about a client as a file, and all of it gone."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from handlers import links
from handlers.clients import privacy
from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.checkin import CheckInKind
from store import audit, bookings, checkins, client_words, clients, deliveries, intakes, sealing
from store import links as stored_links
from store import plans as stored_plans
from store.tables import metadata
from store.vault import Vault
from tests.helpers.clinic import NOW
from tests.helpers.console import answer, visit
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import receive, webhook

SAID = "Stiff after the marathon in Łódź"


def told(context: Context) -> int:
    """A client who came by webhook, answered, and has a plan; the booking's id."""
    receive(context, webhook("created", NOW - timedelta(hours=1)))
    work.work_once(context, NOW)
    with context.db.read() as tx:
        number = bookings.named(tx, "main", "u1")[0].booking_id
    assert number is not None
    answer(context, number, NOW, goal_text=SAID)
    work.work_once(context, NOW)
    return number


def client_of(context: Context, number: int) -> int:
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    return found.client_id


def everything(context: Context) -> bytes:
    """Every value in the database, sealed ones opened."""
    found = []
    with context.db.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.all(sa.select(table)):
                for name, value in row._mapping.items():
                    sealed = name.startswith("sealed_") and value
                    opened = sealing.unseal(tx, table.c[name], row) if sealed else value
                    found.append(opened if isinstance(opened, bytes) else str(opened).encode())
    return b"\n".join(found)


def test_the_export_says_which_rule_raised_a_flag_and_how_grave_it_is(context: Context) -> None:
    number = visit(context)
    answer(context, number, rf_saddle="yes")
    values = privacy.export(context, client_of(context, number), "Mara Field", NOW)
    assert values is not None
    assert ("RF01", "stop_emergency") in {(each["rule"], each["severity"]) for each in values["flags"]}


def test_the_export_holds_booking_answers_and_intake_answers_side_by_side(
    context: Context, mailbox: Mailbox
) -> None:
    number = told(context)
    values = privacy.export(context, client_of(context, number), "Mara Field", NOW)
    assert values is not None
    again = json.loads(json.dumps(values))
    assert again["intakes"][0]["answers"]["goal_text"] == SAID
    assert again["records"][0]["state"]["client"]["email"] == "zoe@example.org"
    assert again["clients"][0]["name"] == "Zoë Łuć"
    assert again["plans"][0]["plan"]["items"]
    assert "zoe@example.org" in again["webhooks"][0]["body"]
    assert again["receipt"]["counts"]["intakes"] == 1
    with context.db.read() as tx:
        assert audit.log(tx, action="export")[0].subject == f"client:{client_of(context, number)}"


@pytest.mark.B15
def test_after_an_erasure_nothing_of_the_client_is_left_anywhere(context: Context, mailbox: Mailbox) -> None:
    number = told(context)
    client = client_of(context, number)
    before = everything(context)
    for word in (b"zoe@example.org", "Łódź".encode(), "Łuć".encode()):
        assert word in before or json.dumps(word.decode())[1:-1].encode() in before
    receipt = privacy.erase(context, client, "Mara Field", NOW)
    assert receipt is not None
    assert receipt.counts["intakes"] == 1
    assert receipt.counts["webhooks"] == 1
    after = everything(context)
    for text in ("zoe@example.org", "Zoë", "Łuć", "zoe", "luc", "marathon", "u1"):
        assert text.encode() not in after, text
        assert json.dumps(text)[1:-1].encode() not in after, text
    if context.db.sqlite:
        file = Path(str(context.db.engine.url.database))
        raw = file.read_bytes() + Path(f"{file}-wal").read_bytes()
        assert b"zoe@example.org" not in raw


def test_an_erased_client_is_a_number_without_a_name_and_in_the_log(
    context: Context, mailbox: Mailbox
) -> None:
    number = told(context)
    client = client_of(context, number)
    privacy.erase(context, client, "Mara Field", NOW)
    with context.db.read() as tx:
        row = clients.get(tx, client)
        line = audit.log(tx, action="erase")[0]
        assert deliveries.of_booking(tx, number) == []
        assert client_words.find(tx, "zoe", "US") == []
    assert (row.name, row.email, row.phone) == ("", "", "")
    assert row.erased_at == NOW
    assert (line.actor, line.subject) == ("Mara Field", f"client:{client}")


def test_the_links_of_an_erased_client_open_nothing(context: Context, mailbox: Mailbox) -> None:
    number = told(context)
    with context.db.begin() as tx:
        plan = stored_plans.newest(tx, number)
        assert plan is not None
        for kind in (
            CheckInKind.h24,
            CheckInKind.d3,
            CheckInKind.w1,
        ):  # the numbers of bookings and of check-ins are not the same
            asked = checkins.ask(tx, number, plan.id, kind, NOW)
        urls = {
            LinkPurpose.plan: links.issue(tx, context, LinkPurpose.plan, number, NOW),
            LinkPurpose.checkin: links.issue(tx, context, LinkPurpose.checkin, asked.id, NOW),
        }
    values = privacy.export(context, client_of(context, number), "Mara Field", NOW)
    assert values is not None
    assert {each["purpose"] for each in values["links"]} >= {"plan", "checkin"}
    privacy.erase(context, client_of(context, number), "Mara Field", NOW)
    with context.db.read() as tx:
        for purpose, url in urls.items():
            assert links.open_link(tx, context, purpose, url.rpartition("/")[2], NOW) is None
        assert stored_links.find(tx, "x", "plan") is None


def test_other_clients_stay_as_they_are(context: Context, mailbox: Mailbox) -> None:
    number = told(context)
    other = visit(context, "other", name="Tom Ray", email="tom@example.org", start=NOW + timedelta(days=5))
    answer(context, other, NOW, goal_text="Run again")
    with context.db.begin() as tx:  # a check-in of theirs with the number of a booking that goes
        url = links.issue(tx, context, LinkPurpose.checkin, number, NOW)
    privacy.erase(context, client_of(context, number), "Mara Field", NOW)
    with context.db.read() as tx:
        kept = intakes.of_booking(tx, other)
        assert links.open_link(tx, context, LinkPurpose.checkin, url.rpartition("/")[2], NOW) == number
        assert clients.get(tx, client_of(context, other)).name == "Tom Ray"
    assert kept is not None
    assert kept.answers["goal_text"] == "Run again"


def test_a_later_webhook_does_not_bring_an_erased_client_back(context: Context, mailbox: Mailbox) -> None:
    number = told(context)
    privacy.erase(context, client_of(context, number), "Mara Field", NOW)
    sent = len(mailbox.mails)
    later = NOW + timedelta(minutes=5)
    receive(
        context,
        webhook("rescheduled", later, uid="u2", replaces="u1", start=NOW + timedelta(days=9)),
        webhook("cancelled", later + timedelta(minutes=1), uid="u2"),
    )
    work.work_once(context, later + timedelta(minutes=2))
    with context.db.read() as tx:
        assert bookings.named(tx, "main", "u1") == []
        assert bookings.named(tx, "main", "u2") == []
        assert client_words.find(tx, "zoe", "US") == []
    assert len(mailbox.mails) == sent
    assert b"zoe@example.org" not in everything(context), "the raw webhooks are gone too"


def test_nobody_is_exported_or_erased_twice_as_somebody_else(context: Context) -> None:
    assert privacy.export(context, 4711, "Mara Field", NOW) is None
    assert privacy.erase(context, 4711, "Mara Field", NOW) is None


def test_a_lost_key_keeps_nobody_from_an_export_or_from_being_erased(context: Context) -> None:
    client = client_of(context, told(context))
    context.db.vault = Vault([Fernet.generate_key().decode()])
    values = privacy.export(context, client, "Mara Field", NOW)
    assert values is not None
    assert values["clients"][0]["email"] == "zoe@example.org"
    assert "FIELD_KEYS" in values["intakes"][0]["answers"]
    receipt = privacy.erase(context, client, "Mara Field", NOW)
    assert receipt is not None
    assert receipt.counts["webhooks"] == 1
    with context.db.read() as tx:
        assert clients.get(tx, client).email == ""


def test_the_export_accounts_for_what_went_outside(context: Context, mailbox: Mailbox) -> None:
    number = visit(context)
    answer(context, number)
    work.work_once(context, NOW)
    work.work_once(context, NOW + timedelta(hours=3))
    client = client_of(context, number)
    privacy.export(context, client, "Mara Field", NOW)
    values = privacy.export(context, client, "Mara Field", NOW + timedelta(hours=1))
    assert values is not None
    given = [(each["to"], each["what"]) for each in values["disclosures"]]
    assert ("127.0.0.1", "plan") in given
    assert given.count(("Mara Field", "export")) == 2  # this one too
    other = visit(context, "u2", name="Bo", email="bo@example.org", start=NOW + timedelta(days=3))
    theirs = privacy.export(context, client_of(context, other), "Mara Field", NOW)
    assert theirs is not None
    assert [each["what"] for each in theirs["disclosures"]] == ["export"]
