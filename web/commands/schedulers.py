"""Commands about schedulers: simulate, replay, reconcile, register."""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

import click
from flask import current_app

from handlers.bookings import preview, reconcile, subscribe
from handlers.context import Context
from integrations.base import IntegrationError
from integrations.simulate import EVENTS, sample
from store import migrate, receipts
from web.commands.base import prepare, progress, scheduler_of
from web.context import context as the_context
from web.context import utc_now


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
    context, now = the_context(), utc_now()
    scheduler = scheduler_of(connection)
    kind = scheduler.connection.scheduler
    if not scheduler.has_webhooks:
        raise click.BadParameter(f"{scheduler.label} has no webhooks: there is nothing to simulate.")
    if event not in EVENTS.get(kind, ()):
        raise click.BadParameter(f"events of {kind}: {', '.join(EVENTS.get(kind, ())) or 'none'}")
    prepare(context, now)
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
        zone=context.clinic.zone,
        url=scheduler.connection.webhook_url,
        account=scheduler.connection.account,
        **visit,
    )
    with current_app.test_client() as inside:
        answer = inside.post(
            f"/webhooks/{connection}", data=body, headers=headers, base_url=context.clinic.public_url
        )
    click.echo(json.dumps({"status": answer.status_code, "uid": uid, **(answer.get_json() or {})}))
    if answer.status_code != 202:
        raise SystemExit(1)


@click.command("replay")
@click.argument("receipt")
def replay_command(receipt: str) -> None:
    """Process a receipt again (its id is in the answer to the webhook)."""
    with the_context().db.begin() as tx:
        found = receipts.replay(tx, receipt, utc_now())
    if not found:
        raise click.ClickException("There is no such receipt, or its body has been deleted.")
    click.echo("It will be processed again.")


@click.command("reconcile")
@click.argument("connection", required=False)
def reconcile_command(connection: str | None) -> None:
    """Read the schedulers through now, for what no webhook told us.

    A scheduler that asks us to slow down is no failure: the worker reads on by itself where this stops.
    """
    context = the_context()
    prepare(context, utc_now())
    names = [connection] if connection else [name for name in context.schedulers if context.readable(name)]
    failed = False
    if not names:
        click.echo("No scheduler can be read: no connection has an API key.")
    for name in names:
        scheduler_of(name)
        failed |= not _read_through(context, name)
    if failed:
        raise SystemExit(1)


def _read_through(context: Context, name: str) -> bool:
    """False where the scheduler cannot be read; a limit only puts the rest off."""
    with progress(name) as bar:
        try:
            count = reconcile.reconcile(context, name, utc_now(), tell=lambda _id: bar.update(1))
        except IntegrationError as error:
            click.echo(f"{name}: {error}", err=True)
            if not reconcile.is_limit(error):
                return False
            reconcile.interrupted(context, name, error, utc_now())
            click.echo(f"{name}: the worker reads on by itself in a moment, from where this stopped.")
            return True
    click.echo(f"{name}: {count} bookings read.")
    return True


@click.command("register")
@click.argument("connection")
@click.option("--remove", is_flag=True, help="End the subscriptions instead.")
def register_command(connection: str, remove: bool) -> None:
    """Subscribe the webhooks at the scheduler: finds, makes or repairs the subscription."""
    context = the_context()
    prepare(context, utc_now())
    scheduler = scheduler_of(connection)
    try:
        if remove:
            click.echo(f"{scheduler.unregister()} subscriptions ended.")
            return
        made, secret = subscribe.subscribe(context, connection, utc_now())
    except IntegrationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made.text or 'Subscribed.'} {made.url}")
    if secret:
        click.echo(f"Its secret, shown only now, is to be set: {secret}")
    elif scheduler.connection.secret_kept:
        click.echo("Its secret is kept in the database, sealed. Web and worker begin again with it now.")


@click.command("connect")
@click.argument("connection")
@click.option("--preview", "only_preview", is_flag=True, help="Show what would be sent; nothing is stored.")
def connect_command(connection: str, only_preview: bool) -> None:
    """Read a scheduler for the first time: what exists is known then, and never written to."""
    context, now = the_context(), utc_now()
    if not scheduler_of(connection).readable:
        raise click.ClickException(f"{connection} has no API key: what comes by webhook from now on is new.")
    try:
        if only_preview:
            _show(context, connection, now)
        else:
            prepare(context, now)
            click.echo(f"{connection}: {reconcile.reconcile(context, connection, now)} bookings read.")
    except IntegrationError as error:
        raise click.ClickException(str(error)) from error


def _show(context: Context, connection: str, now: datetime) -> None:
    if not migrate.is_current(context.db):
        raise click.ClickException("Run first: flask --app app migrate")
    for line in _in_words(context, connection, preview.preview(context, connection, now)):
        click.echo(line)
    click.echo("Nothing was stored or sent.")


def _in_words(context: Context, connection: str, shown: preview.Preview) -> Iterator[str]:
    scheduler = context.schedulers[connection]
    more = ", and there are more" if shown.cut else ""
    yield f"{connection} ({scheduler.label}): {shown.read} bookings{more}."
    yield f"Made before the connection, never written to: {shown.earlier}."
    yield f"Visits that are over: {shown.over}. Not readable: {shown.failed}."
    yield "What would go out from now on:" if shown.messages else "No message would go out."
    for each in shown.messages:
        start, due = (at.astimezone(context.zone()) for at in (each.start, each.due_at))
        yield f"  {due:%Y-%m-%d %H:%M}  {each.purpose}  (visit {start:%Y-%m-%d %H:%M})"
    if scheduler.onlookers:
        yield f"Written onto bookings: {shown.notes}. To know: {scheduler.onlookers}"
