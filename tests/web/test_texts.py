"""A text that says neither STOP nor START waits for a person, and danger in it alerts at once."""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

import app as application
import settings as configuration
from handlers.clients import privacy
from handlers.context import Context
from handlers.schedule import alerts
from handlers.worker import duties, watch
from schemas.person import ContactKind
from schemas.staff import Role
from settings.values import Sms
from store import bookings, contacts, deliveries, intakes, texts
from tests.helpers.console import BASE, account, post, sign_in, visit
from tests.helpers.mailbox import Mailbox, read
from tests.web.test_sms import said

NUMBER, STRANGER = "+15550104242", "+15550100139"  # of who is booked by `visit`, and of nobody
TODAY = datetime.now(UTC)
SOON = timedelta(minutes=1)


@pytest.fixture
def app(given: configuration.Settings) -> Flask:
    """The application with an account for texts."""
    sms = Sms("AC1", "token", "+15550100100", "https://api.twilio.com")
    return application.create_app(replace(given, sms=sms))


def comes(context: Context, uid: str = "u1", name: str = "Zoë Łuć", days: float = 3) -> tuple[int, int]:
    """A visit of somebody with NUMBER: its id, and the client's."""
    number = visit(
        context, uid, name=name, email=f"{uid}@example.org", start=TODAY + timedelta(days=days), now=TODAY
    )
    with context.db.read() as tx:
        found = bookings.get(tx, number)
    assert found is not None
    return number, found.client_id


def stops(context: Context, client_id: int) -> list[str]:
    """The rules whose flags stand for a client."""
    with context.db.read() as tx:
        return [row.rule for row in intakes.standing(tx, [client_id])]


def alerts_of(context: Context, booking_id: int) -> set[str]:
    with context.db.read() as tx:
        found = deliveries.of_booking(tx, booking_id)
    return {f"{each.key.number}:{each.channel}" for each in found if each.purpose == "alert"}


def both(context: Context, booking_id: int, reason: str) -> set[str]:
    """An alert by e-mail and by text."""
    with context.db.read() as tx:
        return {f"{alerts.cause(tx, booking_id, reason)}:{channel}" for channel in ("email", "sms")}


def waits(app: Flask, context: Context) -> str:
    account(context, roles=(Role.practitioner,))
    return sign_in(app).get("/console/waits", base_url=BASE).get_data(as_text=True)


