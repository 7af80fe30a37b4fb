"""A clinic and clients whose addresses are not ASCII: from the settings to the mail that leaves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

import settings as configuration
from handlers.clients import contacts
from handlers.context import Context
from handlers.staff import accounts, passwords
from handlers.worker import watch, work
from schemas.staff import Role
from schemas.trouble import TroubleKind
from settings import startup
from store import client_words
from store import staff as stored_staff
from store.running import troubles
from tests.helpers.clinic import NOW, environ, make_context
from tests.helpers.console import PASSWORD
from tests.helpers.mailbox import Mailbox
from tests.helpers.visits import book

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PUBLIC_URL, IN_ASCII = "https://praxis-müller.example", "https://xn--praxis-mller-klb.example"
DOMAIN = "xn--praxis-mller-klb.example"


@pytest.fixture
def praxis(database_url: str, mailbox: Mailbox) -> Iterator[Context]:
    """A clinic with a name before its address, and letters of its language in both."""
    given = configuration.load(
        environ(
            database_url,
            mailbox.port,
            PUBLIC_URL=PUBLIC_URL,
            CLINIC_NAME="Praxis",
            CLINIC_PHONE="+1 555 010 0199",
            CLINIC_EMAIL='"Müller, Praxis" <care@praxis-müller.example>',
            CLINIC_ALERT_EMAIL="care@praxis-müller.example",
        )
    )
    assert startup.content_problems(given) == []
    context = make_context(given)
    yield context
    context.db.close()


def test_the_mail_to_a_client_leaves(praxis: Context, mailbox: Mailbox) -> None:
    book(praxis, email="zoe@bücher.example")
    work.work_once(praxis, NOW + timedelta(minutes=1))
    assert mailbox.senders == [f"care@{DOMAIN}"]
    assert mailbox.recipients == [["zoe@xn--bcher-kva.example"]]
    (mail,) = mailbox.mails
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Müller, Praxis", f"care@{DOMAIN}")
    assert mail["Message-ID"].endswith(f"@{DOMAIN}>")
    assert mail["List-Unsubscribe"].strip().startswith(f"<{IN_ASCII}/u/")
    assert mail.as_bytes().isascii()


def test_a_clients_reply_goes_where_the_clinic_reads_it(praxis: Context, mailbox: Mailbox) -> None:
    desk = '"Empfang, Müller" <empfang@praxis-müller.example>'
    there = replace(praxis, clinic=replace(praxis.clinic, reply_to=desk))
    book(there, email="zoe@bücher.example")
    work.work_once(there, NOW + timedelta(minutes=1))
    (mail,) = mailbox.mails
    (to,) = mail["Reply-To"].addresses
    assert (to.display_name, to.addr_spec) == ("Empfang, Müller", f"empfang@{DOMAIN}")
    assert mail.as_bytes().isascii()


@pytest.mark.parametrize("written", ["empfang@praxis-müller.example", " EMPFANG@praxis-müller.example"])
def test_the_address_for_replies_is_no_clients(praxis: Context, written: str) -> None:
    clinic = replace(praxis.clinic, reply_to="Empfang <empfang@praxis-müller.example>")
    assert contacts.is_placeholder(written, clinic)
    assert not contacts.is_placeholder(written, praxis.clinic)


def test_an_alert_leaves_for_the_clinics_own_address(praxis: Context, mailbox: Mailbox) -> None:
    with praxis.db.begin() as tx:
        troubles.note(tx, TroubleKind.unreadable, "main", "It is down.", NOW)
    watch.mail(praxis, NOW + timedelta(hours=4))
    assert mailbox.recipients == [[f"care@{DOMAIN}"]]


@pytest.mark.parametrize("asked", ["zoe@bücher.example", "zoe@xn--bcher-kva.example", "ZOE@BÜCHER.example"])
def test_a_client_is_found_by_either_form(praxis: Context, asked: str) -> None:
    booking = book(praxis, email="zoe@bücher.example")
    with praxis.db.read() as tx:
        assert [row.id for row in client_words.find(tx, asked, "US")] == [booking.client_id]


def test_staff_sign_in_with_either_form(praxis: Context) -> None:
    """A browser sends the domain of an address field in ASCII."""
    with praxis.db.begin() as tx:
        accounts.add(tx, praxis, "Mara@praxis-müller.example", "Mara", [Role.manager], PASSWORD, NOW)
        assert stored_staff.by_email(tx, f"mara@{DOMAIN}") is not None
        with pytest.raises(passwords.Unfit, match="e-mail address"):
            accounts.add(tx, praxis, "mara@nowhere", "Other", [Role.manager], PASSWORD, NOW)
