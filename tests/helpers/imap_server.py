"""A mailbox on loopback that speaks as much IMAP (RFC 3501) as a reader needs, and writes nothing."""

import re
import socketserver
import threading
from dataclasses import dataclass, field


@dataclass
class ImapServer:
    """Mails by UID; `refuse` makes every sign-in fail, `asked` keeps what was asked."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    refuse: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK here\r\n")
                for line in self.rfile:
                    words = line.decode().strip()
                    outer.asked.append(words)
                    tag, _, command = words.partition(" ")
                    for answer in outer.answers(command):
                        self.wfile.write(answer)
                    state = b"NO not you" if outer.refuse and command.startswith("LOGIN") else b"OK done"
                    self.wfile.write(tag.encode() + b" " + state + b"\r\n")
                    if command == "LOGOUT":
                        return

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Close it."""
        self.server.shutdown()
        self.server.server_close()

    def answers(self, command: str) -> list[bytes]:
        """The untagged answers to a command."""
        if command == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1\r\n"]
        if command == "LOGOUT":
            return [b"* BYE\r\n"]
        if command.startswith(("EXAMINE", "SELECT")):
            return [b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n" % (len(self.mails), self.validity)]
        if command.startswith("UID SEARCH"):
            return [b"* SEARCH " + b" ".join(b"%d" % uid for uid in self._found(command)) + b"\r\n"]
        if command.startswith("UID FETCH"):
            return [self._fetched(command)]
        return []

    def _found(self, command: str) -> list[int]:
        """As servers do, `9:*` names the last mail even where its UID is lower."""
        span = re.search(r"UID SEARCH UID (\d+):\*", command)
        if span is None:
            return sorted(self.mails)
        return sorted({uid for uid in self.mails if uid >= int(span[1])} | {max(self.mails, default=0)} - {0})

    def _fetched(self, command: str) -> bytes:
        uid = int(command.split()[2])
        raw = self.mails[uid]
        if "HEADER.FIELDS" in command:
            head = raw.split(b"\r\n\r\n")[0]
            raw = (re.search(rb"(?im)^content-type:.*(?:\r\n[ \t].*)*", head) or [b""])[0] + b"\r\n\r\n"
        return b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(raw)) + raw + b")\r\n"
