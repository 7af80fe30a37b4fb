"""Your choices: consents seen, withdrawn and given again; what a client asks the clinic for; the notice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import escape

from handlers import links
from handlers.clients import contacts, privacy
from handlers.context import Context
from handlers.intake import choices
from handlers.links import LinkPurpose
from handlers.worker import work
from library.values import Library
from schemas.booking import Booking
from schemas.checkin import CheckInKind
from schemas.client_request import RequestKind
from schemas.reason import Reason
from schemas.staff import Role
from store import bookings, client_requests, clients
from tests.helpers.answers import fill_in
from tests.helpers.clinic import NOW, with_content
from tests.helpers.console import account, post, sign_in
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import BASE, Phone, again, checkin_phone, phone, soon, visited
from tests.helpers.visits import book, receive, schedule_of, webhook

HOME, MAIL, KEEP = "consent_exercise", "consent_email", "consent_health_data"


@pytest.fixture
def booking(context: Context) -> Booking:
    """A visit of Zoë's in two days, whose form is sent."""
    made = soon(context)
    fill_in(context, made, datetime.now(UTC))
    return made


@pytest.fixture
def hers(app: Flask, context: Context, booking: Booking) -> Phone:
    """Zoë's phone with the link at the end of her mails."""
    return phone(app, context, LinkPurpose.stop, booking.client_id, days=3650)


def asked(context: Context, booking: Booking) -> list[tuple[RequestKind, str, str, bool]]:
    with context.db.read() as tx:
        found = client_requests.of_client(tx, clients.family(tx, booking.client_id))
    return [(each.kind, each.what, each.words, each.yes) for each in found]


def signed_in(app: Flask, context: Context, email: str, roles: tuple[Role, ...]) -> FlaskClient:
    account(context, email, roles=roles)
    return sign_in(app, email)


def choose(hers: Phone, act: str, consent: str) -> str:
    return hers.send("/choices", {"act": act, "consent": consent}).text


def test_every_link_of_a_client_leads_there_and_a_wrong_one_nowhere(app: Flask, context: Context) -> None:
    booking = visited(context)
    held = [phone(app, context, LinkPurpose.stop, booking.client_id)]
    held += [phone(app, context, LinkPurpose.plan, booking.id)]
    held += [checkin_phone(app, context, booking, CheckInKind.h24)]
    for each in held:
        page = each.get("/choices")
        assert page.status_code == 200
        assert "I agree to massage." in page.text
        assert "Yes, since" in page.text
        if "/i/" not in each.link:
            assert f"{each.link}/choices" in each.get().text
        other = each.link[:-4] + "AAAA"
        assert each.http.get(f"{other}/choices", base_url=BASE).status_code == 404
    for purpose in (LinkPurpose.note, LinkPurpose.intake):  # a form's link opens the form alone
        assert "Your choices" not in phone(app, context, purpose, booking.id).get("/choices").text


def test_what_was_answered_is_not_shown(hers: Phone, context: Context, booking: Booking) -> None:
    page = hers.get("/choices").text
    for words in ("zoe@example.org", "1990", "Zoë", "1 form that you sent"):
        assert (words in page) is (words == "1 form that you sent"), words


def test_opening_it_changes_nothing_and_a_foreign_form_neither(
    hers: Phone, context: Context, booking: Booking
) -> None:
    hers.http.head(f"{hers.link}/choices", base_url=BASE)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        body = {"act": "withdraw", "consent": HOME}
        assert hers.post("/choices", body, headers=headers).status_code == 403
    assert hers.post("/choices", {"act": "withdraw", "consent": HOME}, key="x").status_code == 403
    assert hers.post("/choices", {"act": "dance"}).status_code == 400
    assert asked(context, booking) == []


@pytest.mark.B15
def test_a_consent_is_withdrawn_once_and_given_again(hers: Phone, context: Context, booking: Booking) -> None:
    for _twice in range(2):
        assert "No, since" in choose(hers, "withdraw", HOME)
    assert asked(context, booking) == [(RequestKind.consent, HOME, "", False)]
    assert "No, since" not in choose(hers, "give", HOME)
    assert [each[3] for each in asked(context, booking)] == [False, True]
    choose(hers, "withdraw", "consent_of_nobody")
    choose(hers, "withdraw", "")
    assert len(asked(context, booking)) == 2


