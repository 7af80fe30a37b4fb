"""E-mail over SMTP. An answer lost after the data is `OutcomeUnknown`: the mail may have arrived."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any

from integrations.base import IntegrationError, NotAsked, OutcomeUnknown, Silent
from integrations.breaker import Breaker
from integrations.deadline import Deadline
from schemas.message import Text

TIMEOUT = 20.0  # seconds to connect, to wait for the next bytes
LONGEST = 60.0  # seconds for a whole mail
NOT_INTERNATIONAL = "The mail server cannot send to an address with other letters than a to z before the @."


class _Server(smtplib.SMTP):
    """Shows its socket to the deadline of the call that it serves."""

    def __init__(self, deadline: Deadline, *args: Any, **kwargs: Any) -> None:
        self.deadline = deadline
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        """The next answer of the server."""
        self.deadline.watch(self.sock)
        return super().getreply()


class _TlsServer(_Server, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. `security` is "tls" (from the first byte), "starttls" or "none" (loopback only)."""

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    breaker: Breaker = field(default_factory=Breaker, repr=False, compare=False)

    def send(self, message: EmailMessage | Text) -> str:
        """Hand one mail to the server; returns its answer. Raises `IntegrationError`.

        A server that has kept silent several times is left alone for a while: then it raises `NotAsked`.
        """
        assert isinstance(message, EmailMessage)
        seconds = self.breaker.wait(self.host)
        if seconds:
            raise NotAsked(
                "The mail server does not answer; it is tried again in a moment.", retry_after=seconds
            )
        silent = False
        try:
            return self._send(message)
        except (Silent, OutcomeUnknown):
            silent = True
            raise
        finally:
            self.breaker.heard(self.host, answered=not silent)

    def _send(self, message: EmailMessage) -> str:
        with self._signed_in() as server:
            answer = self._transfer(server, message)
            # A server that stumbles over our goodbye has the mail already.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            return answer

    def check(self) -> None:
        """Sign in, send nothing. Raises `IntegrationError`."""
        with self._signed_in() as server:
            server.quit()

    @contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        try:
            with Deadline(LONGEST) as deadline, closing(self._connect(deadline)) as server:
                self._sign_in(server)
                yield server
        except smtplib.SMTPAuthenticationError as error:
            raise IntegrationError(
                "The mail server refused our sign-in: check SMTP_USERNAME and SMTP_PASSWORD."
            ) from error
        except smtplib.SMTPResponseException as error:
            raise IntegrationError(f"The mail server refused us (code {error.smtp_code}).") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Silent(f"The mail server does not answer ({type(error).__name__}).") from error

    def _connect(self, deadline: Deadline) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return _TlsServer(deadline, self.host, self.port, timeout=TIMEOUT, context=context)
        return _Server(deadline, self.host, self.port, timeout=TIMEOUT)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self.username:
            server.login(self.username, self.password)

    def _transfer(self, server: smtplib.SMTP, message: EmailMessage) -> str:
        """The dialogue in steps, to know whether an error came before or after the data."""
        sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        server.ehlo_or_helo_if_needed()
        plain = to.isascii() and sender.isascii()
        if not plain and not server.has_extn("smtputf8"):
            raise IntegrationError(NOT_INTERNATIONAL, permanent=True)
        data = message.as_bytes(policy=SMTP if plain else SMTPUTF8)
        self._expect(_mail_from(server, sender, plain=plain))
        self._accepted(server.rcpt(to))
        self._expect(server.docmd("DATA"), good=354)
        try:
            # Dots are doubled and line ends are CRLF: as_bytes with the SMTP policy made them so.
            server.send(_dot_stuffed(data))
            code, answer = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise OutcomeUnknown("The connection was lost after the mail was handed over.") from error
        self._accepted((code, answer))
        return answer.decode("ascii", "replace")[:200]

    @staticmethod
    def _expect(reply: tuple[int, bytes], good: int = 250) -> None:
        if reply[0] // 100 != good // 100:
            raise smtplib.SMTPResponseException(reply[0], reply[1])

    @staticmethod
    def _accepted(reply: tuple[int, bytes]) -> None:
        """A 5xx to the address or the message is for good; one to ourselves (greeting, sender) is not."""
        if reply[0] // 100 != 2:
            text = f"The mail server refused the message (code {reply[0]})."
            raise IntegrationError(text, permanent=500 <= reply[0] < 600)


def _mail_from(server: smtplib.SMTP, sender: str, *, plain: bool) -> tuple[int, bytes]:
    """Where an address has letters beyond ASCII before the @, the server is asked for them (RFC 6531)."""
    return server.mail(sender, [] if plain else ["SMTPUTF8", "BODY=8BITMIME"])


def _dot_stuffed(data: bytes) -> bytes:
    body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in data.split(b"\r\n"))
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"
