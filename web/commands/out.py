"""Commands that give something out: a QR code, an export."""

import json
from pathlib import Path

import click

from handlers import links
from handlers.clients import export
from handlers.links import LinkPurpose
from render.paper import qr
from store import audit, bookings
from web.commands.base import BY, note_command
from web.context import context as the_context
from web.context import utc_now


@click.command("qr")
@click.argument("booking", type=int)
@click.argument("file", type=click.Path(dir_okay=False, writable=True), default="")
def qr_command(booking: int, file: str) -> None:
    """The client's intake link as a QR code for the door: an SVG file, or the link on the screen."""
    context, now = the_context(), utc_now()
    with context.db.begin() as tx:
        thread = bookings.get(tx, booking)
        if thread is None:
            raise click.BadParameter(f"there is no booking {booking}")
        until = thread.end + links.AFTER_VISIT
        note_command(tx, "qr", now)
        url = links.issue(tx, context, LinkPurpose.intake, thread.id, now, until)
    if file:
        Path(file).write_text(qr.svg(url), encoding="utf-8")
    click.echo(file or url)


@click.command("export")
@click.argument("booking", type=int)
@click.option("--fhir", is_flag=True, required=True, expose_value=False, help="As FHIR R4.")
def export_command(booking: int) -> None:
    """Questionnaire, answers and plan of a booking, on standard output; written into the audit log."""
    context, now = the_context(), utc_now()
    with context.db.begin() as tx:
        bundle = export.fhir_bundle(tx, context, booking)
        if bundle is None:
            raise click.BadParameter(f"booking {booking} has no intake")
        audit.add(tx, BY, "export_fhir", f"booking:{booking}", now)
    click.echo(json.dumps(bundle, ensure_ascii=False, indent=1))