def test_a_mind_that_changes_all_the_time_neither_fills_the_list_nor_the_disk(
    hers: Phone, context: Context, booking: Booking
) -> None:
    for _ in range(12):
        choose(hers, "withdraw", HOME)
        choose(hers, "give", HOME)
    assert len(asked(context, booking)) == 20
    with context.db.read() as tx:
        assert client_requests.count_waiting(tx, (RequestKind.consent,)) == 1


@pytest.mark.B10
@pytest.mark.parametrize("consent", [HOME, KEEP])
def test_without_the_consent_no_plan_goes_out(
    hers: Phone, context: Context, booking: Booking, mailbox: Mailbox, consent: str
) -> None:
    choose(hers, "withdraw", consent)
    work.work_once(context, booking.end + timedelta(hours=1))
    assert "plan" not in mailbox.kinds()
    assert schedule_of(context, booking)["plan:0"].reason is Reason.no_consent


def test_given_again_in_time_it_goes_out(
    hers: Phone, context: Context, booking: Booking, mailbox: Mailbox
) -> None:
    for consent in (HOME, MAIL):
        choose(hers, "withdraw", consent)
    for consent in (MAIL, HOME):
        choose(hers, "give", consent)
    work.work_once(context, booking.end + timedelta(hours=1))
    assert "plan" in mailbox.kinds()


def test_a_plan_that_was_held_for_want_of_mail_goes_out_after_the_yes(
    hers: Phone, context: Context, booking: Booking, mailbox: Mailbox
) -> None:
    choose(hers, "withdraw", MAIL)
    work.work_once(context, booking.end + timedelta(hours=1))
    assert "plan" not in mailbox.kinds()
    choose(hers, "give", MAIL)
    work.work_once(context, booking.end + timedelta(hours=2))
    assert "plan" in mailbox.kinds()


@pytest.mark.B11
@pytest.mark.parametrize("consent", [HOME, MAIL])
def test_check_ins_end_with_the_consent(app: Flask, context: Context, mailbox: Mailbox, consent: str) -> None:
    booking = visited(context)
    choose(phone(app, context, LinkPurpose.stop, booking.client_id), "withdraw", consent)
    work.work_once(context, datetime.now(UTC) + timedelta(days=2))
    assert "checkin" not in mailbox.kinds()


def test_a_later_form_decides_again(app: Flask, context: Context) -> None:
    booking = visited(context)
    hers = phone(app, context, LinkPurpose.stop, booking.client_id)
    choose(hers, "withdraw", MAIL)
    later = again(context)
    fill_in(context, later, datetime.now(UTC) + timedelta(minutes=5), consent_email="yes")
    with context.db.read() as tx:
        shown = {each.id: each.yes for each in choices.consents(tx, context, booking.client_id, "en")}
    assert (shown[MAIL], shown[HOME]) == (True, True)


def test_a_mail_to_a_wrong_address_opens_nothing_once_it_was_corrected(
    app: Flask, context: Context, booking: Booking
) -> None:
    now = datetime.now(UTC)
    with context.db.begin() as tx:
        place = contacts.email_of(tx, context, "stranger@example.org", now) or 0
        url = links.issue(tx, context, LinkPurpose.stop, place, now, contact=place, client=booking.client_id)
    stranger = Phone(app.test_client(), url.removeprefix(BASE))
    assert stranger.get().status_code == 200
    assert stranger.get("/choices").status_code == 404
    assert stranger.post("/choices", {"act": "withdraw", "consent": HOME}).status_code == 404
    assert asked(context, booking) == []


def test_who_was_erased_has_no_choices_left(hers: Phone, context: Context, booking: Booking) -> None:
    choose(hers, "withdraw", HOME)
    erased = privacy.erase(context, booking.client_id, "Ana", datetime.now(UTC))
    assert erased is not None
    assert erased.counts["client_requests"] == 1
    assert hers.get("/choices").status_code == 404


