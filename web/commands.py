"""The command line: what whoever runs it, and tests from outside, can ask and do."""

import json
import secrets
import signal
import socket
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from tqdm import tqdm

from handlers import duties, export, library, links, messages, reconcile, work
from handlers.house import House
from handlers.links import LinkPurpose
from integrations.base import IntegrationError
from integrations.simulate import EVENTS, new_secret, sample
from render import qr
from render.figures import look_for, pair_svg
from render.raster import png
from schemas.clinic import Connection
from store import audit, bookings, clients, connections, deliveries, migrate, receipts, workers
from store.base import Tx
from store.bookings import Thread


class Moment(click.ParamType[datetime]):
    """An ISO time; one without a zone is read as UTC."""

    name = "ISO time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware time."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-27T15:00:00+01:00", param, ctx)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


def _house() -> House:
    house: House = current_app.extensions["aftercare"]
    return house


def _now() -> datetime:
    return datetime.now(UTC)


def prepare(house: House, now: datetime) -> None:
    """Bring the schema up to date and note connections that are new."""
    migrate.upgrade(house.db)
    with house.db.begin() as tx:
        for name, scheduler in house.schedulers.items():
            connections.ensure(tx, name, scheduler.connection.scheduler, now)


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    prepare(_house(), _now())
    click.echo("The database is up to date.")


@click.command("work")
@click.option("--once", is_flag=True, help="Do what is due, then stop.")
@click.option("--now", type=Moment(), help="Take this as the time (with --once).")
def work_command(once: bool, now: datetime | None) -> None:
    """Run the worker."""
    house = _house()
    prepare(house, _now())
    name = f"{socket.gethostname()}-{secrets.token_hex(4)}"[:64]
    if once or now:
        at = now or _now()
        done = work.work_once(house, at, "once")
        click.echo(f"{done} done.")
        return
    work.work(house, _now, _stop_on_signals(), name)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    return stop


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status_command(as_json: bool) -> None:
    """What waits, what is due, what is dead, and whether a worker is alive."""
    house, now = _house(), _now()
    with house.db.read() as tx:
        status = _status(tx, now)
        rows = connections.every(tx)
    status["connections"] = [_connection(house, row, now) for row in rows]
    click.echo(json.dumps(status, indent=None if as_json else 2))


def _status(tx: Tx, now: datetime) -> dict[str, Any]:
    received, owed = Counter(receipts.counts(tx)), Counter(deliveries.counts(tx, now))
    seen = workers.last_seen(tx)
    return {
        "receipts": {
            name: received[name]
            for name in ("pending", "working", "done", "ignored", "not_understood", "dead")
        },
        "deliveries": {
            name: owed[name]
            for name in (
                "due",
                "scheduled",
                "held",
                "sending",
                "sent",
                "unknown",
                "skipped",
                "withdrawn",
                "dead",
            )
        },
        "worker": {
            "seen_at": seen.isoformat() if seen else None,
            "alive": bool(seen and now - seen < timedelta(seconds=90)),
        },
    }


def _connection(house: House, row: Any, now: datetime) -> dict[str, Any]:
    quiet = reconcile.gone_quiet(house, row.name, now)
    times = ("first_seen_at", "last_receipt_at", "last_refused_at", "last_reconcile_at")
    told = {name: getattr(row, name).isoformat() if getattr(row, name) else None for name in times}
    return {
        "name": row.name,
        "scheduler": row.scheduler,
        "configured": row.name in house.schedulers,
        **told,
        "quiet_hours": round(quiet / timedelta(hours=1), 1) if quiet else None,
        "trouble": row.trouble,
    }


@click.command("bookings")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--client", "email", default="", help="Only bookings of this e-mail address.")
def bookings_command(as_json: bool, email: str) -> None:
    """Every booking, with what is owed for it, what was sent and why something was not."""
    with _house().db.read() as tx:
        found = [_booking(tx, each) for each in bookings.listing(tx, email=email)]
    if as_json:
        click.echo(json.dumps(found))
        return
    for each in found:
        click.echo(f"{each['id']:05d}  {each['status']:<10} {each['start']}  {each['external_id']}")
        for one in each["deliveries"]:
            click.echo(f"       {one['purpose']:<16} {one['status']:<10} {one['due_at']}  {one['reason']}")


