"""E-mails: text and HTML, the same words in both, as one standard-library message.

Without `contents` a mail is a greeting and a button: no word about health leaves the clinic.
"""

import binascii
import re
import secrets
from base64 import encodebytes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.contentmanager import ContentManager, raw_data_manager
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage, Message, MIMEPart
from email.policy import Policy
from email.utils import format_datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.filters import do_wordwrap
from markupsafe import Markup, escape

from render.language.readable import begins_alike, greeting_name, plain, unlinked
from render.paper.raster import png
from schemas.checkin import CheckInKind
from schemas.clinic import Clinic
from schemas.figure import Picture
from schemas.notions.mail_address import mailbox, read_named
from schemas.notions.phone import link
from schemas.notions.words import PLACEHOLDER, direction
from schemas.worded_plan import WordedPlan

MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>\Z")
EDGE = re.compile(r'boundary="([0-9a-f]{32})"')
URL = re.compile(r"https?://[!-;=?-~]+\Z")
LINE, SHORT = 76, 78  # letters of a line of text, and of a header that is not folded
NOTHING: Mapping[str, str] = MappingProxyType({})
WIDE = 1088  # pixels of a picture: twice the 544 that the widest mail shows
MOST, LIMITS = 200, {"trouble": 500}  # characters of a value, and of what another service says in sentences


class MailKind(StrEnum):
    """What a mail is for; the word in its X-Aftercare-Kind header."""

    INTAKE = "intake"
    INTAKE_REMINDER = "intake_reminder"
    PLAN = "plan"
    CHECKIN = "checkin"
    PLAN_HELD = "plan_held"
    BOOK_AGAIN = "book_again"
    MY_DAY = "my_day"
    CONFIRM = "confirm"
    ANSWER = "answer"
    ALERT = "alert"
    NUDGE = "nudge"
    SUMMARY = "summary"
    CONNECTION = "connection"
    TROUBLE = "trouble"
    TROUBLE_OVER = "trouble_over"
    TEXTS = "texts"
    INVITE = "invite"
    ACCOUNT = "account"
    LOCKED = "locked"
    STAFF_NEWS = "staff_news"


BEGUN = "intake_reminder_begun"
"""The table of the reminder's words for who has answered something already."""
CORRECTED = "plan_corrected"
"""The table of words for a plan that was changed after it had gone out."""
AGAIN, SAME, MORE, LESS, OTHER = "plan_again", "plan_same", "plan_more", "plan_less", "plan_other"
"""The tables of words for the plan of a later visit, and for one that goes on, by what became of it."""
NEWS_AGAIN = (*(f"{news}_again" for news in (SAME, MORE, LESS, OTHER)), f"{MORE}_still", f"{LESS}_still")
"""The tables of words for the same news of a plan a second time, and a third."""
BACK, BACK_REMINDER = "intake_again", "intake_reminder_again"
"""The tables of words for who was here before."""
LAST = tuple(f"{reminder}_last" for reminder in ("intake_reminder", BEGUN, BACK_REMINDER))
"""The tables of words for a reminder after the first."""


def of_checkin(kind: CheckInKind, *, reminder: bool) -> str:
    """The table of words for a check-in after the first, or for the reminder of any."""
    return f"checkin_{kind}{'_reminder' if reminder else ''}"


