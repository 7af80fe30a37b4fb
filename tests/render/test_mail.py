"""Mails: one recipient, stable headers, the same words twice, and no word about health unless chosen."""

import re
import tomllib
from dataclasses import replace
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.mail import POLICY, STAFF, Contents, Envelope, Mail, MailKind, dialled, message
from render.paper.pdf import plan_pdf
from schemas.notions.phone import link
from schemas.staff import AccountNews, StaffNews
from schemas.trouble import TroubleKind
from tests.helpers.content import papers
from tests.helpers.printed import CLINIC, LINK, NOW, TODAY, envelope, pictures, plan
from tests.helpers.reading_level import grade

CONTENT = Path(__file__).parents[2] / "content" / "mail"
TEXTS = {name: tomllib.loads((CONTENT / f"{name}.toml").read_text("utf-8")) for name in ("en", "es")}
CONTEXT: dict[str, str] = {
    "url": LINK,
    "name": "Zoë Nuñez",
    "when": "Friday, November 27 at 3:00 PM (Eastern time)",
    "place": "12 Main St",
    "practitioner": "Priya Raman",
    "minutes": "8",
    "day": "Friday, November 27",
    "reference": "00042",
    "emergency_number": "911",
    "connection": "main (Cal.com)",
    "hours": "30",
    "trouble": "It refused our key.",
    "unread": "",
    "command": "",
    **{kind.value: "" for kind in TroubleKind},
    "message": "Nov 20, 9:00 AM",
    "count": "3",
    "since": "Nov 20, 9:00 AM",
    "urgent": "1",
    **{news.value: "" for news in (*AccountNews, *StaffNews)},
    "look": "2",
    "account": "Nov 20, 9:00 AM",
    "until": "Nov 23, 9:00 AM",
}
OF_TROUBLE = (MailKind.TROUBLE, MailKind.TROUBLE_OVER)
HEALTH = re.compile(
    r"pain|hurt|sore|back|knee|neck|exercise|symptom|health|medic|treat|dolor|duele|ejercicio|espalda|\bsalud\b",
    re.IGNORECASE,
)


def made(
    kind: MailKind, language: str = "en", contents: Contents | None = None, **values: str
) -> EmailMessage:
    """One mail as the receiving side reads it."""
    mail = message(
        kind,
        envelope(),
        {**CONTEXT, **values},
        TEXTS[language],
        CLINIC,
        language=language,
        contents=contents,
    )
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def part(mail: EmailMessage, kind: str) -> str:
    """The text of one part."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Reader(HTMLParser):
    """Collects tags, links and words of an HTML mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [values for name, values in self.tags if name == tag]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", list(MailKind))
def test_a_mail_with_a_link_holds_no_word_about_health(kind: MailKind, language: str) -> None:
    mail = made(kind, language)
    for text in (mail["Subject"], part(mail, "plain"), " ".join(Reader(part(mail, "html")).words)):
        assert not HEALTH.search(text), HEALTH.findall(text)


@pytest.mark.parametrize("kind", list(MailKind))
def test_headers_say_what_the_mail_is_and_how_to_stop_it(kind: MailKind) -> None:
    mail = made(kind)
    assert mail["X-Aftercare-Kind"] == kind.value
    assert mail["Message-ID"] == envelope().message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    assert mail["List-Unsubscribe"] == f"<{envelope().unsubscribe_url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Content-Language"] == "en"
    assert mail["From"].addresses[0].display_name == "Stone & Sons"


@pytest.mark.parametrize("kind", sorted(STAFF))
def test_a_mail_to_staff_names_nobody(kind: MailKind) -> None:
    mail = made(kind)
    whole = mail["Subject"] + part(mail, "plain") + part(mail, "html")
    assert "Nuñez" not in whole
    about = {MailKind.CONNECTION: "main (Cal.com)"} | dict.fromkeys(OF_TROUBLE, "Nov 20")
    assert about.get(kind, "00042") in part(mail, "plain")
    assert LINK in part(mail, "plain")


