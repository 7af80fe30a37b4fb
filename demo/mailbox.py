"""A mail server for the demonstration: keeps every mail as a file, and shows them on a page."""

import html
import threading
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """Keeps mails in a folder; `arrived` is called with each one as it arrives."""

    def __init__(self, folder: Path, arrived: Callable[[EmailMessage, Path], None]) -> None:
        self.folder = folder
        self.mails: list[EmailMessage] = []
        self._arrived = arrived
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take one mail in."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        path = self.folder / f"{len(self.mails) + 1:02d}-{mail['X-Aftercare-Kind']}.eml"
        path.write_bytes(envelope.content)
        self.mails.append(mail)
        self._arrived(mail, path)
        return "250 kept"

    def serve_smtp(self, port: int) -> Controller:
        """Listen for mail on the loopback address."""
        controller = Controller(self, hostname="127.0.0.1", port=port)
        controller.start()
        return controller

    def serve_pages(self, port: int) -> ThreadingHTTPServer:
        """Show the mails on the loopback address."""
        server = ThreadingHTTPServer(("127.0.0.1", port), self._page_handler())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def _page_handler(self) -> type[BaseHTTPRequestHandler]:
        box = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.strip("/")
                body = (
                    box.page(int(name)) if name.isdigit() and 0 < int(name) <= len(box.mails) else box.index()
                )
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Page

    def index(self) -> str:
        """Every mail, newest first."""
        rows = "".join(
            f"<li><a href='/{number}'>{html.escape(str(mail['Subject']))}</a> "
            f"<small>{html.escape(str(mail['X-Aftercare-Kind']))}</small></li>"
            for number, mail in reversed(list(enumerate(self.mails, start=1)))
        )
        return PAGE.format(body=f"<h1>Mails</h1><ol reversed>{rows or '<li>None yet.</li>'}</ol>")

    def page(self, number: int) -> str:
        """One mail as its reader sees it."""
        part = self.mails[number - 1].get_body(("html", "plain"))
        return part.get_content() if part is not None else ""


PAGE = """<!doctype html><html lang=en><meta charset=utf-8><title>Mails</title>
<meta name=viewport content="width=device-width"><meta http-equiv=refresh content=3>
<style>body{{font:1.1rem/1.6 system-ui;margin:2rem auto;max-width:40rem;padding:0 1rem}}</style>
{body}</html>"""


def link_in(mail: EmailMessage, path: str) -> str:
    """The first link of a mail whose path begins so, from its text part."""
    part = mail.get_body(("plain",))
    words = part.get_content().split() if part is not None else []
    return next((word for word in words if f"/{path}/" in word), "")


def clock() -> str:
    """The time of day, for a line on the screen."""
    return datetime.now().astimezone().strftime("%H:%M:%S")
