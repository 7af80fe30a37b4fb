"""Square and Acuity behind a limit of requests a minute, with recorded answers."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import requests

from integrations.api import utc_text
from integrations.base import Scheduler
from integrations.http import Http
from integrations.payload import moment
from tests.helpers.fake_vendor import FakeVendor, response
from tests.helpers.limited_calendly import Limited
from tests.helpers.vendors import VENDORS
from tests.helpers.wire import NOW, connect


@dataclass
class LimitedSquare(Limited):
    """Each booking names a customer of its own: a page needs more requests than a minute allows."""

    others: FakeVendor = field(default_factory=FakeVendor)

    def answer(self, path: str, params: Any) -> requests.Response:
        """The list in pages with a cursor, the customers, and what they have in common."""
        if path == "/v2/bookings":
            return response(200, self._listed(params))
        name = path.rpartition("/")[2]
        if path.startswith("/v2/customers/"):
            customer = {"id": name, "given_name": "Zoë", "family_name": name}
            return response(200, {"customer": {**customer, "email_address": f"{name}@example.org"}})
        VENDORS["square"].publish(self.others, [])
        return self.others.request("GET", f"https://vendor.example{path}", allow_redirects=False, timeout=1)

    def _listed(self, params: Any) -> dict[str, Any]:
        first, end = moment(params["start_at_min"]), moment(params["start_at_max"])
        assert first
        assert end
        begins = {number: NOW + timedelta(hours=hours) for number, hours in enumerate(self.starts)}
        found = [self._row(number) for number, at in begins.items() if first <= at < end]
        at, most = int(params.get("cursor", 0)), params["limit"]
        more = {"cursor": str(at + most)} if at + most < len(found) else {}
        return {"bookings": found[at : at + most], **more}

    def _row(self, number: int) -> dict[str, Any]:
        begins = utc_text(NOW + timedelta(hours=self.starts[number]))
        return {**VENDORS["square"].row(number), "start_at": begins, "customer_id": f"C{number}"}

    def scheduler(self) -> Scheduler:
        """A connection after a restart."""
        http = Http(cast("requests.Session", self), clock=lambda: self.now)
        return connect("square", http, api_key="token", api_base="https://vendor.example")


@dataclass
class LimitedAcuity(Limited):
    """Acuity has no pages: it is asked from a day on, and may give fewer than were asked for."""

    gives: int = 10

    def answer(self, path: str, params: Any) -> requests.Response:
        """The first ones from this day on."""
        days = [(NOW + timedelta(hours=hours)).strftime("%Y-%m-%d") for hours in self.starts]
        found = [number for number, day in enumerate(days) if day >= params["minDate"]]
        return response(200, [self._row(number) for number in found[: self.gives]])

    def _row(self, number: int) -> dict[str, Any]:
        begins = (NOW + timedelta(hours=self.starts[number])).strftime("%Y-%m-%dT%H:%M:%S+0000")
        row = {**VENDORS["acuity"].row(number), "datetime": begins, "email": f"A{number}@example.org"}
        return {**row, "lastName": f"A{number}"}

    def scheduler(self) -> Scheduler:
        """A connection after a restart."""
        http = Http(cast("requests.Session", self), clock=lambda: self.now)
        return connect("acuity", http, api_key="key", account="42", api_base="https://vendor.example")