def test_a_text_waits_once_is_mailed_once_without_its_words_and_goes_when_read(
    app: Flask, context: Context, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    comes(context)
    for _ in range(3):
        assert said(app, "I can't come, the <b>bus</b> is late", From=NUMBER, MessageSid="SM7") == 200
    for minutes in range(3):
        watch.texts_came(context, TODAY + minutes * SOON)
    (mail,) = mailbox.of("texts")
    assert mail["To"] == context.clinic.alert_email
    assert not re.search("bus|come,|Zo|Łuć|4242", read(mail))
    account(context)
    client = sign_in(app)
    page = client.get("/console/waits", base_url=BASE).get_data(as_text=True)
    assert page.count("the &lt;b&gt;bus&lt;/b&gt; is late") == 1
    assert "Zoë Łuć" in page
    assert "May be urgent" not in page
    assert 'class="badge">1<' in page
    post(client, "/console/texts/1/seen", "/console/waits")
    post(client, "/console/texts/1/seen", "/console/waits")
    page = client.get("/console/waits", base_url=BASE).get_data(as_text=True)
    assert "bus" not in page
    assert "Nothing waits for you." in page
    assert not re.search("bus|4242", caplog.text)
    assert said(app, "Is the plan ok?", From=NUMBER, MessageSid="SM8") == 200
    watch.texts_came(context, TODAY + 9 * SOON)
    assert len(mailbox.of("texts")) == 2


def test_a_mail_that_was_refused_is_sent_at_the_next_look(
    app: Flask, context: Context, mailbox: Mailbox
) -> None:
    said(app, "hello?")
    mailbox.refuse = "451 later"
    watch.texts_came(context, TODAY)
    mailbox.refuse = ""
    for minutes in (1, 2):
        watch.texts_came(context, TODAY + minutes * SOON)
    assert len(mailbox.of("texts")) == 1


@pytest.mark.parametrize(
    "words", ["chest pain since yesterday", "¡Me duele mucho el pecho y no puedo respirar!"]
)
def test_danger_stops_and_alerts_at_once_and_again_after_it_was_cleared(
    app: Flask, context: Context, words: str
) -> None:
    booking_id, client_id = comes(context)
    later, _client = comes(context, days=40, uid="u1b", name="Zoë Łuć")
    said(app, "I can't come", From=NUMBER, MessageSid="SM1")
    assert (stops(context, client_id), alerts_of(context, booking_id)) == ([], set())
    said(app, words, From=NUMBER, MessageSid="SM2")
    assert "typed_chest" in stops(context, client_id)
    assert alerts_of(context, booking_id) == both(context, booking_id, "text-2")
    assert alerts_of(context, later) == set()
    with context.db.begin() as tx:
        for row in intakes.standing(tx, [client_id]):
            intakes.clear_flag(tx, row.id, "Mara", "I called", TODAY)
    assert stops(context, client_id) == []
    said(app, words, From=NUMBER, MessageSid="SM2")
    assert stops(context, client_id) == []
    said(app, words, From=NUMBER, MessageSid="SM3")
    assert "typed_chest" in stops(context, client_id)
    assert alerts_of(context, booking_id) >= both(context, booking_id, "text-3")
    page = waits(app, context)
    assert page.count("May be urgent") == 2
    shown = sign_in(app).get(f"/console/bookings/{booking_id}", base_url=BASE)
    assert shown.status_code == 200
    assert "I have seen the alert" in shown.text


def test_every_typed_danger_is_kept_and_alerts(app: Flask, context: Context) -> None:
    _booking, client_id = comes(context)
    rules = context.library("en").rules.typed
    for number, danger in enumerate(rules.dangers):
        said(app, danger.match[0], From=NUMBER, MessageSid=f"SM{number}")
    assert {each.id for each in rules.dangers if not each.tone} <= set(stops(context, client_id))


def test_two_with_one_number_are_both_named_and_held_and_nobodys_words_are_the_others(
    app: Flask, context: Context
) -> None:
    (_one, zoe), (_two, ben) = comes(context), comes(context, "u2", "Ben Ash")
    said(app, "chest pain since Elm Road", From=NUMBER)
    assert stops(context, zoe) == stops(context, ben) == ["typed_chest"]
    page = waits(app, context)
    assert "from one of" in page
    assert "Zoë Łuć" in page
    assert "Ben Ash" in page
    for client_id in (zoe, ben):
        out = privacy.export(context, client_id, "mara", TODAY)
        assert out is not None
        assert out["texts"] == []
        assert "Elm" not in str(out)
    assert privacy.erase(context, zoe, "mara", TODAY) is not None
    with context.db.read() as tx:
        assert texts.unseen(tx) == []
    assert stops(context, ben) == ["typed_chest"]


def test_a_text_is_exported_and_erased_with_who_wrote_it(app: Flask, context: Context) -> None:
    _booking, client_id = comes(context)
    said(app, "when is my visit, I am on Elm Road", From=NUMBER, MessageSid="SM1")
    said(app, "a stranger asks for Elm Road", From=STRANGER, MessageSid="SM2")
    out = privacy.export(context, client_id, "mara", TODAY)
    assert out is not None
    (kept,) = out["texts"]
    assert kept["words"] == "when is my visit, I am on Elm Road"
    found = privacy.erase(context, client_id, "mara", TODAY)
    assert found is not None
    assert found.counts["texts"] == 1
    with context.db.read() as tx:
        assert [each.words for each in texts.unseen(tx)] == ["a stranger asks for Elm Road"]


@pytest.mark.parametrize("sender", [STRANGER, "12345", "CLINIC", "whatsapp:+15550100177", "", "a\0b" * 200])
def test_a_number_that_nobody_has_is_shown_and_danger_from_it_is_said_in_the_mail(
    app: Flask, context: Context, mailbox: Mailbox, sender: str
) -> None:
    comes(context)
    assert said(app, "I have chest pain right now", From=sender) == 200
    watch.texts_came(context, TODAY)
    (mail,) = mailbox.of("texts")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Texts that may be urgent: 1." in " ".join(body.get_content().split())
    page = waits(app, context)
    assert "May be urgent" in page
    assert "Zoë" not in page


def test_what_was_read_is_forgotten_and_what_was_not_stays(app: Flask, context: Context) -> None:
    comes(context)
    for number, sender in enumerate((NUMBER, STRANGER, "+15550100140")):
        said(app, f"text {number}", From=sender, MessageSid=f"SM{number}")
    with context.db.begin() as tx:
        for number in (1, 2):
            texts.seen(tx, number, TODAY)
    days = context.clinic.policy.body_days
    duties.forget(context, TODAY + timedelta(days=days - 1))
    assert len(everything_kept(context)) == 3
    duties.forget(context, TODAY + timedelta(days=days + 1))
    assert everything_kept(context) == [3]
    with context.db.read() as tx:
        numbers = {each.value for each in contacts.of_kind(tx, ContactKind.sms)}
    assert numbers == {NUMBER, "+15550100140"}


def everything_kept(context: Context) -> list[int]:
    with context.db.read() as tx:
        return [each.id for each in texts.named(tx, range(1, 9))]
