"""What a thief of the database or a reader of mails finds: no answer, no token, no secret."""

import re
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import settings as configuration
from handlers.context import Context
from handlers.worker import work
from tests.helpers.answers import fill_in
from tests.helpers.clinic import CALCOM_SECRET, NOW, make_context
from tests.helpers.mailbox import Mailbox, read
from tests.helpers.visits import book

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # whose files can be read
ANSWERS = ("Climbing the Quarrystairs", "Emermarker", "low_back_l")


@pytest.fixture
def folder(given: configuration.Settings, context: Context, mailbox: Mailbox) -> Path:
    """The folder of a SQLite file after a whole visit, with the plan on its way."""
    booking = book(context)
    work.work_once(context, NOW + timedelta(minutes=1))
    fill_in(context, booking, act1_name=ANSWERS[0], emergency_contact_name=ANSWERS[1])
    work.work_once(context, NOW + timedelta(days=7, hours=2))
    assert "plan" in mailbox.kinds()
    return Path(given.database_url.removeprefix("sqlite:///")).parent


@pytest.mark.B13
def test_the_files_of_the_database_hold_no_answer_no_token_and_no_secret(
    folder: Path, given: configuration.Settings, mailbox: Mailbox
) -> None:
    raw = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"zoe@example.org" in raw  # in clear: the search below can find things
    texts = [part.get_content() for mail in mailbox.mails if (part := mail.get_body(("plain",)))]
    tokens = {found for text in texts for found in re.findall(r"/[ipcun]/([A-Za-z0-9_-]{32})", text)}
    assert len(tokens) >= 3
    for secret in (*ANSWERS, CALCOM_SECRET, given.secret_key, *given.field_keys, *tokens):
        assert secret.encode() not in raw, secret


@pytest.mark.B13
@pytest.mark.usefixtures("folder")
def test_no_mail_holds_an_answer(mailbox: Mailbox) -> None:
    for mail in mailbox.mails:
        assert not [answer for answer in ANSWERS if answer in read(mail)]


@pytest.mark.usefixtures("folder")
def test_no_mail_loads_anything_from_anywhere(mailbox: Mailbox) -> None:
    for mail in mailbox.mails:
        html = mail.get_body(("html",))
        assert html is not None
        assert 'src="http' not in html.get_content()
        assert "url(" not in html.get_content()


def test_the_files_of_the_database_are_for_their_owner_alone(
    given: configuration.Settings, tmp_path: Path
) -> None:
    place = tmp_path / "new" / "a.db"
    make_context(replace(given, database_url=f"sqlite:///{place}")).db.close()
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in place.parent.iterdir()] == [0o600]
