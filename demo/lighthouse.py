"""Lighthouse on the pages of the tour, as on a phone: `make lighthouse`, or `ONLY="plan form"` for some.

Needs npm and Chromium, and says so where one is missing. The registry of npm is asked once, for the version
below; it stays in `build/lighthouse`. Findability is left out: no page may be found by a search engine.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import sync_playwright

from demo.__main__ import ROOT, say
from demo.screenshots import BROWSERS, clinic, setup_address, sign_in
from demo.tour.world import World

VERSION = "12.8.2"
FOLDER = ROOT / "build" / "lighthouse"
COMMAND = FOLDER / "node_modules" / ".bin" / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST = 95  # of 100, in each category
PATIENCE = 180  # seconds a page
TRIES = 3  # a busy machine may miss the beginning of a page, or be slow for a while; the best counts


@dataclass(frozen=True, slots=True)
class Sight:
    """A page: what it is called here, its address, whether one has to be signed in."""

    name: str
    url: str
    signed_in: bool = False


def missing() -> str:
    """What is not on this machine, in words; "" where nothing is."""
    if shutil.which("npm") is None:
        return "Lighthouse was not run: npm is missing (apt install npm)."
    if _browser() is None:
        return "Lighthouse was not run: Chromium is missing (apt install chromium)."
    return ""


def _browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def install() -> None:
    """Fetch Lighthouse where this version is not there yet. Raises CalledProcessError."""
    package = FOLDER / "node_modules" / "lighthouse" / "package.json"
    if package.exists() and json.loads(package.read_text("utf-8"))["version"] == VERSION:
        return
    say(f"Fetching Lighthouse {VERSION} (once) ...")
    wanted = ("--prefix", str(FOLDER), "--no-save", "--no-audit", "--no-fund", f"lighthouse@{VERSION}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(shutil.which("npm")), "install", "--silent", *wanted], check=True)


def sights(world: World, seen: list[str]) -> list[Sight]:
    """The pages, from the tour's own sights: a client's first, then the console's and those of the setup."""
    today, flagged, waits, client, plan, form = seen[:6]
    setup = setup_address(world)
    return [
        Sight("form", form),
        Sight("plan", plan),
        Sight("go", f"{plan}/go"),
        Sight("dead-link", f"{world.url}/p/nothing"),
        Sight("login", f"{world.url}/console/login"),
        Sight("today", today, signed_in=True),
        Sight("booking", flagged, signed_in=True),
        Sight("waits", waits, signed_in=True),
        Sight("client", client, signed_in=True),
        *(
            Sight(f"setup-{step}", setup.removesuffix("clinic") + step, signed_in=True)
            for step in ("clinic", "mail", "scheduler", "services")
        ),
    ]


def session(url: str) -> str:
    """The cookies of a practitioner who has signed in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_browser(), args=["--no-sandbox"])
        page = browser.new_page()
        sign_in(page, url)
        found = page.context.cookies()
        browser.close()
    return "; ".join(f"{each['name']}={each['value']}" for each in found)


def measure(sight: Sight, cookies: str) -> dict[str, Any] | None:
    """The best of a few reports on one page, the first that has its points; None where none was made."""
    found: list[dict[str, Any]] = []
    for _ in range(TRIES):
        report = _report(sight, cookies)
        if report is not None:
            found.append(report)
            if min(scores(report)) >= LEAST:
                break
    return max(found, key=lambda report: min(scores(report)), default=None)


def _report(sight: Sight, cookies: str) -> dict[str, Any] | None:
    """Lighthouse's report on one page, as on a phone with slow 4G; kept in `build/lighthouse`.

    None where it gave up, or saw another page: what it said is printed, without the cookies.
    """
    path = FOLDER / f"{sight.name}.json"
    options = [
        *("--quiet", "--ignore-status-code"),  # the page of a dead link is a 404
        "--output=json",
        f"--output-path={path}",
        f"--only-categories={','.join(CATEGORIES)}",
    ]
    options += ["--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    options += [f"--extra-headers={json.dumps({'Cookie': cookies})}"] if sight.signed_in else []
    env = os.environ | {"CHROME_PATH": str(_browser())}
    command = [str(COMMAND), sight.url, *options]
    done = subprocess.run(command, env=env, timeout=PATIENCE, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"{sight.name} was not measured: {done.stderr.strip()[:300]}")
        return None
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if report["finalDisplayedUrl"] != sight.url:
        say(f"{sight.name} was not measured: its address leads to {report['finalDisplayedUrl']}")
        return None
    return report


def scores(report: dict[str, Any]) -> list[int]:
    """Of 100, by category."""
    return [round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES]


def reasons(report: dict[str, Any]) -> list[str]:
    """The audits that take points away."""
    counted = {
        each["id"]
        for name in CATEGORIES
        for each in report["categories"][name]["auditRefs"]
        if each["weight"]
    }
    audits = (report["audits"][name] for name in sorted(counted))
    return [
        f"{each['id']}: {each['title']}"
        for each in audits
        if each["score"] is not None and each["score"] < 0.9
    ]


def row(sight: Sight, report: dict[str, Any]) -> str:
    """A page as a line of a table: scores, when its largest part was there, how much shifted, its weight."""
    audits = report["audits"]
    seen = audits["largest-contentful-paint"]["numericValue"] / 1000
    shift, weight = (
        audits["cumulative-layout-shift"]["numericValue"],
        audits["total-byte-weight"]["numericValue"],
    )
    numbers = " | ".join(str(each) for each in scores(report))
    return f"| {sight.name} | {numbers} | {seen:.1f} s | {shift:.2f} | {weight / 1000:.0f} kB |"


def main() -> int:
    """0 when every page has its points, or where Lighthouse cannot run here; 1 where one falls short."""
    options = argparse.ArgumentParser(prog="make lighthouse")
    options.add_argument("only", nargs="*", help="names of pages; all of them without one")
    only = options.parse_args().only
    if reason := missing():
        print(reason, file=sys.stderr)
        return 0
    install()
    world, seen, _page = clinic()
    cookies, low = session(world.url), False
    table = [
        "| page | performance | accessibility | best practices | largest part | shift | weight |",
        "|---" * 7 + "|",
    ]
    for sight in sights(world, seen):
        if only and sight.name not in only:
            continue
        report = measure(sight, cookies)
        if report is None:
            low = True
            continue
        table.append(row(sight, report))
        say(table[-1])
        if min(scores(report)) < LEAST:
            low = True
            print("\n".join(f"      {each}" for each in reasons(report)), flush=True)
    print("\n".join(table))
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
