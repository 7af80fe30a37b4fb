"""`flask check --outside`: what others see of us. Each line says what was found, and what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import click
from flask import current_app

from handlers.context import Context
from integrations import mail_domain, outside
from integrations.base import IntegrationError, Scheduler, Unsupported
from integrations.http import Http
from schemas.notions import mail_address
from schemas.notions.host import is_here
from store import connections, migrate
from web.commands.base import see

SOON = timedelta(days=14)  # that a certificate still holds
WRONG_CLOCK = timedelta(minutes=2)
ONLY_POST = 405  # what our address for webhooks answers to a GET


class Kind(StrEnum):
    """What became of one look."""

    good = "ok"
    fix = "FIX"
    unseen = "?"


@dataclass(frozen=True, slots=True)
class Line:
    """What was looked at, what was found, what to do."""

    kind: Kind
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind:<4} {self.about}: {self.text}"


def say(context: Context, now: datetime) -> None:
    """Print every line; exits with 1 for what is to be put right, with 2 when nothing could be looked at."""
    lines = [line for look in LOOKS for line in look(context, now)]
    for line in lines:
        click.echo(str(line))
    if all(line.kind is Kind.unseen for line in lines):
        click.echo(
            "Nothing could be looked at from here: run this on the server, with a way to the internet."
        )
        raise SystemExit(2)
    if any(line.kind is Kind.fix for line in lines):
        raise SystemExit(1)


def _address(context: Context, _now: datetime) -> Iterator[Line]:
    url = context.clinic.public_url
    host = urlsplit(url).hostname or ""
    if is_here(host):
        yield Line(Kind.fix, "address", f"{url} is this machine: nobody else reaches it. Set PUBLIC_URL.")
        return
    known = outside.resolves(host)
    if known is None:
        do = "Give the command again; if it stays so, see the name server of this machine (/etc/resolv.conf)."
        yield Line(Kind.unseen, "address", f"{host} not looked at: no name server answers here. {do}")
        return
    if not known:
        yield Line(Kind.fix, "address", f"{host} has no address. Point the name at this server, in your DNS.")
        return
    if outside.is_ours(Http(), url):
        yield Line(Kind.good, "address", f"{url} leads here, as seen from this machine.")
    else:
        do = "Start web and the proxy (deploy/Caddyfile), and open ports 80 and 443."
        yield Line(Kind.fix, "address", f"{url}/healthz does not answer. {do}")
    yield _from_outside(url)


def _from_outside(url: str) -> Line:
    template = current_app.config["PROBE_URL"]
    if not template:
        do = "Open it from a telephone without Wi-Fi, or set PROBE_URL."
        return Line(Kind.unseen, "address", f"not looked at from elsewhere. {do}")
    fault, _there = outside.probe(Http(), template, f"{url}/healthz")
    if fault:
        return Line(Kind.fix, "address", f"{fault} See DNS, firewall and proxy.")
    return Line(Kind.good, "address", "reached from elsewhere, by PROBE_URL.")


def _tls(context: Context, now: datetime) -> Iterator[Line]:
    parts = urlsplit(context.clinic.public_url)
    if parts.scheme != "https":
        yield Line(
            Kind.fix, "TLS", "PUBLIC_URL begins with http://. Put a proxy with TLS in front (docs/deploy.md)."
        )
        return
    try:
        ends = outside.certificate(parts.hostname or "", parts.port or 443)
    except outside.Unsound as error:
        early = "not yet valid" in str(error)
        do = "See the clock of this machine first." if early else "Renew it at the proxy."
        yield Line(Kind.fix, "TLS", f"the certificate is not sound ({error}). {do}")
    except (OSError, ValueError) as error:
        yield Line(
            Kind.unseen, "TLS", f"not looked at ({type(error).__name__}). See the address above first."
        )
    else:
        left = ends - now
        text = f"the certificate holds until {ends:%Y-%m-%d}"
        if left < SOON:
            yield Line(
                Kind.fix, "TLS", f"{text}, {left.days} days. The proxy should have renewed it: see its log."
            )
        else:
            yield Line(Kind.good, "TLS", f"{text}.")


def _mail(context: Context, _now: datetime) -> Iterator[Line]:
    found = mail_address.read_named(context.clinic.email)
    domain = (found[1] if found else context.clinic.email).rpartition("@")[2]
    try:
        records = mail_domain.look(domain)
    except mail_domain.NoAnswer as error:
        yield Line(
            Kind.unseen, "mail", f"{domain} not looked at ({error}). See the name server of this machine."
        )
        return
    yield _spf(domain, records)
    yield _dkim(domain, records)
    yield _dmarc(domain, records)


def _spf(domain: str, records: mail_domain.Records) -> Line:
    if records.spf_count > 1:
        return Line(
            Kind.fix, "SPF", f"{domain} has {records.spf_count} SPF records, so none counts. Keep one."
        )
    if not records.spf:
        do = "Add the TXT record that your mail provider gives you (v=spf1 …)."
        return Line(Kind.fix, "SPF", f"{domain} does not say who sends for it. {do}")
    return Line(Kind.good, "SPF", f"{domain} says who sends for it: {records.spf[:120]}")


def _dkim(domain: str, records: mail_domain.Records) -> Line:
    if records.dkim:
        return Line(Kind.good, "DKIM", f"{domain} has a key, at {records.dkim}._domainkey.")
    do = "Look for dkim=pass in the source of a mail that came; without it, switch DKIM on at your provider."
    return Line(Kind.unseen, "DKIM", f"no key under the usual names. {do}")


def _dmarc(domain: str, records: mail_domain.Records) -> Line:
    if not records.dmarc:
        do = f'Add a TXT record at _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:you@{domain}".'
        return Line(Kind.fix, "DMARC", f"{domain} has no policy, which large providers ask for. {do}")
    return Line(Kind.good, "DMARC", f"{domain} has a policy: {records.dmarc[:120]}")


def _webhooks(context: Context, now: datetime) -> Iterator[Line]:
    for name, scheduler in context.schedulers.items():
        if not scheduler.has_webhooks:
            yield _last_read(context, scheduler, name, now)
            continue
        about = f"webhook {name}"
        yield _way_in(about, scheduler)
        yield _subscription(about, name, scheduler)
        yield _heard(context, about, name, now)


def _last_read(context: Context, scheduler: Scheduler, name: str, now: datetime) -> Line:
    about, row = f"scheduler {name}", _row(context, name)
    if row is None or row.last_read_at is None:
        text = f"{scheduler.label} has no webhooks, and was not read yet."
        return Line(Kind.unseen, about, f"{text} Start the worker, or run: flask --app app reconcile {name}")
    minutes = (now - row.last_read_at) // timedelta(minutes=1)
    text = f"{scheduler.label} has no webhooks; it was last read {minutes} minutes ago."
    return Line(Kind.good, about, text)


def _row(context: Context, name: str) -> Any:
    """What we know of a connection; None before the first migration."""
    if not migrate.is_current(context.db):
        return None
    with context.db.read() as tx:
        return connections.get(tx, name)


def _way_in(about: str, scheduler: Scheduler) -> Line:
    url = scheduler.connection.webhook_url
    try:
        status = outside.status_of(Http(), url)
    except OSError as error:  # as requests' own errors are
        return Line(
            Kind.unseen, about, f"{url} does not answer ({type(error).__name__}). See the address above."
        )
    if status != ONLY_POST:
        return Line(
            Kind.fix, about, f"{url} answers {status}, so it does not lead here. See the proxy's paths."
        )
    return Line(Kind.good, about, f"{url} leads to our webhooks.")


def _subscription(about: str, name: str, scheduler: Scheduler) -> Line:
    try:
        there = scheduler.is_subscribed()
    except Unsupported as error:
        return Line(Kind.unseen, about, f"{error} Look for it there.")
    except IntegrationError as error:
        return Line(Kind.unseen, about, f"{scheduler.label} could not be asked: {error} {see(error, name)}")
    if there:
        return Line(Kind.good, about, f"{scheduler.label} has it, switched on.")
    return Line(Kind.fix, about, f"{scheduler.label} does not have it. Run: flask --app app register {name}")


def _heard(context: Context, about: str, name: str, now: datetime) -> Line:
    row = _row(context, name)
    if row is None or row.last_receipt_at is None:
        return Line(
            Kind.unseen, about, "none came yet. Book a visit for yourself at the scheduler, then look again."
        )
    hours = (now - row.last_receipt_at) // timedelta(hours=1)
    return Line(Kind.good, about, f"the last one came {hours} hours ago.")


def _clock(_context: Context, now: datetime) -> Iterator[Line]:
    try:
        there = outside.world_clock()
    except (OSError, ValueError, OverflowError) as error:
        do = "Compare it with a telephone; timedatectl says whether it is kept right."
        yield Line(Kind.unseen, "clock", f"no time server answers ({type(error).__name__}). {do}")
        return
    off = abs(there - now)
    if off > WRONG_CLOCK:
        do = "Set it: timedatectl set-ntp true."
        yield Line(Kind.fix, "clock", f"it is {off // timedelta(seconds=1)} seconds wrong. {do}")
    else:
        yield Line(Kind.good, "clock", f"{off.total_seconds():.1f} seconds from the world's time.")


LOOKS: tuple[Callable[[Context, datetime], Iterator[Line]], ...] = (_address, _tls, _mail, _webhooks, _clock)