CHECKINS = (
    *(of_checkin(kind, reminder=False) for kind in CheckInKind if kind is not CheckInKind.h24),
    *(of_checkin(kind, reminder=True) for kind in CheckInKind),
)
VARIANTS = (
    *(BEGUN, CORRECTED, AGAIN, SAME, MORE, LESS, OTHER),
    *(*NEWS_AGAIN, BACK, BACK_REMINDER, *LAST, *CHECKINS),
)
UNKNOWN = frozenset({MailKind.CONFIRM})
"""To somebody of whom nothing is known yet: no name, nothing of a visit."""
PUBLIC = frozenset({MailKind.BOOK_AGAIN})
"""What leads to a page of everybody's."""
STAFF = frozenset(
    {
        *(MailKind.ALERT, MailKind.NUDGE, MailKind.SUMMARY),
        *(MailKind.CONNECTION, MailKind.TROUBLE, MailKind.TROUBLE_OVER, MailKind.TEXTS),
        *(MailKind.INVITE, MailKind.ACCOUNT, MailKind.LOCKED, MailKind.STAFF_NEWS),
    }
)
Texts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a mail travels: one address, who it is from, its stable id, when, and how to stop more of them.

    `privacy_url` leads to what the clinic keeps, and to the client's choices about it.

    `sender` and `reply_to` may have a name before the address: `The Clinic <care@clinic.example>`.
    """

    to: str
    sender: str
    message_id: str
    date: datetime
    reply_to: str = ""
    unsubscribe_url: str = ""
    privacy_url: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """A plan inside the mail itself, for clinics that choose so; `pdf` is attached when it is not empty."""

    plan: WordedPlan
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    pdf: bytes = b""


@dataclass(frozen=True, slots=True)
class Taps:
    """A question whose answers are links: the words of each, and where it leads."""

    question: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a template gets: finished sentences, no placeholders."""

    kind: str
    language: str
    direction: str
    subject: str
    preview: str
    heading: str
    greeting: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    button: str
    url: str
    copy_link: str
    go: str
    go_url: str
    after: tuple[str, ...]
    footer: tuple[str, ...]
    stop: str
    stop_url: str
    privacy: str
    privacy_url: str
    clinic: str
    taps: Taps | None
    numbers: tuple[tuple[str, str], ...]
    contents: Contents | None
    words: Mapping[str, str]


def message(
    kind: MailKind,
    envelope: Envelope,
    context: Mapping[str, str],
    texts: Texts,
    clinic: Clinic,
    *,
    language: str = "en",
    contents: Contents | None = None,
    wording: str = "",
    taps: Taps | None = None,
    calendar: str = "",
) -> EmailMessage:
    """One finished mail, in the words of its kind, or of the table `wording`; `calendar` is attached.

    `texts` is `content/mail/<language>.toml`. `context` holds `url` (the link behind the button) and what the
    sentences name: `name`, `when`, `place`, `practitioner`, `minutes`, `reference`, `emergency_number`,
    `connection`, `hours`, `trouble`, `unread`, `command`; and as `later`, about a visit after the first one
    on `day`, what became of the plan with it.
    Raises ValueError for an address or link that is not exactly one, and KeyError for a placeholder without
    a value.
    """
    letter = _letter(kind, envelope, context, texts, clinic, language, contents, wording, taps)
    mail = Mail(policy=POLICY)
    _headers(mail, kind, envelope, letter)
    mail.set_content(_render("mail/layout.txt", letter))
    mail.add_alternative(_render("mail/layout.html", letter), subtype="html")
    if contents:
        _add_contents(mail, contents, letter)
    if calendar:
        name = texts["calendar"]["file"]
        mail.add_attachment(calendar, subtype="calendar", params={"method": "PUBLISH"}, filename=name)
    mail["Content-Language"] = letter.language
    for part in mail.walk():
        if part.is_multipart():
            _separate(part)
    return mail


REGISTRY = HeaderRegistry()
FEW = frozenset(
    {
        *("mime-version", "content-type", "content-transfer-encoding", "content-language"),
        *("auto-submitted", "x-aftercare-kind", "list-unsubscribe-post", "subject"),
    }
)
"""Headers with few values, none of them about anybody."""


@lru_cache(maxsize=256)
def _once(name: str, value: str) -> Any:
    return REGISTRY(name, value)


@lru_cache(maxsize=64)
def _class(name: str) -> type:
    found: type = REGISTRY[name]
    return found


