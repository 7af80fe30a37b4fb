"""Who was affected by a leak, by number: what a notice to clients and authorities begins with."""

import itertools
import json
from dataclasses import replace
from datetime import datetime

import click
from flask.cli import AppGroup

from handlers import links
from handlers.links import Fate, Link, LinkPurpose
from store import attendances, bookings, clients
from store.base import Tx
from web.commands.base import Moment, note_command
from web.console import door_tablet
from web.context import context, utc_now

NO_LINK = (
    "No link of ours is known by this address. Was it made under a secret that was changed since? "
    "Put the old one behind the new one in SECRET_KEY, with a space between, and ask again."
)

NEXT = (
    "Each number ends the address of that client's page, /console/clients/NUMBER: name, address, and what "
    "was kept. Keep this answer: it says whom to write to. How to stop the leak: docs/deploy.md, When "
    "something has leaked."
)
breach_group = AppGroup("breach", help="Who was affected by a leak.")


@breach_group.command("report")
@click.option("--link", "url", default="", help="A personal link that leaked.")
@click.option("--key", is_flag=True, help="FIELD_KEYS or SECRET_KEY leaked, with the database.")
@click.option("--backup", type=Moment(), help="A backup of this time leaked.")
def report_command(url: str, key: bool, backup: datetime | None) -> None:
    """Print as JSON which clients were affected, by number, and by what."""
    if sum(map(bool, (url, key, backup))) != 1:
        raise click.UsageError("Give one of --link, --key and --backup.")
    now = utc_now()
    with context().db.begin() as tx:
        note_command(tx, "breach-report", now)
        found = _of_link(tx, url, now) if url else _of_everything(tx, backup or now, key=key)
    click.echo(json.dumps(found | {"at": now.isoformat()}))
    click.echo(NEXT, err=True)


def _of_link(tx: Tx, url: str, now: datetime) -> dict[str, object]:
    ours, value = context(), url.rpartition("/")[2]
    for key, purpose in itertools.product(ours.keys, LinkPurpose):
        link = links.look(tx, replace(ours, link_key=key), purpose, value, now)
        if link is not None:
            found = {each for one in _whom(tx, purpose, link, now) for each in clients.family(tx, one)}
            state = link.fate if key == ours.link_key else Fate.ended  # another secret ends every link
            said = {"leaked": "link", "opens": str(purpose), "state": str(state)}
            return said | {"clients": sorted(found)}
    raise click.ClickException(NO_LINK)


def _whom(tx: Tx, purpose: LinkPurpose, link: Link, now: datetime) -> set[int]:
    """The clients of whom a link showed something."""
    if purpose is LinkPurpose.door:
        return door_tablet.shown(tx, link.since, min(link.until, now))
    if purpose is LinkPurpose.note:  # shows who comes to the visit, whoever that was to be at first
        booking = bookings.get(tx, link.subject)
        return {each for each in (link.client_id, booking and booking.client_id) if each}
    if link.client_id is None and link.contact_id is not None:
        return attendances.clients_at(tx, link.contact_id)
    return {link.client_id} if link.client_id else set()


def _of_everything(tx: Tx, at: datetime, *, key: bool) -> dict[str, object]:
    """Clients who were erased before are in none of it; a backup alone shows no sealed value."""
    return {"leaked": "key" if key else "backup", "sealed_too": key, "clients": clients.kept_at(tx, at)}
