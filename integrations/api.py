"""How every scheduler's HTTP API is spoken to: one base, one place where answers become errors."""

import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import requests

from integrations import dates
from integrations.base import Gone, IntegrationError, NotAsked, OutcomeUnknown, UnknownPayload
from integrations.http import Http, Resting, was_sent
from integrations.payload import Part
from schemas.notions.words import Translatable

MAX_PAGES = 1000
REMEMBERED = 500
LONGEST_WAIT = 6 * 3600.0  # seconds
log = logging.getLogger(__name__)
Read = TypeVar("Read")


def path(*steps: str) -> str:
    """A path below the base, each step quoted: an identifier never becomes two steps."""
    return "".join(f"/{quote(step, safe='')}" for step in steps)


def utc_text(moment: datetime) -> str:
    """A moment as it stands in a query: 2026-11-27T15:00:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from Retry-After (seconds or a date) or X-RateLimit-Reset (seconds or Unix time).

    A time is compared with the clock of who sent it; without one it says nothing.
    """
    clock = dates.read(headers.get("Date", ""))
    named = headers.get("Retry-After") or headers.get("X-RateLimit-Reset") or ""
    seconds = float(named) if named.isascii() and named.isdigit() and len(named) < 12 else None
    if seconds is None and (moment := dates.read(named)) and clock:
        seconds = (moment - clock).total_seconds()
    if seconds is not None and seconds > 1e9:
        seconds = seconds - clock.timestamp() if clock else 60.0
    return None if seconds is None else min(max(seconds, 1.0), LONGEST_WAIT)


def readable(
    items: Iterable[Part], read: Callable[[Part], Iterable[Read]], connection: str
) -> Iterator[Read]:
    """What is read of each item of a list; one that we cannot read is logged and does not stop the others."""
    for item in items:
        try:
            yield from read(item)
        except UnknownPayload as error:
            log.warning(
                "booking in a list not understood", extra={"connection": connection, "why": str(error)}
            )