@pytest.mark.parametrize("kind", [kind for kind in MailKind if kind not in STAFF])
def test_subjects_to_clients_name_the_clinic_and_nobody_else(kind: MailKind) -> None:
    assert "Stone & Sons" in made(kind)["Subject"]
    assert "Zoë" not in made(kind)["Subject"]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", list(MailKind))
def test_both_parts_say_the_same_and_lead_to_the_same_page(kind: MailKind, language: str) -> None:
    mail = made(kind, language)
    html = Reader(part(mail, "html"))
    lead_to = {values["href"] for values in html.of("a")}
    pages = {LINK} if TEXTS[language][kind.value]["button"] else set()
    pages |= {f"{LINK}/go"} if kind is MailKind.PLAN else set()
    assert {each for each in lead_to if not str(each).startswith("tel:")} == {
        *pages,
        envelope().unsubscribe_url,
    }
    words = " ".join(" ".join(html.words).split())
    for line in part(mail, "plain").split("\n\n"):
        if "://" not in line and not line.startswith("--") and ": " not in line:
            assert " ".join(line.split()) in words


@pytest.mark.parametrize("kind", list(MailKind))
def test_html_can_be_read_by_a_screen_reader(kind: MailKind) -> None:
    html = Reader(part(made(kind, "es"), "html"))
    assert html.of("html") == [{"lang": "es", "dir": "ltr"}]
    assert all(values.get("role") == "presentation" for values in html.of("table"))
    assert len(html.of("h1")) == 1
    assert not html.of("script")
    assert all("alt" in values for values in html.of("img"))


def test_the_same_input_makes_the_same_parts() -> None:
    first, second = made(MailKind.INTAKE), made(MailKind.INTAKE)
    assert part(first, "html") == part(second, "html")
    assert part(first, "plain") == part(second, "plain")


def test_the_bytes_are_ascii_with_short_lines() -> None:
    sample = plan()
    inside = Contents(sample, pictures(sample), b"%PDF-1.7")
    mail = message(MailKind.PLAN, envelope(), CONTEXT, TEXTS["en"], CLINIC, contents=inside)
    raw = mail.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)
LINES = st.lists(ANY | st.sampled_from(["", ".", "From me", "tail ", "=3D", "x" * 200, "ü" * 90]), max_size=6)


@given(value=ANY, lines=LINES, calendar=LINES, contents=st.booleans(), utf8=st.booleans())
def test_a_mail_is_written_out_as_the_library_does(
    value: str, lines: list[str], calendar: list[str], contents: bool, utf8: bool
) -> None:
    texts = {**TEXTS["en"], "intake": {**TEXTS["en"]["intake"], "lines": ["{place}", *map(literal, lines)]}}
    sample = plan(1)
    inside = Contents(sample, pictures(sample), b"%PDF-1.7\x00\r\n\xff") if contents else None
    mail = message(
        MailKind.INTAKE,
        envelope(),
        CONTEXT | {"place": value, "name": value},
        texts,
        CLINIC,
        contents=inside,
        calendar="\r\n".join(calendar),
    )
    how = policy.SMTPUTF8 if utf8 else policy.SMTP
    assert mail.as_bytes(policy=how) == EmailMessage.as_bytes(mail, policy=how)
    read = message_from_bytes(mail.as_bytes(policy=how), policy=policy.default)
    assert isinstance(read, EmailMessage)
    for word in ("plain", "html"):
        here = mail.get_body((word,))
        assert here
        assert part(read, word).splitlines() == str(here.get_content()).splitlines()


WORD = st.text(st.sampled_from(" aZ9.,;:=?_<>()\"'\\-@ü\u202eص😀"), max_size=90)


@given(subject=WORD, name=WORD, utf8=st.booleans())
def test_any_header_is_written_out_as_the_library_does(subject: str, name: str, utf8: bool) -> None:
    mail = Mail(policy=POLICY)
    mail["Subject"], mail["From"] = subject, Address(name, "care", "clinic.example")
    mail.set_content("")
    how = policy.SMTPUTF8 if utf8 else policy.SMTP
    assert mail.as_bytes(policy=how) == EmailMessage.as_bytes(mail, policy=how)


