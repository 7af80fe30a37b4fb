"""Looks from here at what only others see: our own public address, and a service that waits for our ping.

A dead man's switch such as https://healthchecks.io (or one of your own) tells somebody when the ping stays
away: that is the only alarm that also works when all of this is down.
"""

import logging
from urllib.parse import urlsplit

import requests

from integrations.http import Http

log = logging.getLogger("aftercare.probe")


class Probe:
    """`ping_url` is asked while all is well; `public_url` is asked whether it answers. Each may be ""."""

    def __init__(self, http: Http, ping_url: str = "", public_url: str = "") -> None:
        self._http = http
        self._ping_url = ping_url
        self._public_url = public_url
        self._has_answered = False

    @property
    def watcher(self) -> str:
        """The host that is told that we live; "" for none."""
        return urlsplit(self._ping_url).netloc

    def ping(self) -> None:
        """Say that we live; that nobody hears it is for the other side to notice."""
        if self._ping_url and not self._asked(self._ping_url):
            log.warning("the ping was not taken")

    def web_answers(self) -> bool | None:
        """Whether the public address answers; None while it never has: it may not be reachable from here."""
        if not self._public_url:
            return None
        if self._asked(f"{self._public_url}/healthz"):
            self._has_answered = True
            return True
        return False if self._has_answered else None

    def _asked(self, url: str) -> bool:
        try:
            return self._http.request("GET", url).ok
        except requests.RequestException:
            return False
