"""The clinic of the tour: its schedulers in memory, a clock that is moved, clients who answer their mail."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import requests
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

import app as application
import settings as configuration
from demo.client import fill_in
from demo.mailbox import Mailbox, link_in
from demo.tour.people import FORTY, Person
from handlers.bookings import observe
from handlers.context import Context
from handlers.send import staff_mail
from handlers.worker import work
from integrations.base import Batch, Gone, Note, Offered, Scheduler
from integrations.http import Http
from integrations.simulate import EVENTS, new_secret, sample
from schemas.booking import BookingState, BookingStatus
from schemas.booking import Person as Client
from store import tables
from web.commands import prepare
from web.context import move_clock, utc_now

HISTORY = timedelta(days=33)
STEP = timedelta(hours=3)
MINUTE = timedelta(minutes=1)
BY_WEBHOOK = {"calcom": "calcom", "calendly": "calendly", "mindbody": "mindbody", "site": "standard"}
IN_MEMORY = {"acuity": "acuity", "square": "square", "easy": "easyappointments", "cliniko": "cliniko"}
ACCOUNT = "42"
NAMES = {"relaxation-60": "Relaxation massage", "gift-card": "Gift card pick-up"}


def _since(person: Person, count: int) -> dict[str, str]:
    """What has become of the pain by a later visit."""
    if not count:
        return {}
    pain = person.pain[min(count, len(person.pain) - 1)]
    return {"pain_now": pain, "pain_avg7": pain, "pain_worst24": pain, "act1_score": str(9 - int(pain))}


def in_memory(scheduler: Scheduler) -> Scheduler:
    """The same scheduler, whose bookings are read from memory: no vendor is asked."""
    rows: dict[str, BookingState] = {}

    class InMemory(type(scheduler)):  # type: ignore[misc]
        readable = True
        kept = rows

        def fetch(self, external_id: str) -> tuple[BookingState, ...]:
            if external_id not in rows:
                raise Gone("It is not there.")
            return (rows[external_id],)

        def batches(self, _since: datetime, _place: str = "") -> Iterator[Batch]:
            yield Batch(tuple(rows.values()))

        def ping(self) -> None:
            """It answers."""

        def is_subscribed(self) -> bool:
            return True

        def attach(self, external_id: str, note: Note) -> None:
            """It is written."""

        def remarks(self) -> list[str]:
            return []

        def services(self) -> list[Offered]:
            return []

    made: Scheduler = InMemory(scheduler.connection, Http())
    return made


@dataclass
class World:
    """Everything that runs, in this one process."""

    folder: Path
    url: str
    mails: Mailbox
    app: Flask
    context: Context
    secrets: dict[str, str]
    lock: threading.RLock = field(default_factory=threading.RLock)
    read: int = 0  # mails that clients have looked at
    moved: timedelta = timedelta()
    answered: dict[str, int] = field(default_factory=dict)

    def set_clock(self, at: datetime) -> None:
        """Take this time for now; whoever is signed in stays so."""
        self.moved = at - datetime.now(UTC)
        move_clock(self.app, self.moved)
        with self.context.db.begin() as tx:
            tx.run(sa.update(tables.staff_sessions).values(created_at=at, seen_at=at))

    def work(self) -> None:
        """One round of the worker."""
        with self.lock:
            work.work_once(self.context, utc_now(), "tour")
            staff_mail.send_due(self.context, utc_now())

    def go_on(self, by: timedelta, *, play: bool = False) -> None:
        """Move the clock on in steps, and do what is due at each; `play`: clients answer their mail."""
        with self.lock:
            until = utc_now() + by
            while utc_now() < until - timedelta(seconds=30):
                self.set_clock(min(until, utc_now() + min(STEP, by)))
                self.work()
                if play:
                    self.clients_answer()

    def clients_answer(self) -> None:
        """Everybody with a new mail does what they do with it."""
        while self.read < len(self.mails.mails):
            mail = self.mails.mails[self.read]
            self.read += 1
            theirs = [one for one in FORTY if one.said is not None and one.address in str(mail["To"])]
            any(self._did(one, str(mail["X-Aftercare-Kind"]), mail) for one in theirs)

    def _did(self, person: Person, kind: str, mail: EmailMessage) -> bool:
        """Answer a form or a check-in; False where this person has nothing to do with it."""
        key = f"{person.name} {kind}"
        count = self.answered.get(key, 0)
        if kind == "intake" and count < len(person.visits):
            self.answered[key] = count + 1
            fill_in(link_in(mail, "i"), person.answers | _since(person, count), person.screens)
            return True
        if kind == "checkin" and count < len(person.pain):
            self.answered[key] = count + 1
            pain = person.pain[count]
            said = {"pain_avg7": pain, "pain_now": pain, "fu_pain_during": pain, "fu_difficulty": "3"}
            more = {"fu_days_done": "4", "fu_worse_next_day": "no", "act1_score": str(9 - int(pain))}
            fill_in(link_in(mail, "c"), said | more, most=2)
            return True
        return False

    # ---- what the schedulers say

    def say(self, person: Person, number: int, start: datetime, event: str) -> None:
        """One word of a scheduler about a visit: by a signed webhook, or as it is read there."""
        uid = f"{person.address.partition('@')[0]}-{person.name.split(' ')[-1][:3]}-{number}".replace(" ", "")
        uid = "".join(each if each.isascii() and each.isalnum() else "-" for each in uid)
        if person.connection in BY_WEBHOOK:
            self._webhook(person, uid, start, event)
        else:
            self._read(person, uid, start, event)

    def _webhook(self, person: Person, uid: str, start: datetime, event: str) -> None:
        kind, name = BY_WEBHOOK[person.connection], person.connection
        known = event if event in EVENTS[kind] else "created"
        headers, body = sample(
            kind,
            known,
            uid=f"{uid}-moved" if known == "rescheduled" else uid,
            replaces=uid if known == "rescheduled" else "",
            start=start,
            end=start + timedelta(hours=1),
            now=utc_now(),
            secret=self.secrets[name],
            name=person.name,
            email=person.address,
            language=person.language,
            service=person.service,
            service_name=NAMES.get(person.service, "Deep tissue massage"),
            url=f"{self.url}/webhooks/{name}",
            account=ACCOUNT,
        )
        answer = requests.post(f"{self.url}/webhooks/{name}", data=body, headers=headers, timeout=10)
        answer.raise_for_status()

    def _read(self, person: Person, uid: str, start: datetime, event: str) -> None:
        scheduler = self.context.schedulers[person.connection]
        statuses = {"cancelled": BookingStatus.cancelled, "no_show": BookingStatus.no_show}
        address = f"new.{person.address}" if event == "address" else person.address
        state = BookingState(
            external_id=uid,
            status=statuses.get(event, BookingStatus.confirmed),
            start=start,
            end=start + timedelta(hours=1),
            client=Client(person.name, address, phone="+1 555 010 4242", language=person.language),
            service=person.service,
            service_name=NAMES.get(person.service, "Deep tissue massage"),
            practitioner="Mara Field",
            place="12 Main Street",
            created_at=utc_now(),
        )
        scheduler.kept[uid] = state  # type: ignore[attr-defined] # of those in memory
        with self.lock, self.context.db.begin() as tx:
            notice = observe.notice_of(state, utc_now())
            observe.observe(tx, self.context, person.connection, notice, utc_now(), read=True)


def build(folder: Path, port: int, smtp_port: int, mails: Mailbox) -> World:
    """The clinic, served on loopback, with its clock set back to the beginning."""
    url = f"http://localhost:{port}"
    secrets = {name: new_secret(kind, bytes(range(24))) for name, kind in (BY_WEBHOOK | IN_MEMORY).items()}
    given = configuration.load(_environ(folder, url, smtp_port, secrets))
    app = application.create_app(given)
    context: Context = app.extensions["aftercare"]
    schedulers = {
        name: in_memory(each) if name in IN_MEMORY else each for name, each in context.schedulers.items()
    }
    context = replace(context, schedulers=schedulers)
    app.extensions["aftercare"] = context
    world = World(folder, url, mails, app, context, secrets)
    prepare(context, datetime.now(UTC) - HISTORY - timedelta(days=1))
    world.set_clock(datetime.now(UTC) - HISTORY)
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return world


def _environ(folder: Path, url: str, smtp_port: int, secrets: dict[str, str]) -> dict[str, str]:
    listed = ",".join(f"{name}={kind}" for name, kind in (BY_WEBHOOK | IN_MEMORY).items())
    return configuration.new_keys() | {
        "AFTERCARE_ENV": "development",
        "PUBLIC_URL": url,
        "DATABASE_URL": f"sqlite:///{folder / 'aftercare.db'}",
        "CONNECTIONS": listed,
        **{f"{name.upper()}_SECRET": secret for name, secret in secrets.items()},
        **{f"{name.upper()}_API_KEY": secrets[name] for name in IN_MEMORY},
        "ACUITY_ACCOUNT": ACCOUNT,
        "MINDBODY_ACCOUNT": ACCOUNT,
        "EASY_API_BASE": "https://book.example",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(smtp_port),
        "SMTP_SECURITY": "none",
        "SETTLE_SECONDS": "0",
        "LOG_LEVEL": "error",
    }


def tell_history(world: World) -> Iterator[str]:
    """Let the weeks go by; yields a line for each. It ends at one o'clock, so that visits are by day."""
    end = utc_now().astimezone(world.context.zone()) + HISTORY
    end = end.replace(hour=13, minute=0, second=0, microsecond=0).astimezone(UTC)
    words = sorted(_words(end), key=lambda each: each[0])
    while utc_now() < end:
        for at, person, number, start, event in list(words):
            if at <= utc_now():
                words.remove((at, person, number, start, event))
                world.say(person, number, start, event)
        coming = min((at for at, *_ in words), default=end)
        world.go_on(min(STEP, max(coming - utc_now(), MINUTE), end - utc_now()), play=True)
        if utc_now().hour < STEP.seconds // 3600:
            yield f"{utc_now():%B %d}: {len(world.mails.mails)} mails"
    world.set_clock(end)


def _words(end: datetime) -> Iterator[tuple[datetime, Person, int, datetime, str]]:
    """What the schedulers say, and when: a booking some days before, and what becomes of it."""
    for place, person in enumerate(FORTY):
        for number, days in enumerate(person.visits):
            start = (end + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
            made = min(start, end) - timedelta(days=3, hours=place % 7)
            yield made, person, number, start, "created"
        if person.event:
            later = timedelta(days=1) if person.event == "rescheduled" else timedelta()
            after = start + 5 * MINUTE if person.event == "no_show" else min(start, end) - timedelta(days=1)
            yield after, person, number, start + later, person.event