def _booking(tx: Tx, booking: Thread) -> dict[str, Any]:
    records = bookings.of_booking(tx, booking.id)
    known = [record for record in records if record.state]
    replaced = {record.replaces for record in known}
    current = [record for record in known if record.external_id not in replaced] or known
    return {
        "id": booking.id,
        "connection": booking.connection,
        "external_id": current[-1].external_id if current else "",
        "chain": [record.external_id for record in records],
        "seat": current[-1].seat if current else "",
        "status": str(booking.status),
        "start": booking.start.isoformat(),
        "end": booking.end.isoformat(),
        "service": booking.service,
        "client": clients.get(tx, booking.client_id).email,
        "deliveries": [
            {
                "key": each.key,
                "purpose": str(each.purpose),
                "channel": str(each.channel),
                "status": str(each.status),
                "due_at": each.due_at.isoformat(),
                "settled_at": each.settled_at.isoformat() if each.settled_at else None,
                "reason": each.reason,
                "detail": each.detail,
                "attempts": each.attempts,
                "message_id": each.message_id,
            }
            for each in deliveries.of_booking(tx, booking.id)
        ],
    }


@click.command("check")
def check_command() -> None:
    """Check settings and content; names every problem at once."""
    house = _house()
    folder = current_app.config["CONTENT"]
    found = [(each.file, each.line, each.id, each.text, each.fatal) for each in library.problems(folder)]
    asked = {service.questionnaire for service in house.clinic.services.values()} - {""}
    for name in sorted(asked - set(house.library("en").questionnaires)):
        found.append(("clinic.toml", 0, name, "There is no questionnaire of this name.", True))
    for file, line, item, text, _fatal in found:
        click.echo(f"content/{file}:{line}: {item}: {text}")
    fatal = [each for each in found if each[4]]
    if fatal:
        raise SystemExit(1)
    click.echo("Settings and content are in order." if not found else "Only remarks; Aftercare can run.")


@click.command("simulate")
@click.argument("connection")
@click.argument("event")
@click.option("--in", "minutes", type=float, default=60 * 24, help="Minutes until the visit starts.")
@click.option("--length", type=float, default=60, help="Length of the visit in minutes.")
@click.option("--name", default="Zoë Łuć", help="The client's name.")
@click.option("--email", default="zoe@example.org", help="The client's e-mail address.")
@click.option("--uid", default="", help="The booking's identifier; made up when missing.")
@click.option("--replaces", default="", help="The identifier before a reschedule.")
@click.option("--service", default="deep-tissue-60", help="The service's short name.")
@click.option("--language", default="en", help="The client's language.")
def simulate_command(
    connection: str, event: str, minutes: float, length: float, uid: str, **visit: str
) -> None:
    """Store a signed webhook of the captured shape, as if the scheduler had sent it."""
    house, now = _house(), _now()
    scheduler = house.schedulers.get(connection)
    if scheduler is None:
        raise click.BadParameter(f"no connection of this name; there are: {', '.join(house.schedulers)}")
    kind = scheduler.connection.scheduler
    if event not in EVENTS.get(kind, ()):
        raise click.BadParameter(f"events of {kind}: {', '.join(EVENTS.get(kind, ())) or 'none'}")
    prepare(house, now)
    start = now + timedelta(minutes=minutes)
    uid = uid or secrets.token_urlsafe(12)
    headers, body = sample(
        kind,
        event,
        uid=uid,
        start=start,
        end=start + timedelta(minutes=length),
        now=now,
        secret=scheduler.connection.secrets[0],
        zone=house.clinic.zone,
        url=scheduler.connection.webhook_url,
        **visit,
    )
    with current_app.test_client() as inside:
        answer = inside.post(
            f"/webhooks/{connection}", data=body, headers=headers, base_url=house.clinic.public_url
        )
    click.echo(json.dumps({"status": answer.status_code, "uid": uid, **(answer.get_json() or {})}))
    if answer.status_code != 202:
        raise SystemExit(1)


@click.command("replay")
@click.argument("receipt")
def replay_command(receipt: str) -> None:
    """Process a receipt again (its id is in the answer to the webhook)."""
    with _house().db.begin() as tx:
        found = receipts.replay(tx, receipt, _now())
    if not found:
        raise click.ClickException("There is no such receipt, or its body has been deleted.")
    click.echo("It will be processed again.")


