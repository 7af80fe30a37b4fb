"""A Cal.com on loopback that knows one account: it takes a webhook, and tells what can be booked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "cal_live_a-key-of-the-tests"
EVENT_TYPES = [
    {"id": 1, "slug": "deep-tissue-60", "title": "Deep tissue massage"},
    {"id": 2, "slug": "relaxation-60", "title": "Relaxation massage"},
    {"id": 3, "slug": "gift-card", "title": "Gift card pick-up"},
]


class FakeCalcom:
    """What it was asked to send, and with which secret."""

    def __init__(self) -> None:
        self.webhooks: list[dict[str, Any]] = []
        self.url = ""

    def answer(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """Status and body of one answer."""
        if path == "/v2/me":
            return 200, {"data": {"username": "mara", "email": "mara@clinic.example"}}
        if path == "/v2/event-types":
            return 200, {"status": "success", "data": EVENT_TYPES}
        if path == "/v2/webhooks" and method == "POST":
            self.webhooks.append({**sent, "id": "w1"})
            return 201, {"status": "success", "data": self.webhooks[-1]}
        if path == "/v2/webhooks":
            return 200, {"status": "success", "data": self.webhooks}
        if path in ("/v2/bookings", "/v2/teams"):
            return 200, {"data": [], "pagination": {"hasNextPage": False}}
        return 404, {"message": "not found"}


@contextmanager
def fake_calcom() -> Iterator[FakeCalcom]:
    """Serve it on a free port."""
    fake = FakeCalcom()

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length) or b"{}")
            good = self.headers.get("Authorization") == f"Bearer {KEY}"
            path = self.path.partition("?")[0]
            status, body = fake.answer(self.command, path, sent) if good else (401, {"message": "no"})
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _reply

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()