def literal(line: str) -> str:
    """A line of the clinic's that fills nothing in."""
    return line.replace("{", "(").replace("\r", " ").replace("\n", " ")


@given(text=LINES.map("\n".join))
def test_any_text_travels_in_short_lines_of_ascii_and_arrives(text: str) -> None:
    mail = Mail(policy=POLICY)
    mail.set_content(text)
    sent = mail.as_bytes()
    assert sent.isascii()
    assert max(map(len, sent.split(b"\r\n"))) <= 78
    read = message_from_bytes(sent, policy=policy.default)
    assert isinstance(read, EmailMessage)
    want = text.replace("\r\n", "\n").replace("\r", "\n")
    assert read.get_content().replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") == want.rstrip("\n")


def test_chosen_contents_bring_pictures_words_and_paper() -> None:
    sample = plan(2)
    paper = plan_pdf(sample, CLINIC, "Zoë", pictures(sample), date=TODAY, words=papers()).data
    mail = made(MailKind.PLAN, contents=Contents(sample, pictures(sample), paper))
    html = Reader(part(mail, "html"))
    drawn = {values["src"]: values["alt"] for values in html.of("img")}
    attached = {item["Content-ID"]: item for item in mail.walk() if item.get_content_type() == "image/png"}
    assert set(drawn) == {f"cid:{name[1:-1]}" for name in attached}
    assert drawn["cid:move_1@aftercare"] == "Bridge 1, from start to finish"
    for words in ("Bridge 2", "2 sets of 8", sample.stop_rule, "Squeeze your seat and lift your hips."):
        assert words in " ".join(" ".join(html.words).split())
        assert words in " ".join(part(mail, "plain").split())
    files = [item.get_filename() for item in mail.iter_attachments()]
    assert files == ["your-plan.pdf"]


def test_a_move_without_a_picture_is_still_in_the_mail() -> None:
    mail = made(MailKind.PLAN, contents=Contents(plan(1)))
    assert "Bridge 1" in part(mail, "html")
    assert not Reader(part(mail, "html")).of("img")


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_a_mail_says_what_a_move_is_good_for_and_never_the_answer_that_chose_it(kind: str) -> None:
    bare = plan(1)
    item = replace(bare.items[0], helps="It builds strong hips.", caution="Go easy, because you had a fall.")
    text = " ".join(part(made(MailKind.PLAN, contents=Contents(replace(bare, items=(item,)))), kind).split())
    assert item.helps in text
    assert item.why not in text
    assert item.caution not in text
    assert TEXTS["en"]["contents"]["why"] not in part(made(MailKind.PLAN, contents=Contents(bare)), kind)


HOSTILE = [
    "Eve\r\nBcc: all@evil.example",
    "Eve\nX-Evil: 1",
    "<script>alert(1)</script>",
    "{{ 1337*7331 }}",
    "{clinic}{url}",
    "https://evil.example/now",
    "evil.example",
    '"><img src=x onerror=alert(1)>',
    "\x00\x07\u202e",
    "x" * 5000,
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("field", ["name", "place", "practitioner", "when", "reference"])
def test_no_value_adds_a_header_a_tag_or_a_link(field: str, value: str) -> None:
    calm, mail = made(MailKind.INTAKE), made(MailKind.INTAKE, "en", None, **{field: value})
    assert mail.keys() == calm.keys()
    assert [address.addr_spec for address in mail["To"].addresses] == ["maria@client.example"]
    calm_tags = {tag for tag, _ in Reader(part(calm, "html")).tags}
    html = Reader(part(mail, "html"))
    assert {tag for tag, _ in html.tags} <= calm_tags
    assert {values["href"] for values in html.of("a")} == {
        values["href"] for values in Reader(part(calm, "html")).of("a")
    }
    assert "9801547" not in part(mail, "html")


@given(st.text(max_size=300))
def test_any_name_makes_a_mail_to_one_person(name: str) -> None:
    mail = made(MailKind.INTAKE, name=name)
    assert mail.keys() == made(MailKind.INTAKE).keys()
    assert len(mail["To"].addresses) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maria",
        "a@b, c@d",
        "a@b;c@d",
        "Eve <a@b.example>",
        "a@b\r\nBcc: c@d",
        "a b@c.example",
        "a" * 250 + "@b.example",
    ],
)
def test_anything_but_one_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ValueError, match="not one e-mail address") as refused:
        message(MailKind.INTAKE, envelope(address), CONTEXT, TEXTS["en"], CLINIC)
    assert not address or address not in str(refused.value)