class _Shared(HeaderRegistry):
    """A header is never changed, so that mails share those that are the same in many."""

    def __getitem__(self, name: str) -> type:
        """The class of a header: the library makes a new one each time, which takes longer than its use."""
        return _class(name.lower())

    def __call__(self, name: str, value: Any) -> Any:
        few = name.lower() in FEW and isinstance(value, str) and "boundary=" not in value
        return _once(name, str(value)) if few else super().__call__(name, value)


def _text_as_part(
    part: EmailMessage, text: str, subtype: str = "plain", params: Mapping[str, str] = NOTHING, **named: Any
) -> None:
    """Make a part of text; the library encodes it letter by letter, and reads each header that it writes."""
    coding, body = _encoded(text.replace("\r\n", "\n").encode())
    for header in _of_part(subtype, coding, tuple(params.items()), tuple(sorted(named.items()))):
        part[header.name] = header
    part.set_payload(body)


def _encoded(text: bytes) -> tuple[str, str]:
    """How a text travels in letters of ASCII and short lines, and as what."""
    beyond = len(text) - len(text.decode("ascii", "ignore"))
    if not beyond and max(map(len, text.split(b"\n"))) <= LINE:
        return "7bit", text.decode()
    if beyond > len(text) / 6:  # each byte of them takes three letters otherwise
        return "base64", encodebytes(text).decode()
    return "quoted-printable", binascii.b2a_qp(text, istext=True).decode()


@lru_cache(maxsize=256)
def _of_part(
    subtype: str, coding: str, params: tuple[tuple[str, str], ...], named: tuple[tuple[str, Any], ...]
) -> tuple[Any, ...]:
    """The headers of a part, as the library writes them for an empty one."""
    part = MIMEPart(policy=policy.SMTP)
    part.set_content("", subtype=subtype, params=dict(params), **dict(named))
    del part["MIME-Version"]
    part.replace_header("Content-Transfer-Encoding", coding)
    return tuple(part[name] for name in part.keys())  # noqa: SIM118 - a message is not a mapping


CONTENT = ContentManager()
CONTENT.get_handlers = raw_data_manager.get_handlers  # type: ignore[attr-defined]
CONTENT.set_handlers = raw_data_manager.set_handlers | {str: _text_as_part}  # type: ignore[attr-defined]
POLICY = policy.SMTP.clone(cte_type="7bit", header_factory=_Shared(), content_manager=CONTENT)


class Mail(EmailMessage):
    """A message that is written out in few steps: the library writes each line by itself."""

    def as_bytes(self, unixfrom: bool = False, policy: "Policy[Any] | None" = None) -> bytes:  # noqa: ARG002
        """The same bytes as those of the library."""
        return _written(self, policy or self.policy).encode("utf-8", "surrogateescape")


def _written(part: "Message[Any, Any]", how: "Policy[Any]") -> str:
    head = "".join(_header(name, value, how) for name, value in part.raw_items()) + how.linesep
    if not part.is_multipart():
        return head + str(part.get_payload()).replace("\n", how.linesep)
    known = EDGE.findall(head)  # the header with it comes last
    edge = f"--{known[-1] if known else part.get_boundary()}"
    parts = cast("list[Message[Any, Any]]", part.get_payload())
    inside = "".join(f"{edge}{how.linesep}{_written(each, how)}{how.linesep}" for each in parts)
    return f"{head}{inside}{edge}--{how.linesep}"


def _header(name: str, value: str, how: "Policy[Any]") -> str:
    """A header as it travels; the library takes apart even what is one short line of plain letters."""
    line = f"{name}: {value}"
    plain_letters = line.isascii() and line.isprintable() and "=?" not in line
    whole = plain_letters and len(line) <= SHORT and not line.endswith(" ")
    return f"{line}{how.linesep}" if whole else how.fold(name, value)


def _separate(part: "Message[Any, Any]") -> None:
    """Say what stands between the parts: the library would look for what no text holds while it writes."""
    kind = part.get_content_type()
    del part["Content-Type"]
    part.set_raw("Content-Type", f'{kind};\n boundary="{secrets.token_hex(16)}"')


