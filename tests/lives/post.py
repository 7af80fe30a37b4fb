"""The post of a life: what was sent, when, to whom; and a worker that ends right after sending."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from schemas.message import Text

LINK = re.compile(r"https://care\.test/([ipca])/([A-Za-z0-9_-]{32})")


class Crash(BaseException):
    """The process ended."""


@dataclass(frozen=True)
class Sent:
    """One message as it went out."""

    at: datetime
    identity: str
    kind: str
    to: str
    text: str

    @property
    def token(self) -> str:
        """The token of its personal link; "" where it has none."""
        found = LINK.search(self.text)
        return found[2] if found else ""


@dataclass
class Post:
    """Takes every message; `crash` ends the worker once, after the message has left."""

    now: datetime
    sent: list[Sent] = field(default_factory=list)
    crash: bool = False

    def send(self, message: EmailMessage | Text) -> str:
        """What a sender of a channel does."""
        if isinstance(message, Text):
            one = Sent(self.now, message.key, "sms", message.to, message.body)
        else:
            body = message.get_body(("plain",))
            assert body is not None
            kind, to = str(message["X-Aftercare-Kind"]), str(message["To"])
            one = Sent(self.now, str(message["Message-ID"]), kind, to, body.get_content())
        self.sent.append(one)
        if self.crash:
            self.crash = False
            raise Crash
        return "taken"

    def to_clients(self) -> list[Sent]:
        """Without what goes to the clinic."""
        return [each for each in self.sent if each.kind in TO_CLIENTS]


TO_CLIENTS = ("intake", "intake_reminder", "plan", "checkin")
