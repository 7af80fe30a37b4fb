"""A client's hands: answers whatever a screen asks, tap by tap, and counts the taps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Locator, Page

from schemas.forms.condition import Answer

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
AXE = Axe().axe_script
SAMPLES = 3
EACH_KIND_OF_TEXT = Path(__file__).with_name("each_kind_of_text.js").read_text("utf-8")
MOST_SCREENS = 40
BORN = "date_of_birth"
FORM = "main form:not(.lang):not(.quiet)"
LEAST = 44  # pixels across, for a shaky hand
TOO_SMALL = """least => [...document.querySelectorAll('a, button, summary, select, textarea, input')]
  .filter(each => each.type !== 'hidden')
  .map(each => each.matches('[type=radio], [type=checkbox]') ? each.closest('label') ?? each : each)
  .filter(each => each.checkVisibility() && !each.closest('[aria-hidden=true]') && each.tabIndex !== -1)
  .map(each => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.right > 0 && (box.width < least || box.height < least))
  .map(([html]) => html)"""


def follow(target: Locator) -> None:
    """Click what leads to another page, and wait until that page is there."""
    with target.page.expect_navigation():
        target.click()


def faults(page: Page) -> list[str]:
    """What axe finds on a page, and whether it can be moved sideways."""
    but_colours = {"rules": {name: {"enabled": False} for name in COLOURS}}
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]} | but_colours
    return too_wide(page) + _violations(page, "document", options) + _contrast(page)


def too_wide(page: Page) -> list[str]:
    """Whether a page can be moved sideways."""
    room = (page.viewport_size or {"width": 0})["width"]  # innerWidth grows with a page that is too wide
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"{page.url}: {width} px wide on {room}"] if width > room else []


def too_small(page: Page) -> list[str]:
    """What can be pressed on a page and is too small for a shaky hand."""
    found: list[str] = page.evaluate(TOO_SMALL, LEAST)
    return found


def faults_by_day_and_night(page: Page) -> list[str]:
    """The same by day, and by night what colours can change."""
    page.emulate_media(color_scheme="light")
    found = faults(page)
    page.emulate_media(color_scheme="dark")
    return found + [f"dark: {each}" for each in _contrast(page)]


def _contrast(page: Page) -> list[str]:
    """The rules about colours that a page breaks, seen on a few elements of each kind: each costs time."""
    options = {"runOnly": {"type": "rule", "values": COLOURS}, "resultTypes": ["violations"]}
    places = f"({EACH_KIND_OF_TEXT})({SAMPLES})"
    return _violations(page, f"{{include: {places}}}", options)


def _violations(page: Page, where: str, options: Mapping[str, object]) -> list[str]:
    """The rules that a page breaks, with the place. Passes are not gathered: that takes most of the time."""
    if not page.evaluate("!!window.axe"):
        page.evaluate(AXE)
    found = page.evaluate(f"options => axe.run({where}, options)", options)["violations"]
    return [f"{page.title()}: {each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


@dataclass
class Hands:
    """One client at one page. `taps` counts every tap: on a choice, into a box, on a button."""

    page: Page
    answers: Mapping[str, Answer]
    scripted: bool = True
    taps: int = 0
    screens: list[str] = field(default_factory=list)

    def tap(self, target: Locator) -> None:
        """One tap."""
        self.taps += 1
        target.click()

    def fill_in(self, on_screen: Callable[[Page], None] = lambda _page: None) -> None:
        """Answer screen after screen until the form is sent, or a page asks nothing."""
        for _ in range(MOST_SCREENS):
            self.screens.append(self._title())
            on_screen(self.page)
            self.next()
            if not self.page.locator(f"{FORM} .acts").count():
                return
        raise AssertionError("The form never ended.")

    def until(self, title: str) -> None:
        """Answer screens up to the one with this title."""
        for _ in range(MOST_SCREENS):
            if self._title() == title:
                return
            self.next()
        raise AssertionError(f"{title} never came.")

    def next(self) -> None:
        """Answer this screen and go on."""
        before = self._title()
        self.page.evaluate("window.here = true")
        self.answer_screen()
        if self._still_here():
            with self.page.expect_navigation():
                self.tap(self.page.locator(f"{FORM} .acts .btn").first)
        assert not self.page.locator(".err").count(), (before, self.page.locator(".err").inner_text())

    def _title(self) -> str:
        return self.page.locator("h1").first.inner_text()

    def answer_screen(self) -> None:
        """Answer what is asked here and has an answer in `answers`."""
        done: set[str] = set()
        while name := next(
            (each for each in self._names() if self.answers.get(each) and each not in done), ""
        ):
            self._answer(name, self.answers[name])
            done.add(name)
            if not self._still_here():
                return

    def _still_here(self) -> bool:
        """False once the last answer has taken the form further by itself."""
        if not self.scripted:
            return True
        try:
            if self.page.evaluate("!!window.here && !document.querySelector('form[data-sent]')"):
                return True
            self.page.wait_for_function("!window.here && document.readyState === 'complete'")
        except Error:  # the page went while it was asked
            self.page.wait_for_load_state()
        return False

    def _names(self) -> list[str]:
        names = self.page.eval_on_selector_all(
            f"{FORM} [name]:not([type=hidden])",
            "boxes => boxes.filter(box => !box.closest('.more:not([open]), [disabled]'))"
            ".map(box => box.name)",
        )
        plain = (BORN if name.startswith(BORN) else name for name in names)
        return list(dict.fromkeys(plain))

    def _answer(self, name: str, given: Answer) -> None:
        if name == BORN:
            year, month, day = str(given).split("-")
            for part, value in (("month", month), ("day", day), ("year", year)):
                self._type(f"{name}_{part}", value)
            return
        boxes = self.page.locator(f"[name={name}]")
        kind = boxes.first.get_attribute("type")
        if kind in ("radio", "checkbox"):
            for value in [given] if isinstance(given, str) else given:
                self._choose(name, value)
        else:
            self._type(name, str(given))

    def _type(self, name: str, value: str) -> None:
        box = self.page.locator(f"[name={name}]")
        self.tap(box)
        box.fill(value)

    def _choose(self, name: str, value: str) -> None:
        shape = self.page.locator(f".body-hit[data-for='{value}']")
        if self.scripted and shape.count():
            if not shape.first.is_visible():
                self.tap(self.page.locator(".turn button:not(.on)").first)
            self.tap(shape.first)
            return
        box = self.page.locator(f"[name={name}][value='{value}']")
        self.tap(self.page.locator("label").filter(has=box).first)
