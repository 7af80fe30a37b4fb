"""No page of the console shows English words in Spanish: neither its own, nor the content's."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.console import addresses
from bench.copies import Pattern
from handlers.context import Context
from library.translations import leaves
from store import receipts
from store.tables import bookings, clients, staff
from tests.helpers.console import BASE
from tests.web.console.test_history import led
from web import language

ROOT = Path(__file__).resolve().parents[3]
KINDS = ("exercises", "protocols", "questionnaires", "rules")
WORD = re.compile(r"[a-záéíóúüñ]{3,}", re.IGNORECASE)
OPEN, SHUT = "⟦", "⟧"
NOT_READ = {"script", "style", "code", "bdi", "time", "textarea", "title", "option", "q", "svg"}
"""Names, files, and what somebody wrote."""
SPOKEN = ("aria-label", "alt", "placeholder", "title")
RAW = ("/console/content/reviews", "/console/receipts/", "/console/setup/services")
"""Begins of pages of files, webhooks and settings as they are."""
FOREIGN = re.compile(r"Deep tissue massage, 60 minutes|Put on socks|docs/\S+|\w+:\d+|^site$")
"""What the scheduler, a client and a clinic's settings call things."""
EMPTY = ("input", "img", "br", "meta", "link", "hr", "rect", "path", "line", "circle")


class Marked(dict[str, str]):
    """The Spanish of every text, marked: what stands on a page without a mark went past it."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__({english: f"{OPEN}{spanish}{SHUT}" for english, spanish in known.items()})


class Unmarked(HTMLParser):
    """What stands on a page and is not marked."""

    def __init__(self) -> None:
        super().__init__()
        self.within: list[bool] = []
        self.found: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in SPOKEN:
            if given.get(name):
                self.handle_data(given[name] or "")
        if tag not in EMPTY:
            other = given.get("lang", "es") != "es" or "mono" in (given.get("class") or "").split()
            self.within.append(other or tag in NOT_READ)

    def handle_endtag(self, tag: str) -> None:
        if self.within and tag not in EMPTY:
            self.within.pop()

    def handle_data(self, data: str) -> None:
        kept = ""
        for char in data:
            self.depth += (char == OPEN) - (char == SHUT)
            kept += char if not self.depth and char != SHUT else " "
        if not any(self.within) and kept.strip():
            self.found.append(" ".join(kept.split()))


def words_in(*texts: str) -> set[str]:
    return {word.casefold() for text in texts for word in WORD.findall(text)}


def vocabulary() -> set[str]:
    """English words that are no Spanish ones too, by our own texts."""
    known = language.texts("es")
    both = ROOT / "content/rules/typed.toml"  # what clients type, in any language
    files = [path for kind in KINDS for path in (ROOT / "content" / kind).glob("*.toml") if path != both]
    english = words_in(*known, *(path.read_text("utf-8") for path in files))
    spanish = [tomllib.loads(path.read_text("utf-8")) for path in (ROOT / "content/es").rglob("*.toml")]
    words = [text for file in spanish for _, text in leaves(file)]
    return english - words_in(*known.values(), *words, both.read_text("utf-8"))


def values_of(context: Context, patterns: list[Pattern]) -> dict[str, object]:
    """What stands in the addresses of the pages."""
    with context.db.read() as tx:
        here = tx.value(sa.select(clients.c.id).where(clients.c.email == patterns[2].life.email))
        visit = tx.value(sa.select(sa.func.min(bookings.c.id)).where(bookings.c.client_id == here))
        receipt = receipts.recent(tx, limit=1)[0].public_id
    values = dict.fromkeys(("client_id", "regular"), here) | {"other_id": 1, "staff_id": 1}
    values |= dict.fromkeys(("booking_id", "regular_visit", "flagged"), visit)
    return values | {"public_id": receipt, "day": datetime.now(UTC).date(), "file": "clinic.toml"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_says_in_english_what_it_says_itself(
    app: Flask, context: Context, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns, english = led(context, datetime.now(UTC)), vocabulary()
    with context.db.begin() as tx:
        tx.run(sa.update(staff).values(language="es"))
    spanish = Marked(language.texts("es"))
    monkeypatch.setattr(language, "texts", lambda code: spanish if code == "es" else {})
    found = dict[str, list[str]]()
    for path in addresses(app, values_of(context, patterns)):
        answered = client.get(path, base_url=BASE)
        if answered.mimetype == "text/html" and not path.startswith(RAW):
            parser = Unmarked()
            parser.feed(answered.text)
            found[path] = [one for one in parser.found if words_in(FOREIGN.sub(" ", one)) & english]
    assert len(found) > 50
    assert "\n".join(f"{path}: {one}" for path, some in found.items() for one in some) == ""
