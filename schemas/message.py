"""A text message, ready to go. E-mails travel as the standard library's `EmailMessage`."""

from dataclasses import dataclass
from datetime import datetime

# The letters of GSM 03.38; those of GSM_TWICE count twice. Any other letter (such as á) makes the
# whole text travel as UTF-16.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€\f")


def segments(body: str) -> int:
    """In how many parts a text travels, each of which is paid for."""
    if set(body) <= GSM | GSM_TWICE:
        length, one, part = len(body) + sum(letter in GSM_TWICE for letter in body), 160, 153
    else:
        length, one, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= one else -(-length // part)


@dataclass(frozen=True, slots=True)
class Text:
    """One SMS: an E.164 number, plain words without health details, and a key that makes it unique."""

    to: str
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class Received:
    """A text that came in: from which contact point and number, when, and its words."""

    id: int
    contact_id: int
    number: str
    at: datetime
    words: str
