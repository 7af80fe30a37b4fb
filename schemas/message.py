"""A text message, ready to go. E-mails travel as the standard library's `EmailMessage`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One SMS: an E.164 number, plain words without health details, and a key that makes it unique."""

    to: str
    body: str
    key: str
