"""Calendly behind its limit of 50 requests a minute on a free plan, with `X-RateLimit-Reset` in seconds.

The answers are shaped as developer.calendly.com's OpenAPI writes them.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import requests

from integrations.api import utc_text
from integrations.base import Scheduler
from integrations.http import Http
from integrations.payload import moment
from tests.helpers.fake_vendor import response
from tests.helpers.wire import NOW, PAYLOADS, connect

ORGANIZATION = "https://api.calendly.com/organizations/O1"
MINUTE = 60.0


def recorded(name: str) -> dict[str, Any]:
    """The resource of a recorded answer."""
    whole: dict[str, Any] = json.loads((PAYLOADS / "calendly" / f"api-{name}.json").read_text())
    found: dict[str, Any] = whole["resource"]
    return found


def event(name: str, start: str) -> dict[str, Any]:
    """One scheduled event of an hour."""
    began = moment(start)
    end = utc_text(began + timedelta(hours=1)) if began else start
    uri = f"https://api.calendly.com/scheduled_events/{name}"
    return {**recorded("event"), "uri": uri, "start_time": start, "end_time": end}


@dataclass
class Limited:
    """Calendly with a clock of its own and a limit of requests a minute."""

    starts: list[int]  # hours from NOW, one for each event
    limit: int = 50
    now: float = 0.0
    asked: list[float] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    refused: int = 0
    trust_env: bool = False

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """What `requests.Session.request` would do."""
        assert method == "GET"
        minute = [at for at in self.asked if at > self.now - MINUTE]
        if len(minute) >= self.limit:
            self.refused += 1
            reset = str(int(minute[0] + MINUTE - self.now) + 1)
            return response(429, {"title": "Too many requests"}, {"X-RateLimit-Reset": reset})
        self.asked.append(self.now)
        path = urlsplit(url).path
        self.paths.append(path)
        return self.answer(path, kwargs.get("params") or {})

    def answer(self, path: str, params: Any) -> requests.Response:
        """What Calendly answers below its limit."""
        if path == "/scheduled_events":
            return response(200, self._page(params))
        name = path.split("/")[2]
        if name not in self._events():
            return response(404, {"title": "Resource Not Found"})
        uri = f"https://api.calendly.com{path}/I{name}"
        invitee = {**recorded("invitee"), "uri": uri, "email": f"{name}@example.org", "name": f"Zoë {name}"}
        return response(200, {"collection": [invitee], "pagination": {}})

    def _page(self, params: Any) -> dict[str, Any]:
        after = moment(params["min_start_time"])
        assert after
        events = sorted((start, name) for name, start in self._events().items() if start >= after)
        found = [event(name, utc_text(start)) for start, name in events]
        at = int(params.get("page_token", 0))
        more = str(at + params["count"]) if at + params["count"] < len(found) else None
        return {"collection": found[at : at + params["count"]], "pagination": {"next_page_token": more}}

    def _events(self) -> dict[str, datetime]:
        return {f"E{number}": NOW + timedelta(hours=hours) for number, hours in enumerate(self.starts)}

    def scheduler(self) -> Scheduler:
        """A connection after a restart: nothing is remembered but what was stored."""
        http = Http(cast("requests.Session", self), clock=lambda: self.now)
        settings = {"api_key": "pat", "api_base": "https://vendor.example", "account": ORGANIZATION}
        return connect("calendly", http, **settings)
