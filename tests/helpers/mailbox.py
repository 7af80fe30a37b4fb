"""A real mail server that keeps its mails."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass
class Mailbox:
    """A mail server that keeps what it is given, and can be told to misbehave."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    answer: str = "250 kept"
    refuse: str = ""
    refuse_to: dict[str, str] = field(default_factory=dict)
    hang_up_after_data: bool = False
    on_data: Callable[[], object] = lambda: None
    port: int = 0
    seconds: float = 0.0  # that it takes to answer

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, to: str, options: Any) -> str:
        """Take the recipient, or answer as told for this address."""
        if to in self.refuse_to:
            return self.refuse_to[to]
        envelope.rcpt_tos.append(to)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        """Keep the mail; then answer as told."""
        if self.seconds:
            await asyncio.sleep(self.seconds)
        self.on_data()
        if self.refuse:
            return self.refuse
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(list(envelope.rcpt_tos))
        self.senders.append(envelope.mail_from)
        if self.hang_up_after_data:
            server.transport.abort()
        return self.answer

    def kinds(self) -> list[str]:
        """The kind of every mail, in order of arrival."""
        return [mail["X-Aftercare-Kind"] for mail in self.mails]

    def alerted(self) -> list[str]:
        """Whom the alerts went to, in order of arrival."""
        both = zip(self.recipients, self.mails, strict=True)
        return [to[0] for to, mail in both if mail["X-Aftercare-Kind"] == "alert"]

    def of(self, kind: str) -> list[EmailMessage]:
        """The mails of one kind."""
        return [mail for mail in self.mails if mail["X-Aftercare-Kind"] == kind]


def read(mail: EmailMessage) -> str:
    """Headers and texts of a mail as its reader sees them: what travels is broken into lines and encoded."""
    texts = (part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *texts])