def test_a_correction_waits_for_the_clinic_once(hers: Phone, context: Context, booking: Booking) -> None:
    right = {"act": "correction", "what": "name", "right": "  Zoë   <b>Łuć</b>\n "}
    for _thrice in range(3):
        hers.post("/choices", right)
    for wrong in ({"what": "shoes", "right": "x"}, {"what": "name", "right": " "}, {}):
        hers.post("/choices", {"act": "correction", **wrong})
    assert asked(context, booking) == [(RequestKind.correction, "name", "Zoë <b>Łuć</b>", False)]
    for number in range(20):
        hers.post("/choices", right | {"right": f"Zoë {number}"})
    assert len(asked(context, booking)) == 5


def test_another_language_keeps_a_correction_that_was_typed_and_sends_nothing(
    hers: Phone, context: Context, booking: Booking
) -> None:
    for right in ('Zoë "Łuć" <b>', "Zoë " * 2000):  # the second is too long for a cookie
        typed = {"act": "correction", "what": "birth", "right": right, "read_in": "es"}
        page = hers.send("/choices?language=es", typed).text
        assert 'lang="es"' in page
        assert f'value="{escape(right)}"' in page
        assert '<option value="birth" selected>' in page
        assert asked(context, booking) == []
    assert hers.post("/choices", {"act": "erasure", "read_in": "es"}, key="no").status_code == 403
    hers.post("/choices", {"act": "correction", "what": "birth", "right": "1980"})
    assert "Zoë &#34;" not in hers.get("/choices").text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=400))
def test_any_words_are_kept_as_they_were_or_refused(
    app: Flask, context: Context, hers: Phone, booking: Booking, words: str
) -> None:
    sent = hers.post("/choices", {"act": "correction", "what": "other", "right": words})
    assert sent.status_code == 303
    assert all(len(each[2]) <= 300 for each in asked(context, booking))


def test_the_console_shows_what_waits_and_is_done_with_it_once(
    app: Flask, context: Context, hers: Phone, booking: Booking
) -> None:
    for body in ({"act": "copy"}, {"act": "erasure"}, {"act": "copy"}, {"act": "withdraw", "consent": KEEP}):
        hers.post("/choices", body)
    hers.post("/choices", {"act": "correction", "what": "birth", "right": "<i>2 May 1980</i>"})
    ana = signed_in(app, context, "ana@example.org", (Role.practitioner,))
    page = ana.get("/console/waits", base_url=BASE).text
    for words in ("asks for a copy", "asks to be erased", "was taken back", "keeps my health answers"):
        assert words in page
    assert "&lt;i&gt;2 May 1980&lt;/i&gt;" in page
    assert page.count("asks for a copy") == 1
    with context.db.read() as tx:
        waiting = client_requests.waiting(tx, tuple(RequestKind))
    (copy,) = (each for each in waiting if each.kind is RequestKind.copy)
    path = f"/console/requests/{copy.id}/done"
    assert post(ana, path).status_code == 303
    assert post(ana, path).status_code == 409
    assert "done" in hers.get("/choices").text


def test_the_front_desk_reads_no_consent_and_no_date_of_birth(
    app: Flask, context: Context, hers: Phone, booking: Booking
) -> None:
    hers.post("/choices", {"act": "withdraw", "consent": KEEP})
    hers.post("/choices", {"act": "correction", "what": "birth", "right": "2 May 1980"})
    hers.post("/choices", {"act": "correction", "what": "name", "right": "Zoe Luc"})
    desk = signed_in(app, context, "desk@example.org", (Role.front_desk,))
    page = desk.get("/console/waits", base_url=BASE).text
    assert "Zoe Luc" in page
    assert "2 May 1980" not in page
    assert "taken back" not in page
    with context.db.read() as tx:
        consent = client_requests.waiting(tx, (RequestKind.consent,))[0]
    assert post(desk, f"/console/requests/{consent.id}/done").status_code == 409