@dataclass(frozen=True, slots=True)
class Api:
    """One vendor's API. `denied` says what key, scope or plan a 401 or 403 asks for.

    `pause` is how long to wait, in seconds, after a 429 that does not say it. `left_out` gathers the paths of
    fields in its answers that could not be read.
    """

    http: Http
    label: str
    base: str
    denied: str
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = None
    pause: float = 60.0
    left_out: list[str] = field(default_factory=list, compare=False)

    def get(self, where: str, params: Mapping[str, Any] | None = None, *, gone: str = "") -> Any:
        """The decoded answer of a GET; `gone` is the text of the Gone that a 404 raises."""
        return self.send("GET", where, params=params, gone=gone)

    def send(
        self,
        method: str,
        where: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        gone: str = "",
        once: bool = False,
    ) -> Any:
        """Send one request, return the decoded answer (None for an empty one); raises IntegrationError.

        `once` marks a request that must not be repeated blindly: when its answer is lost,
        OutcomeUnknown is raised.
        """
        self._require_free()
        try:
            answer = self.http.request(
                method,
                self.base + where,
                params=params,
                json=json,
                headers={"Accept": "application/json", **self.headers},
                auth=self.auth,
            )
        except requests.RequestException as error:
            raise self._silence(error, once) from None
        self._check(answer, gone, once)
        return self._decoded(answer)

    @property
    def _account(self) -> Hashable:
        """Whose limit it is: a vendor counts by key."""
        return (self.base, self.headers.get("Authorization", ""), self.auth)

    def _require_free(self) -> None:
        """Raise IntegrationError while the vendor wants to be left alone: asking would prolong it."""
        seconds = self.http.held(self._account)
        if seconds > 0:
            raise IntegrationError(
                self._text("{label} asked us to slow down."), retry_after=max(seconds, 1.0)
            )

    def _text(self, text: str, **values: object) -> Translatable:
        return Translatable(text, label=self.label, **values)

    def _silence(self, error: requests.RequestException, once: bool) -> IntegrationError:
        if once and was_sent(error):
            return OutcomeUnknown(
                self._text("{label} did not answer: it is not known whether the request took effect.")
            )
        if isinstance(error, Resting):
            text = self._text("{label} does not answer; it is asked again in a moment.")
            return NotAsked(text, retry_after=error.seconds)
        return IntegrationError(self._text("{label} did not answer."))

    def _check(self, answer: requests.Response, gone: str, once: bool) -> None:
        status = answer.status_code
        if 200 <= status < 300:
            return
        if status in (404, 410) and gone:
            raise Gone(gone)
        if status in (401, 403):
            do = Translatable(self.denied)
            text = self._text("{label} refused our key ({status}). {do}", status=status, do=do)
            raise IntegrationError(text, permanent=True, status=status)
        wait = retry_after(answer.headers) or (self.pause if status == 429 else None)
        if wait and status in (429, 503):
            self.http.hold(self._account, wait)
        if status == 429:
            raise IntegrationError(
                self._text("{label} asks us to slow down (429)."), retry_after=wait, status=status
            )
        if 300 <= status < 400:
            raise IntegrationError(
                self._text(
                    "{label} answered with a redirect ({status}): check the API address.", status=status
                )
            )
        if status >= 500 and once:
            raise OutcomeUnknown(
                self._text(
                    "{label} failed ({status}): it is not known whether it took effect.", status=status
                )
            )
        passing = status >= 500 or status in (408, 409, 423, 425)
        raise IntegrationError(
            self._text("{label} answered {status}.", status=status),
            permanent=not passing,
            retry_after=wait,
            status=status,
        )

    def _decoded(self, answer: requests.Response) -> Any:
        if answer.status_code == 204 or not answer.content:
            return None
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise IntegrationError(self._text("{label} answered with something that is not JSON.")) from None

    def part(self, where: str, params: Mapping[str, Any] | None = None, *, gone: str = "") -> Part:
        """The answer of a GET as an object."""
        return self.as_part(self.get(where, params, gone=gone))

    def as_part(self, answer: Any) -> Part:
        """A decoded answer as an object; anything else is a failure that may pass."""
        if not isinstance(answer, dict):
            raise IntegrationError(self._text("{label} answered in a way that we do not know."))
        return Part(answer, dropped=self.left_out)

    def delete(self, where: str, found: Sequence[Part]) -> int:
        """Delete each of these below `where`, by its id; returns how many there were."""
        for each in found:
            self.send("DELETE", f"{where}{path(each.word('id'))}")
        return len(found)

    def pages(
        self,
        where: str,
        params: Mapping[str, Any],
        following: Callable[[Part, Mapping[str, Any]], Mapping[str, Any] | None],
    ) -> Iterator[Part]:
        """Each page of a list; see `steps`."""
        for page, _ in self.steps(where, params, following):
            yield page

    def steps(
        self,
        where: str,
        params: Mapping[str, Any],
        following: Callable[[Part, Mapping[str, Any]], Mapping[str, Any] | None],
    ) -> Iterator[tuple[Part, Mapping[str, Any] | None]]:
        """Each page of a list with the parameters of the next one, which `following` gives; None at the end.

        An answer that is a bare list reads as `{"data": [...]}`.
        """
        asked: Mapping[str, Any] | None = params
        for _ in range(MAX_PAGES):
            if asked is None:
                return
            answer = self.get(where, asked)
            page = self.as_part({"data": answer} if isinstance(answer, list) else answer)
            asked = following(page, asked)
            yield page, asked
        if asked is not None:
            raise IntegrationError(self._text("{label} listed more than {n} pages.", n=MAX_PAGES))


class Remembered:
    """What makes a booking nicer to read, and many bookings name: each is asked for once."""

    def __init__(self) -> None:
        self._known: dict[str, Part] = {}

    def clear(self) -> None:
        """Ask for everything again: it may have changed."""
        self._known.clear()

    def optional(self, api: Api, where: str, wanted: str, params: Mapping[str, Any] | None = None) -> Part:
        """What is `wanted` below `where`; empty where nothing is wanted, or it may not be read."""
        key = f"{where}:{wanted}"
        if wanted and key not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            try:
                self._known[key] = api.part(f"{where}{path(wanted)}", params, gone="It is gone.")
            except IntegrationError as error:
                if not error.permanent:
                    raise
                self._known[key] = Part({})
        return self._known.get(key, Part({}))
