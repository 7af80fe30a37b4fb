"""The page of the tour: what to see, a clock to move, and the mailbox of every client."""

import html
import threading
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from demo.tour.world import World
from web.context import utc_now

STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
MOST = 200  # mails on the page
Sights = Sequence[tuple[str, str]]


def serve(world: World, port: int, sights: Sights) -> ThreadingHTTPServer:
    """Serve it on loopback, for this machine alone."""
    own = f"http://localhost:{port}"

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            if name.isdigit() and 0 < int(name) <= len(world.mails.mails):
                self._answer(world.mails.page(int(name)))
            else:
                self._answer(index(world, sights))

        def do_POST(self) -> None:
            sent = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
            step = STEPS.get(sent.get("by", [""])[0])
            if self.headers.get("Origin") not in (own, f"http://127.0.0.1:{port}", None) or step is None:
                self.send_error(403)
                return
            with world.lock:  # pressed twice, or in two tabs that show the same time: it moves once
                if sent.get("at", [_clock(world)])[0] == _clock(world):
                    world.go_on(step)
            self.send_response(303)
            self.send_header("Location", "/")
            self.end_headers()

        def _answer(self, body: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _clock(world: World) -> str:
    """How far the clock has been moved: another text after each move."""
    return str(world.moved.total_seconds())


def index(world: World, sights: Sights) -> str:
    """The clock, the sights, and the newest mails."""
    now = utc_now().astimezone(world.context.zone())
    buttons = "".join(f'<button name="by" value="{name}">Next {name}</button> ' for name in STEPS)
    seen = "".join(f'<li><a href="{html.escape(url)}">{html.escape(text)}</a></li>' for text, url in sights)
    mails = list(enumerate(world.mails.mails, start=1))[-MOST:]
    rows = "".join(_row(number, mail) for number, mail in reversed(mails))
    return PAGE.format(
        now=f"{now:%A, %B %d, %H:%M}",
        at=_clock(world),
        buttons=buttons,
        sights=seen,
        rows=rows,
        count=len(world.mails.mails),
    )


def _row(number: int, mail: EmailMessage) -> str:
    to, subject = html.escape(str(mail["To"])), html.escape(str(mail["Subject"]))
    return f'<tr><td><a href="/{number}">{subject}</a></td><td>{to}</td></tr>'


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Aftercare: the tour</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>body{{font:1.05rem/1.6 system-ui;margin:2rem auto;max-width:52rem;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem;min-height:44px}}table{{border-collapse:collapse;width:100%}}
td,th{{padding:.35rem .6rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}}</style></head>
<body>
<main><h1>The tour</h1><p>It is <b>{now}</b> at the clinic. Move the clock: what is due goes out.</p>
<form method="post" action="/clock"><input type="hidden" name="at" value="{at}">{buttons}</form>
<h2>Worth seeing</h2><ol>{sights}</ol>
<h2>The clients' mailbox</h2><p>{count} mails. Open one, and do as the client would: its links are real.</p>
<table><thead><tr><th>Mail</th><th>To</th></tr></thead><tbody>{rows}</tbody></table></main></body></html>"""
