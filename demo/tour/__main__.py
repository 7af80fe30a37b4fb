"""`make tour`: fill a clinic with forty clients, print ten things worth seeing, and keep it running."""

import argparse
import shutil
import signal
import sys
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import requests

from demo.__main__ import PASSWORD, ROOT, free_port, say
from demo.mailbox import Mailbox, link_in
from demo.tour.page import Sights, serve
from demo.tour.people import CORRECTED, COUPLE, FLAGGED, FORTY, HALF, HELD, NO_SHOW, RETURNING
from demo.tour.world import World, build, tell_history
from deploy.start import Stopped, alone
from handlers.context import Context
from handlers.staff import accounts
from schemas.staff import Role
from store import bookings

FOLDER = ROOT / "var" / "tour"
STAFF = "mara@clinic.example"
EVERY = 2.0  # seconds between rounds of work


def account(context: Context) -> None:
    """Who looks around."""
    with context.db.begin() as tx:
        roles = (Role.practitioner, Role.manager)
        now = datetime.now(UTC)
        accounts.add(tx, context, STAFF, "Mara Field", roles, PASSWORD, now, credential="LMT")


def sights(world: World, page: str) -> Sights:
    """Ten things worth seeing, each with its address."""
    console = f"{world.url}/console"
    address = {person.name: person.address for person in FORTY}
    with world.context.db.read() as tx:
        visit = {name: bookings.listing(tx, email=address[name])[:1] for name in (FLAGGED, NO_SHOW)}
        moved = bookings.listing(tx, email=f"new.{address[CORRECTED]}")[:1]
        weeks = bookings.listing(tx, email=address[RETURNING])
    flagged, missed = (f"{console}/bookings/{each[0].id}" if each else console for each in visit.values())
    client = f"{console}/clients/{weeks[0].client_id}" if weeks else console
    corrected = f"{console}/bookings/{moved[0].id}" if moved else console
    return (
        ("The practitioner's day: who comes, flags first", f"{console}/"),
        (f"An answer that means an emergency ({FLAGGED}): press the button", flagged),
        (f"Plans that wait for a look ({HELD} and others)", f"{console}/waits"),
        (f"Five weeks with one client ({RETURNING}): pain, plans, check-ins", client),
        (
            "Her plan as she sees it: pictures, one move at a time",
            newest_link(world, address[RETURNING], "plan", "p"),
        ),
        (
            f"A form that was put aside ({HALF}): go on with it",
            newest_link(world, address[HALF], "intake", "i"),
        ),
        ("A couple with one address, two clients", f"{console}/clients?q={COUPLE.partition('@')[0]}"),
        (f"A corrected address ({CORRECTED}): asked again, the old link is dead", corrected),
        (f"A no-show ({NO_SHOW}): nothing went out", missed),
        ("The clock and the clients' mailbox", page),
    )


def newest_link(world: World, address: str, kind: str, path: str) -> str:
    """The newest link of a kind in somebody's mailbox."""
    theirs = [mail for mail in world.mails.mails if address in str(mail["To"])]
    found = [link_in(mail, path) for mail in theirs if mail["X-Aftercare-Kind"] == kind]
    return next((link for link in reversed(found) if link), world.url)


def nothing(_mail: EmailMessage, _path: Path) -> None:
    """A mail came; the page shows it."""


def dead(found: Sights) -> list[str]:
    """The sights whose address does not answer; who is not signed in is led to the login."""
    return [text for text, url in found if not requests.get(url, timeout=30).ok]


def run(*, once: bool) -> list[str]:
    """Make the weeks, print the sights, go on with the clock; `once`: end with those that do not answer."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    web_port, smtp_port = free_port(8000), free_port(2525)
    mails = Mailbox(FOLDER / "mails", nothing)
    smtp = mails.serve_smtp(smtp_port)
    world = build(FOLDER, web_port, smtp_port, mails)
    account(world.context)
    say("Forty clients book, answer, come and go; five weeks pass in about two minutes ...")
    for line in tell_history(world):
        say(line)
    page_port = free_port(8025)  # only now: another program may have taken one that was free minutes ago
    page = f"http://localhost:{page_port}/"
    found = sights(world, page)
    pages = serve(world, page_port, found)
    say(f"Console: {world.url}/console   ({STAFF}, {PASSWORD})")
    for number, (text, url) in enumerate(found, 1):
        print(f"{number:>3}. {text}\n     {url}", flush=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        if once:
            return dead(found)
        while not stop.wait(EVERY):
            world.work()
    except KeyboardInterrupt:
        pass
    finally:
        pages.shutdown()
        smtp.stop()
    return []


def main() -> int:
    """0 when it ran; 1 when one of the ten things cannot be seen."""
    options = argparse.ArgumentParser(prog="make tour")
    options.add_argument("--once", action="store_true", help="fill the clinic, print the sights, end")
    once = options.parse_args().once
    try:
        with alone(Path(__file__), wait=False):
            missing = run(once=once)
    except KeyboardInterrupt:  # while the weeks go by
        return 130
    except Stopped as error:
        print(f"The tour did not start: {error}", file=sys.stderr)
        return 1
    for text in missing:
        print(f"It does not answer: {text}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