def _headers(mail: EmailMessage, kind: MailKind, envelope: Envelope, letter: Letter) -> None:
    mail["Subject"] = letter.subject
    mail["From"] = _of_clinic("From", envelope.sender, letter.clinic)
    mail["To"] = mailbox(envelope.to)
    if envelope.reply_to:
        mail["Reply-To"] = _of_clinic("Reply-To", envelope.reply_to)
    mail.set_raw("Date", format_datetime(envelope.date))
    mail.set_raw("Message-ID", _checked(MESSAGE_ID, envelope.message_id, "message id"))
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Aftercare-Kind"] = kind.value
    if letter.stop_url:
        mail.set_raw("List-Unsubscribe", f"<{letter.stop_url}>")
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


@lru_cache(maxsize=64)
def _of_clinic(header: str, written: str, otherwise: str = "") -> Any:
    """A header with an address of the clinic's, made once: reading it takes longer than all words of a mail.

    `The Clinic <care@clinic.example>` with its name; an address alone with the name `otherwise`.
    """
    name, address = read_named(written) or ("", written)
    return REGISTRY(header, mailbox(address, plain(name, 80) or otherwise))


def _checked(pattern: re.Pattern[str], text: str, what: str) -> str:
    """The text, when it matches; the error never repeats it, since logs must not hold it."""
    if not pattern.match(text):
        raise ValueError(f"not one {what}")
    return text


def _letter(
    kind: MailKind,
    envelope: Envelope,
    context: Mapping[str, str],
    texts: Texts,
    clinic: Clinic,
    language: str,
    contents: Contents | None,
    wording: str,
    taps: Taps | None,
) -> Letter:
    values = _values(context, clinic)
    own, common = texts[wording or kind.value], texts["common"]
    later = values.get("later", "")
    return Letter(
        kind=kind.value,
        language=language,
        direction=direction(language),
        subject=fill(own["subject"], values) + (f" ({values['day']})" if later else ""),
        preview=fill(own["preview"], values),
        heading=fill(own["heading"], values),
        greeting=_greeting(kind, values, common),
        lines=_filled([*([texts["later"][later]] if later else []), *own["lines"]], values),
        facts=_facts(kind, values, texts["facts"]),
        button=own["button"],
        url=_checked(URL, context["url"], "link") if own["button"] else "",
        copy_link=common["copy_link"],
        go=common["go"],
        go_url=f"{context['url']}/go" if kind is MailKind.PLAN else "",
        after=_filled(own["after"], values),
        footer=_footer(kind, values, common, clinic, bool(own["button"])),
        stop=common["stop"],
        stop_url=_checked(URL, envelope.unsubscribe_url, "link") if envelope.unsubscribe_url else "",
        privacy=common["privacy"],
        privacy_url=_checked(URL, envelope.privacy_url, "link") if envelope.privacy_url else "",
        clinic=values["clinic"],
        taps=taps,
        numbers=_numbers(values, clinic),
        contents=contents,
        words=texts["contents"],
    )


def _values(context: Mapping[str, str], clinic: Clinic) -> dict[str, str]:
    values = {key: _plain_lines(value, LIMITS.get(key, MOST)) for key, value in context.items()}
    # Whoever books may have written the place: it must not lead anywhere in the clinic's name.
    values |= {key: unlinked(values[key]) for key in ("place", "practitioner") if key in values}
    values["name"] = greeting_name(context.get("name", ""))
    return values | {"clinic": plain(clinic.name, 80), "phone": plain(clinic.phone, 40)}


def _numbers(values: Mapping[str, str], clinic: Clinic) -> tuple[tuple[str, str], ...]:
    """Telephone numbers as the mail writes them, and what dials each."""
    written = (values["phone"], values.get("emergency_number", ""))
    return tuple((each, _dials(each, clinic.country)) for each in written if each)


