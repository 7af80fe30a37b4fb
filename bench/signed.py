"""Bookings as signed webhooks, ready to be sent."""

import pickle
from datetime import UTC, datetime
from pathlib import Path

from tests.helpers.processes import HOST
from tests.helpers.visits import webhook


def requests(folder: Path, count: int = 2000) -> Path:
    """Bookings as signed webhooks, each of another client."""
    made = []
    for number in range(count):
        uid = f"load{number}"
        sent = webhook("created", datetime.now(UTC), uid=uid, email=f"{uid}@example.org", name=uid)
        fields = {**sent.headers, "Host": HOST, "Content-Length": str(len(sent.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        made.append(f"POST /webhooks/main HTTP/1.1\r\n{lines}\r\n".encode() + sent.body)
    (folder / "requests").write_bytes(pickle.dumps(made))
    return folder / "requests"
