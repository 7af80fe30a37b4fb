"""E-mail over SMTP, on connections that stay open.

An answer lost after the data is `OutcomeUnknown`: the mail may have arrived. A refusal says whose fault it is
(see smtp_replies): `NoSuchAddress`, `SenderRefused`, or an `IntegrationError` about this one message.
"""

import smtplib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any

from integrations.base import IntegrationError, NoSuchAddress, NotAsked, OutcomeUnknown, SenderRefused, Silent
from integrations.breaker import Breaker
from integrations.channels.smtp_replies import Blame, blame, words
from integrations.deadline import Deadline
from schemas.message import Text

TIMEOUT = 20.0  # seconds to connect, to wait for the next bytes
LONGEST = 60.0  # seconds for a whole mail
IDLE = 30.0  # seconds that an unused connection is kept: many servers hang up after a minute
MOST_KEPT = 4
MINUTE = 60.0
NOT_INTERNATIONAL = "The mail server cannot send to an address with other letters than a to z before the @."
TEXTS = {
    Blame.recipient: "There is no such mailbox (code {}).",
    Blame.full: "The mailbox of the client takes no mail (code {}).",
    Blame.content: "The mail server refused this message for what is in it (code {}).",
    Blame.ours: "The mail server refuses our mail (code {}).",
    Blame.unclear: "The mail server refused the message (code {}).",
}
HUNG_UP = (smtplib.SMTPServerDisconnected, OSError)


class _Closing(smtplib.SMTPServerDisconnected):
    """The server says that it hangs up (421): it may have had enough of this connection, or of us."""


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

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = smtplib.SMTP._get_socket(self, host, port, timeout)  # type: ignore[attr-defined]
        self.deadline.watch(plain)
        return self.context.wrap_socket(plain, server_hostname=host)