@lru_cache(maxsize=64)
def _dials(number: str, country: str) -> str:
    """What dials a number of the clinic's own, which are few."""
    return link(number, country)


def dialled(line: str, numbers: Sequence[tuple[str, str]]) -> Markup:
    """A line of a mail as HTML, with its telephone numbers to tap; one may stand within another."""
    if not any(written in line for written, _dials in numbers):
        return escape(line)
    tags = {str(escape(written)): _tag(written, dials) for written, dials in numbers}
    each = "|".join(re.escape(written) for written in sorted(tags, key=len, reverse=True))
    found = rf"(?<![\w+])(?:{each})(?!\w)" if each else r"(?!)"
    html = re.sub(found, lambda number: tags[number[0]], str(escape(line)))
    return Markup(html)  # noqa: S704 - every part of it was escaped


@lru_cache(maxsize=64)
def wrapped(line: str) -> str:
    """A line of a text in short ones; most are the same in many mails."""
    return do_wordwrap(TEMPLATES, line, LINE, break_long_words=False, break_on_hyphens=False)


def _tag(written: str, dials: str) -> str:
    return f'<a class="link" href="{escape(dials)}" style="color:#0f6b6a">{escape(written)}</a>'


def _plain_lines(text: str, limit: int) -> str:
    """Each of the lines plain; only the dates of several visits have more than one."""
    return "\n".join(plain(line, limit) for line in text.split("\n"))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`{word}` replaced by its value, and nothing else: values are never read as placeholders."""
    return PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _filled(lines: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The lines with their values; a line that names an empty value is left out."""
    whole = (line for line in lines if all(values[name] for name in PLACEHOLDER.findall(line)))
    return tuple(fill(line, values) for line in whole)


def _greeting(kind: MailKind, values: Mapping[str, str], common: Mapping[str, str]) -> str:
    if kind in STAFF | UNKNOWN or not values["name"]:
        return common["greeting_plain"]
    return fill(common["greeting"], values)


def _facts(
    kind: MailKind, values: Mapping[str, str], labels: Mapping[str, str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """When, where and with whom, as far as known; staff mails name the booking by its reference alone."""
    if kind in UNKNOWN:
        return ()
    names = ("reference", "when") if kind in STAFF else ("when", "place", "practitioner")
    return tuple((labels[name], tuple(values[name].split("\n"))) for name in names if values.get(name))


def _footer(
    kind: MailKind, values: Mapping[str, str], common: Mapping[str, str], clinic: Clinic, linked: bool
) -> tuple[str, ...]:
    where = " · ".join(part for part in (values["clinic"], plain(clinic.address), values["phone"]) if part)
    if kind in STAFF:
        return (where,)
    questions = fill(common["questions"], values) if values["phone"] else common["questions_plain"]
    first = f"{common['personal']} {questions}" if linked and kind not in PUBLIC else questions
    if kind in UNKNOWN:
        return (first, where)
    return (first, fill(common["automatic"], values), where)


def _render(template: str, letter: Letter) -> str:
    return TEMPLATES.get_template(template).render(
        letter=letter, contents=letter.contents, words=letter.words
    )


def _add_contents(mail: EmailMessage, contents: Contents, letter: Letter) -> None:
    html = mail.get_body(("html",))
    for key, picture in _shown(contents):
        if isinstance(html, MIMEPart):
            html.add_related(
                png(picture.svg, WIDE), "image", "png", cid=f"<{key}@aftercare>", disposition="inline"
            )
    if contents.pdf:
        name = letter.words["attachment"]
        mail.add_attachment(contents.pdf, maintype="application", subtype="pdf", filename=name)


def _shown(contents: Contents) -> list[tuple[str, Picture]]:
    keys = dict.fromkeys(item.exercise_id for item in contents.plan.items)
    return [(key, contents.pictures[key]) for key in keys if key in contents.pictures]


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    auto_reload=False,
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.filters |= {"dialled": dialled, "wrapped": wrapped}
TEMPLATES.tests["like"] = begins_alike
