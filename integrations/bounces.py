"""Mail that came back: read from a mailbox (RFC 3464 over IMAP), or told by a webhook of the mail service."""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

from integrations import dates
from integrations.base import IntegrationError
from integrations.deadline import Deadline
from integrations.payload import read_json
from integrations.standard_webhooks import verify
from schemas.webhook import Inbound

TIMEOUT = 20.0  # seconds to connect, to wait for the next bytes
LONGEST = 240.0  # seconds for a whole look
MOST = 200  # mails that are looked at in one round
MOST_BYTES = 512 * 1024  # of one report
LOOK_BACK = timedelta(days=7)  # at the first look into a mailbox
STATUS = ("message/delivery-status", "message/global-delivery-status")  # the second: RFC 6533
RETURNED = ("message/rfc822", "message/global", "message/global-headers")
BLANK_LINE = re.compile(rb"(?:\r?\n){2,}")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Bounce:
    """One mail that did not arrive: which, to whom, why (RFC 3463 status and words), reported when.

    `given_up`: its sender says that it does not try again, whatever the status is.
    """

    message_id: str
    recipient: str
    status: str
    text: str = ""
    at: datetime | None = None
    given_up: bool = False

    @property
    def for_good(self) -> bool:
        """True where the mail will not arrive any more."""
        return self.given_up or self.status.startswith("5")


@dataclass(frozen=True, slots=True)
class Place:
    """How far a mailbox was read: its UIDVALIDITY and the last UID (RFC 3501)."""

    validity: int = 0
    last: int = 0


def read(raw: bytes) -> list[Bounce]:
    """What a delivery status report says of mails that failed for good; [] for anything else."""
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        if mail.get_content_type() != "multipart/report":
            return []
        return list(_failures(mail))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # whatever it is, it is no report that we can read


def _failures(mail: Message) -> Iterator[Bounce]:
    message_id, at = _returned_id(mail), dates.read(str(mail.get("Date") or ""))
    for part in mail.walk():
        if part.get_content_type() not in STATUS or not message_id:
            continue
        for group in _groups(part):
            if _word(group, "Action").casefold() != "failed":
                continue
            to = _word(group, "Original-Recipient") or _word(group, "Final-Recipient")
            address, why = to.rpartition(";")[2].strip(" <>"), _word(group, "Diagnostic-Code")
            yield Bounce(message_id, address, _word(group, "Status"), why, at, given_up=True)


def _groups(part: Message) -> Iterator[Message]:
    """The groups of fields of a status; Python takes the one of RFC 6533 for a mail with a text."""
    for group in part.get_payload():
        if isinstance(group, Message):
            yield group
            rest = group.get_payload(decode=True)
            for text in BLANK_LINE.split(rest) if isinstance(rest, bytes) else ():
                yield message_from_bytes(text, policy=policy.compat32)


def _returned_id(mail: Message) -> str:
    """The Message-ID of the mail that came back, from its headers in the report."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind in RETURNED:
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                return _word(inner[0], "Message-ID")
        if kind == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            headers = message_from_bytes(text if isinstance(text, bytes) else b"", policy=policy.compat32)
            return _word(headers, "Message-ID")
    return ""


def _word(part: Message, name: str) -> str:
    """A field as it was written; what is beyond ASCII is UTF-8 (RFC 6532)."""
    raw = next((value for known, value in part.raw_items() if known.casefold() == name.casefold()), "")
    return " ".join(raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())


class _Server(imaplib.IMAP4):
    """Shows its socket to the deadline of the look that it serves."""

    def __init__(self, deadline: Deadline, host: str, port: int) -> None:
        self.deadline = deadline
        super().__init__(host, port, timeout=TIMEOUT)

    def _create_socket(self, timeout: float) -> socket.socket:
        made: socket.socket = super()._create_socket(timeout)  # type: ignore[misc]
        self.deadline.watch(made)
        return made


class _TlsServer(_Server):
    """The same over TLS from the first byte."""

    def _create_socket(self, timeout: float) -> socket.socket:
        plain = super()._create_socket(timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


@dataclass(frozen=True, slots=True)
class Imap:
    """A mailbox into which reports come. It is only read: no mail is marked, moved or deleted."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    tls: bool = True

    def new(self, since: Place, now: datetime) -> tuple[Place, list[Bounce]]:
        """What came in since the last look, at most some of it; raises IntegrationError."""
        try:
            with Deadline(LONGEST) as deadline, self._signed_in(deadline) as server:
                return self._read(server, since, now)
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            raise IntegrationError(
                f"The mailbox for bounces cannot be read ({type(error).__name__}): check BOUNCES_IMAP_HOST, "
                "BOUNCES_IMAP_USERNAME, BOUNCES_IMAP_PASSWORD and BOUNCES_IMAP_FOLDER."
            ) from error

    def _signed_in(self, deadline: Deadline) -> imaplib.IMAP4:
        server = (_TlsServer if self.tls else _Server)(deadline, self.host, self.port)
        try:
            server.login(self.username, self.password)
        except BaseException:
            server.shutdown()
            raise
        return server

    def _read(self, server: imaplib.IMAP4, since: Place, now: datetime) -> tuple[Place, list[Bounce]]:
        status, _ = server.select(_quoted(self.folder), readonly=True)
        if status != "OK":
            raise imaplib.IMAP4.error("no such folder")
        validity = int((server.response("UIDVALIDITY")[1] or [b"0"])[0] or 0)
        after = since.last if validity == since.validity else 0
        uids = [uid for uid in _search(server, after, now) if uid > after][:MOST]
        found = [bounce for uid in uids if _is_report(server, uid) for bounce in read(_body(server, uid))]
        return Place(validity, max([after, *uids])), found


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _search(server: imaplib.IMAP4, after: int, now: datetime) -> list[int]:
    day = (now - LOOK_BACK).date()
    what = ("UID", f"{after + 1}:*") if after else ("SINCE", f"{day.day}-{MONTHS[day.month - 1]}-{day.year}")
    _, data = server.uid("SEARCH", *what)
    return sorted(int(word) for line in data if isinstance(line, bytes) for word in line.split())


def _is_report(server: imaplib.IMAP4, uid: int) -> bool:
    """Only reports are read whole: what people write to the clinic is nobody's business here."""
    kind = _fetched(server, uid, "BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)]").lower()
    return b"multipart/report" in kind and b"delivery-status" in kind


def _body(server: imaplib.IMAP4, uid: int) -> bytes:
    return _fetched(server, uid, f"BODY.PEEK[]<0.{MOST_BYTES}>")


def _fetched(server: imaplib.IMAP4, uid: int, what: str) -> bytes:
    _, data = server.uid("FETCH", str(uid), f"({what})")
    return b"".join(item[1] for item in _literals(data))


def _literals(data: Iterable[Any]) -> Iterator[tuple[bytes, bytes]]:
    yield from (item for item in data or () if isinstance(item, tuple) and len(item) == 2)


@dataclass(frozen=True, slots=True)
class Bounces:
    """Where we hear of mail that came back: the secrets of the webhook, and the mailbox."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    mailbox: Imap | None = None

    def hear(self, inbound: Inbound) -> Bounce:
        """What a webhook says, signed as Standard Webhooks; raises InvalidSignature and UnknownPayload."""
        verify(self.secrets, inbound)
        said = read_json(inbound.body)
        which, whose, status, text = map(said.text, ("message_id", "recipient", "status", "text"))
        return Bounce(which, whose, status, text, at=said.moment("at"))
