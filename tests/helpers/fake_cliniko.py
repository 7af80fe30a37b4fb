"""Cliniko as documented: lists with filters, pages and links, without what is cancelled or archived."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from tests.helpers.fake_vendor import FakeVendor, response
from tests.helpers.vendors import Row, recorded

BASE = "https://vendor.example/v1"
HIDDEN = ("cancelled_at", "archived_at")
NAMED = {"appointment_types": "appointment-type", "businesses": "business", "practitioners": "practitioner"}


def link(kind: str, name: str) -> dict[str, Any]:
    """How one thing names another."""
    return {"links": {"self": f"{BASE}/{kind}/{name}"}}


@dataclass
class FakeCliniko(FakeVendor):
    """Appointments and patients as they are now.

    `shows`: a list holds what is cancelled or archived like everything else. `lifts`: it does so once it is
    asked for by that time. The documentation of 2022 and published clients do not say the same of either.
    """

    rows: list[Row] = field(default_factory=list)
    patients: dict[str, Row] = field(default_factory=dict)
    shows: bool = False
    lifts: bool = True
    bulk: bool = True  # patients can be asked for by several identifiers at once
    most: int = 100  # on one page

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Answer from what there is now."""
        where, params = urlsplit(url).path, kwargs.get("params") or {}
        self.answers[method, where] = [self._answer(where.removeprefix("/v1/").split("/"), params)]
        return super().request(method, url, **kwargs)

    def _answer(self, steps: list[str], params: Any) -> requests.Response:
        kind, name = steps[0], steps[1] if len(steps) > 1 else ""
        if kind == "individual_appointments":
            return self._one(self.rows, name) if name else self._listed(kind, self._found(params), params)
        if kind == "patients" and not name:
            return self._patients(params)
        found = list(self.patients.values()) if kind == "patients" else [recorded("cliniko", NAMED[kind])]
        return self._one(found, name) if name else self._listed(kind, found, params)

    def _one(self, rows: list[Row], name: str) -> requests.Response:
        found = [each for each in rows if each["id"] == name]
        return response(200, found[0]) if found else response(404, {"message": "Not found"})

    def _patients(self, params: Any) -> requests.Response:
        if not self.bulk:
            return response(400, {"errors": {"q": "is not understood"}})
        (wanted,) = params["q[]"]
        names = wanted.removeprefix("id:=").split(",")
        active = [self.patients[each] for each in names if each in self.patients]
        return self._listed("patients", [each for each in active if not each.get("archived_at")], params)

    def _found(self, params: Any) -> list[Row]:
        asked = [each.partition(":>=") for each in params.get("q[]", ())]
        fields = {name for name, _, _ in asked}
        hidden = [each for each in HIDDEN if not self.shows and not (self.lifts and each in fields)]
        return [
            row
            for row in self.rows
            if not any(row.get(each) for each in hidden)
            and all(row.get(name) and row[name] >= since for name, _, since in asked)
        ]

    def _listed(self, kind: str, rows: list[Row], params: Any) -> requests.Response:
        page = int((params.get("page") or ["1"])[0])
        each = params.get("per_page", 50)
        size = min(int(each[0] if isinstance(each, list) else each), self.most)
        links = {"self": f"{BASE}/{kind}?page={page}"}
        if page * size < len(rows):
            links["next"] = f"{BASE}/{kind}?{urlencode({**params, 'page': page + 1}, doseq=True)}"
        shown = rows[(page - 1) * size : page * size]
        return response(200, {kind: shown, "total_entries": len(rows), "links": links})