class Pool:
    """Connections that are open and unused, and when mails were sent lately. Safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._unused: list[tuple[float, _Server]] = []
        self._sent: deque[float] = deque()

    def take(self) -> _Server | None:
        """The connection that was used last, unless it has been unused for long."""
        with self._lock:
            old = [server for at, server in self._unused if self._clock() - at > IDLE]
            self._unused = [item for item in self._unused if item[1] not in old]
            found = self._unused.pop()[1] if self._unused else None
        for server in old:
            server.close()
        return found

    def give(self, server: _Server) -> None:
        """Keep it for the next mail."""
        with self._lock:
            self._unused.append((self._clock(), server))
            surplus = self._unused.pop(0)[1] if len(self._unused) > MOST_KEPT else None
        if surplus:
            surplus.close()

    def sent(self) -> None:
        """Note that a mail was handed over."""
        with self._lock:
            self._sent.append(self._clock())

    def wait(self, per_minute: int) -> float:
        """Seconds until another mail keeps to the limit; 0 when it does now."""
        now = self._clock()
        with self._lock:
            while self._sent and now - self._sent[0] >= MINUTE:
                self._sent.popleft()
            over = len(self._sent) - per_minute
            return self._sent[over] + MINUTE - now if per_minute and over >= 0 else 0.0


NO_SUCH_SERVER = (
    "There is no mail server of this name. Write it without a port, such as smtp.your-provider.com."
)
ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (
        smtplib.SMTPAuthenticationError,
        "The server does not take this user name with this password. Many providers want an app password.",
    ),
    (socket.gaierror, NO_SUCH_SERVER),
    (
        ssl.SSLCertVerificationError,
        "The server's certificate is not for this name. Write the name that your provider gives.",
    ),
    (ssl.SSLError, "No TLS is spoken at this port. Choose another encryption, or another port."),
    (
        smtplib.SMTPNotSupportedError,
        "The server does not do this here. Choose another encryption, or another port.",
    ),
    (TimeoutError, "The server keeps silent. Choose another encryption, or another port."),
    (smtplib.SMTPServerDisconnected, "The server hung up. Choose another encryption, or another port."),
    (ConnectionRefusedError, "Nothing answers at this port. Choose another port."),
    (ValueError, NO_SUCH_SERVER),  # two dots in a row, say: it is asked for nowhere
)
"""What to do about an error that a mail server was not reached by, the narrowest first."""


def advice(error: IntegrationError) -> str:
    """What to do about it, where that is known; else what it says itself."""
    cause = error.__cause__
    # smtplib says of one that keeps silent that it hung up, and why in what that followed from.
    fault = cause.__context__ if cause and isinstance(cause.__context__, TimeoutError) else cause
    return next((said for kind, said in ADVICE if isinstance(fault, kind)), str(error))


def refuses_password(error: IntegrationError) -> bool:
    """True when the server is the right one, and takes user name and password not together."""
    return isinstance(error.__cause__, smtplib.SMTPAuthenticationError)


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. `security` is "tls" (from the first byte), "starttls" or "none" (loopback only).

    `per_minute` is how many mails it may get in a minute from this process; 0: any number.
    """

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    per_minute: int = 0
    breaker: Breaker = field(default_factory=Breaker, repr=False, compare=False)
    pool: Pool = field(default_factory=Pool, repr=False, compare=False)

    def wait(self) -> float:
        """Seconds until the next mail may be sent, by the limit of a minute."""
        return self.pool.wait(self.per_minute)

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
            with Deadline(LONGEST) as deadline:
                return self._send(message, deadline)
        except (Silent, OutcomeUnknown):
            silent = True
            raise
        finally:
            self.breaker.heard(self.host, answered=not silent)

    def _send(self, message: EmailMessage, deadline: Deadline) -> str:
        kept = self.pool.take()
        if kept is not None:
            kept.deadline = deadline
            with suppress(*HUNG_UP):  # while nothing was sent; nothing of this mail has gone over
                return self._hand_over(kept, message)
        with self._talking():
            return self._hand_over(self._open(deadline), message)

    def check(self) -> None:
        """Sign in, send nothing. Raises `IntegrationError`."""
        with Deadline(LONGEST) as deadline, self._talking():
            server = self._open(deadline)
        with suppress(smtplib.SMTPException, OSError):
            server.quit()

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """What goes wrong before there is a mail to speak of is between the server and us."""
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise SenderRefused(
                "The mail server refused our sign-in: check SMTP_USERNAME and SMTP_PASSWORD."
            ) from error
        except _Closing as error:
            raise SenderRefused(str(error)) from error
        except smtplib.SMTPResponseException as error:
            raise SenderRefused(f"The mail server refused us (code {error.smtp_code}).") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:  # a name that cannot be one, too
            raise Silent(f"The mail server does not answer ({type(error).__name__}).") from error

    def _open(self, deadline: Deadline) -> _Server:
        """A connection that is signed in."""
        server = self._connect(deadline)
        try:
            if self.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.username:
                server.login(self.username, self.password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _connect(self, deadline: Deadline) -> _Server:
        if self.security == "tls":
            context = ssl.create_default_context()
            return _TlsServer(deadline, self.host, self.port, timeout=TIMEOUT, context=context)
        return _Server(deadline, self.host, self.port, timeout=TIMEOUT)

    def _hand_over(self, server: _Server, message: EmailMessage) -> str:
        """One mail; the connection is kept, unless it is not known where it stands."""
        try:
            answer = _transfer(server, message)
        except IntegrationError as error:
            if isinstance(error, OutcomeUnknown) or not _reset(server):
                server.close()
            else:
                self.pool.give(server)
            raise
        except BaseException:
            server.close()
            raise
        self.pool.sent()
        self.pool.give(server)
        return answer


def _reset(server: smtplib.SMTP) -> bool:
    """Forget the mail that was refused; False when the server is gone."""
    try:
        return server.rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _transfer(server: smtplib.SMTP, message: EmailMessage) -> str:
    """The dialogue in steps, to know whether an error came before or after the data."""
    sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
    plain = to.isascii() and sender.isascii()
    if not plain and not server.has_extn("smtputf8"):
        raise IntegrationError(NOT_INTERNATIONAL, permanent=True)
    data = message.as_bytes(policy=SMTP if plain else SMTPUTF8)
    _accepted(_mail_from(server, sender, plain=plain), at_us=True)
    _accepted(server.rcpt(to))
    _accepted(server.docmd("DATA"), good=3)
    try:
        # Dots are doubled and line ends are CRLF: as_bytes with the SMTP policy made them so.
        server.send(_dot_stuffed(data))
        code, answer = server.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise OutcomeUnknown("The connection was lost after the mail was handed over.") from error
    _accepted((code, answer), after_data=True)
    return answer.decode("ascii", "replace")[:200]


def _accepted(
    reply: tuple[int, bytes], *, good: int = 2, at_us: bool = False, after_data: bool = False
) -> None:
    """Raise what a refusal means; `at_us`: it answers our own address, so nothing else is at fault."""
    code, text = reply[0], reply[1].decode("utf-8", "replace")
    if code // 100 == good:
        return
    if code == 421 and not after_data:
        raise _Closing(TEXTS[Blame.ours].format(f"{code}: {words(text)}"))
    whose = Blame.ours if at_us else blame(code, text)
    if whose is Blame.ours:
        raise SenderRefused(TEXTS[whose].format(f"{code}: {words(text)}"))
    for_good = 500 <= code < 600 and whose is not Blame.full
    kind = NoSuchAddress if whose is Blame.recipient and for_good else IntegrationError
    raise kind(TEXTS[whose if code >= 500 else Blame.unclear].format(code), permanent=for_good)


def _mail_from(server: smtplib.SMTP, sender: str, *, plain: bool) -> tuple[int, bytes]:
    """Where an address has letters beyond ASCII before the @, the server is asked for them (RFC 6531)."""
    return server.mail(sender, [] if plain else ["SMTPUTF8", "BODY=8BITMIME"])


def _dot_stuffed(data: bytes) -> bytes:
    body = (b"\r\n" + data).replace(b"\r\n.", b"\r\n..")[2:]
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"