@pytest.mark.parametrize("field", ["message_id", "unsubscribe_url"])
def test_faulty_ids_and_links_are_refused(field: str) -> None:
    values: dict[str, Any] = {"message_id": "<a@b>", "unsubscribe_url": LINK, field: "<a b>\r\nX-Evil: 1"}
    with pytest.raises(ValueError, match="not one"):
        message(
            MailKind.INTAKE,
            Envelope("a@b.example", "c@d.example", date=NOW, **values),
            CONTEXT,
            TEXTS["en"],
            CLINIC,
        )


def test_telephone_numbers_are_tapped_and_a_number_within_another_is_not() -> None:
    html = Reader(part(made(MailKind.CHECKIN), "html"))
    dials = {str(values["href"]) for values in html.of("a") if str(values["href"]).startswith("tel:")}
    assert dials == {link(CLINIC.phone, CLINIC.country), "tel:911"}
    line = dialled("Call 911, not 9110 or +911 <b>", [("911", "tel:911")])
    assert line.count("tel:911") == 1
    assert "&lt;b&gt;" in line


def test_a_calendar_file_travels_with_the_mail() -> None:
    mail = message(MailKind.INTAKE, envelope(), CONTEXT, TEXTS["en"], CLINIC, calendar="BEGIN:VCALENDAR\r\n")
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    (attached,) = read.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached["Content-Type"].params["method"] == "PUBLISH"
    assert attached.get_filename() == "visit.ics"
    assert attached.get_content().startswith("BEGIN:VCALENDAR")


def test_a_script_is_no_link() -> None:
    with pytest.raises(ValueError, match="not one link"):
        message(MailKind.INTAKE, envelope(), {**CONTEXT, "url": "javascript:alert(1)"}, TEXTS["en"], CLINIC)


def test_a_sentence_that_names_an_empty_value_is_left_out() -> None:
    texts = TEXTS["en"] | {"intake": TEXTS["en"]["intake"] | {"lines": ["At {place}.", "Hello."]}}
    mail = message(MailKind.INTAKE, envelope(), CONTEXT | {"place": ""}, texts, CLINIC)
    assert "At" not in part(mail, "plain").splitlines()[2]
    assert "Hello." in part(mail, "plain")


def test_a_placeholder_nobody_fills_is_an_error() -> None:
    texts = TEXTS["en"] | {"intake": TEXTS["en"]["intake"] | {"subject": "Hi {nobody}"}}
    with pytest.raises(KeyError):
        message(MailKind.INTAKE, envelope(), CONTEXT, texts, CLINIC)


def test_both_languages_have_every_text() -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(inner) for key, inner in value.items()}
        return len(value) if isinstance(value, list) else set(re.findall(r"\{\w+\}", value))

    assert shape(TEXTS["en"]) == shape(TEXTS["es"])


def test_every_english_sentence_is_easy_to_read() -> None:
    for kind in MailKind:
        own = TEXTS["en"][kind.value]
        for line in (*own["lines"], *own["after"]):
            assert grade(re.sub(r"\{\w+\}", "Stone", line)) <= 6, line


@pytest.mark.parametrize("written", ["555-911 2000", "(911) 555 0100", "0800 911 911"])
@pytest.mark.parametrize("turned", [1, -1])
def test_a_number_within_another_dials_the_longer_one(written: str, turned: int) -> None:
    numbers = [(written, link(written, "US")), ("911", "tel:911")][::turned]
    line = dialled(f"Call 911 or {written}.", numbers)
    assert line.count("<a ") == line.count("</a>") == 2
    assert line.endswith(f">{written}</a>.")