@click.command("reconcile")
@click.argument("connection", required=False)
def reconcile_command(connection: str | None) -> None:
    """Read the schedulers through now, for what no webhook told us."""
    house = _house()
    prepare(house, _now())
    names = [connection] if connection else [name for name in house.schedulers if house.readable(name)]
    failed = False
    for name in names:
        if name not in house.schedulers:
            raise click.BadParameter(f"no connection named {name}")
        with tqdm(desc=name, unit=" bookings") as bar:
            try:
                count = reconcile.reconcile(house, name, _now(), tell=partial(_step, bar))
            except IntegrationError as error:
                click.echo(f"{name}: {error}", err=True)
                failed = True
                continue
        click.echo(f"{name}: {count} bookings read.")
    if failed:
        raise SystemExit(1)


def _step(bar: Any, _external_id: str) -> None:
    bar.update()


@click.command("register")
@click.argument("connection")
@click.option("--remove", is_flag=True, help="End the subscriptions instead.")
def register_command(connection: str, remove: bool) -> None:
    """Subscribe the webhooks at the scheduler: finds, makes or repairs the subscription."""
    house = _house()
    prepare(house, _now())
    scheduler = house.schedulers.get(connection)
    if scheduler is None:
        raise click.BadParameter(f"no connection named {connection}")
    try:
        if remove:
            click.echo(f"{scheduler.unregister()} subscriptions ended.")
            return
        made = scheduler.register(_signing_secret(scheduler.connection))
    except IntegrationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made.text or 'Subscribed.'} {made.url}")
    _keep(house, scheduler.connection, made.secret)


def _signing_secret(connection: Connection) -> str:
    """The secret in the settings, or a new one where it is left to this command."""
    if connection.secret_kept:
        return new_secret(connection.scheduler, secrets.token_bytes(24))
    return connection.secrets[0]


def _keep(house: House, connection: Connection, secret: str) -> None:
    """Keep a secret that was made just now, or show it once where the settings hold it."""
    if not secret or secret in connection.secrets:
        return
    if not connection.secret_kept:
        click.echo(f"Its secret, shown only now, is to be set: {secret}")
        return
    with house.db.begin() as tx:
        connections.keep_secret(tx, connection.name, secret)
    click.echo("Its secret is kept in the database, sealed. Restart the web process now.")


@click.command("qr")
@click.argument("booking", type=int)
@click.argument("file", type=click.Path(dir_okay=False, writable=True), default="")
def qr_command(booking: int, file: str) -> None:
    """The client's intake link as a QR code for the door: an SVG file, or the link on the screen."""
    house, now = _house(), _now()
    with house.db.begin() as tx:
        thread = bookings.get(tx, booking)
        if thread is None:
            raise click.BadParameter(f"there is no booking {booking}")
        until = thread.end + messages.AFTER_VISIT
        url = links.issue(tx, house, LinkPurpose.intake, thread.id, now, until)
    if file:
        Path(file).write_text(qr.svg(url), encoding="utf-8")
    click.echo(file or url)


@click.command("export")
@click.argument("booking", type=int)
@click.option("--fhir", is_flag=True, required=True, expose_value=False, help="As FHIR R4.")
def export_command(booking: int) -> None:
    """Questionnaire, answers and plan of a booking, on standard output; written into the audit log."""
    house, now = _house(), _now()
    with house.db.begin() as tx:
        bundle = export.fhir_bundle(tx, house, booking)
        if bundle is None:
            raise click.BadParameter(f"booking {booking} has no intake")
        audit.add(tx, "command line", "export_fhir", f"booking:{booking}", now)
    click.echo(json.dumps(bundle, ensure_ascii=False, indent=1))


@click.command("figures")
@click.argument("folder", type=click.Path(file_okay=False))
def figures_command(folder: str) -> None:
    """Draw every exercise, start and finish, as PNG files."""
    house = _house()
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name in tqdm(sorted(house.figures), unit=" figures"):
        svg = pair_svg(house.figures[name], look_for(name))
        (target / f"{name}.png").write_bytes(png(svg, 1088))
    click.echo(f"{len(house.figures)} figures in {target}.")


@click.command("tidy")
def tidy_command() -> None:
    """Delete raw webhook bodies that are older than the clinic keeps them."""
    click.echo(f"{duties.forget(_house(), _now())} bodies deleted.")


COMMANDS = (
    *(migrate_command, work_command, status_command, bookings_command, check_command),
    *(simulate_command, replay_command, reconcile_command, tidy_command),
    *(register_command, qr_command, export_command, figures_command),
)


def install(app: Flask) -> None:
    """Put every command onto `flask`."""
    for command in COMMANDS:
        app.cli.add_command(command)