def test_every_mail_to_a_client_leads_there(context: Context, mailbox: Mailbox, app: Flask) -> None:
    booking = book(context)
    work.work_once(context, NOW + timedelta(minutes=5))
    fill_in(context, booking)
    work.work_once(context, booking.end + timedelta(hours=1))
    assert {"intake", "plan"} <= set(mailbox.kinds())
    for mail in mailbox.mails:
        for part in ("plain", "html"):
            body = mail.get_body((part,))
            assert body is not None
            assert body.get_content().count("/choices") == (1 if mail["List-Unsubscribe"] else 0)


@pytest.mark.parametrize(("read_in", "title"), [("es", "Sus decisiones"), ("en", "Your choices")])
def test_the_pages_behind_a_mail_speak_the_language_of_the_client(
    app: Flask, context: Context, read_in: str, title: str
) -> None:
    browser = {"Accept-Language": "en" if read_in == "es" else "es"}
    booking = soon(context, language=read_in)
    fill_in(context, booking, datetime.now(UTC))
    theirs = phone(app, context, LinkPurpose.stop, booking.client_id)
    assert f"<h1>{title}" in theirs.get("/choices", headers=browser).text
    assert f'lang="{read_in}"' in theirs.get("", headers=browser).text
    other = "en" if read_in == "es" else "es"
    assert f'<html lang="{other}"' in theirs.get(f"/choices?language={other}", headers=browser).text
    sent = theirs.post("/choices", {"act": "withdraw", "consent": HOME}, headers={**theirs.extra, **browser})
    assert sent.headers["Location"].endswith(f"language={read_in}")


@pytest.mark.parametrize(
    ("hers", "his"),
    [
        ("Zoë Łuć", "Kim Łuć"),
        ("فاطمة الزهراء", "علي حسن"),
        ("王伟", "李娜"),
        ("Zoë Łuć", "<b>Ann</b> Lee"),
    ],
)
def test_two_with_one_address_see_whose_choices_and_whose_mails_these_are(
    app: Flask, context: Context, hers: str, his: str
) -> None:
    whose, shared = "These are the choices of", "More than one person gets our mail here."
    first = phone(app, context, LinkPurpose.stop, soon(context, name=hers).client_id)
    assert whose not in first.get("/choices").text
    assert shared not in first.get().text
    second = phone(app, context, LinkPurpose.stop, _other(context, his).client_id)
    for each, name in ((first, hers), (second, his)):
        assert f"{whose} {escape(name)}." in each.get("/choices").text
        assert shared in each.get().text


def _other(context: Context, name: str) -> Booking:
    """Another person's booking with Zoë's address."""
    now = datetime.now(UTC)
    receive(context, webhook("created", now, uid="u2", name=name, start=now + timedelta(days=3)))
    work.work_once(context, now)
    with context.db.read() as tx:
        return max(bookings.listing(tx, email="zoe@example.org"), key=lambda each: each.id)


def test_the_notice_has_paragraphs_and_no_word_of_a_mail_server_on_the_same_machine(
    app: Flask, context: Context
) -> None:
    def longer(library: Library) -> Library:
        texts = {**library.notice.texts, "section.why.text": "First.\n\n  Second <b>part</b>.\n"}
        return replace(library, notice=replace(library.notice, texts=texts))

    app.extensions["aftercare"] = with_content(context, longer)
    page = app.test_client().get("/privacy", base_url=BASE).text
    assert "<p>First.</p><p>Second &lt;b&gt;part&lt;/b&gt;.</p>" in page
    assert "127.0.0.1" not in page
    assert "Our mails" not in page


@pytest.mark.parametrize(("language", "words"), [("en", "What we keep"), ("es", "Qué guardamos")])
def test_the_notice_says_what_is_set(app: Flask, language: str, words: str) -> None:
    page = app.test_client().get(f"/privacy?language={language}", base_url=BASE)
    assert page.status_code == 200
    assert words in page.text
    assert "{" not in page.text
    assert "Cal.com" in page.text
