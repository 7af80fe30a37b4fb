"""Mail: the server that sends for the clinic, and a test mail that must arrive and be clicked."""

import hmac
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any
from urllib.parse import urlsplit

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from handlers.context import Context
from integrations.base import IntegrationError
from integrations.channels.email import Smtp, advice, refuses_password
from schemas.delivery import Channel
from schemas.notions import mail_address
from schemas.staff import Role
from store import audit
from store import kept as stored
from web.console.gate import ANYBODY, allowed, me, now
from web.console.view import open_page, say
from web.context import context
from web.mail_tried import ASKED, CAME, came, server
from web.security import wrong_link
from web.setup import desk
from web.setup.fields import ADDRESS, MAIL, TO
from web.setup.pages import blueprint, go_on, kept, lacking, step, typed, unconfirmed

GOOD_FOR = timedelta(hours=1)
PLACE = ("SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY")
AGAIN = "Type the password again: the one of before belongs to another server."


@blueprint.get("/setup/<token>/mail")
@blueprint.get("/console/setup/mail")
@allowed(Role.manager)
def mail() -> Response:
    """The mail server, and whether a test mail came."""
    return _page(desk.values(), {})


@blueprint.post("/setup/<token>/mail/save")
@blueprint.post("/console/setup/mail/save")
@allowed(Role.manager)
def save_mail() -> AnyResponse:
    """Keep it once the server lets us in."""
    given = typed(MAIL)
    if not_me := unconfirmed():
        return _page(desk.values() | given, {}, status=not_me[1], error=not_me[0])
    wrong, rest = desk.wrong(MAIL, given)
    wrong |= lacking(MAIL, given) | _of_another_server(given)
    if wrong or rest:
        return _page(desk.values() | given, wrong, rest, 422)
    refused = _sign_in(desk.values() | given)
    if refused:
        return _page(desk.values() | given, refused, status=422)
    kept(given)
    return go_on("mail", _anchor="test")


def _of_another_server(given: dict[str, str]) -> dict[str, str]:
    """A password that is kept goes to the server that it was typed for, and to no other."""
    before = desk.values()
    moved = any(given.get(name, before.get(name, "")) != before.get(name, "") for name in PLACE)
    keeps = "SMTP_PASSWORD" not in given and before.get("SMTP_PASSWORD")
    return {"SMTP_PASSWORD": AGAIN} if moved and keeps else {}


def _sign_in(values: dict[str, str]) -> dict[str, str]:
    """What to do about a server that does not let us in, by the field; nothing where it does."""
    security = values.get("SMTP_SECURITY") or "starttls"
    port = int(values.get("SMTP_PORT") or (465 if security == "tls" else 587))
    who = (values.get("SMTP_USERNAME", ""), values.get("SMTP_PASSWORD", ""))
    try:
        Smtp(values.get("SMTP_HOST", ""), port, security, *who).check()
    except IntegrationError as error:
        return {"SMTP_PASSWORD" if refuses_password(error) else "SMTP_HOST": advice(error)}
    return {}


def _page(
    shown: dict[str, str],
    wrong: dict[str, str],
    rest: Any = (),
    status: int = 200,
    said: str = "",
    error: str = "",
) -> Response:
    fields = [
        replace(each, choices={key: say()(text) for key, text in each.choices.items()}) for each in MAIL
    ]
    with context().db.read() as tx:
        sent = stored.word(tx, ASKED)
    return step(
        "mail",
        status,
        fields=fields,
        shown={"SMTP_SECURITY": "starttls"} | shown,
        wrong=wrong,
        rest=rest,
        fixed=desk.is_fixed,
        has={each.name for each in MAIL if each.sealed and desk.values().get(each.name)},
        to_field=TO,
        ready=bool(desk.values().get("SMTP_HOST")),
        sent=bool(sent),
        came=came(),
        to=request.form.get("to", "")[:320] or me().email,
        said=said,
        at="my_password" if error else "",
        error=error,
    )


@blueprint.post("/setup/<token>/mail/test")
@blueprint.post("/console/setup/mail/test")
@allowed(Role.manager)
def send_test() -> AnyResponse:
    """Send the test mail."""
    to = mail_address.read(request.form.get("to", "").strip()[:320])
    if not to:
        return _page(desk.values(), {"to": ADDRESS}, status=422)
    code = secrets.token_urlsafe(24)
    try:
        ours = desk.desk().rebuilt()
        ours.senders[Channel.email].send(_message(ours, to, code))
    except IntegrationError as error:
        return _page(desk.values(), {}, status=422, said=advice(error))
    until = (now() + GOOD_FOR).isoformat()
    with context().db.begin() as tx:
        stored.put(tx, {ASKED: f"{_digest(code)} {until} {server(desk.values())}", CAME: ""}, now())
        audit.add(tx, me().name, "test_mail", "setup", now())
    return go_on("mail", _anchor="test")


def _message(ours: Context, to: str, code: str) -> EmailMessage:
    t, message = say(), EmailMessage()
    url = f"{context().clinic.public_url}{url_for('console_setup.arrived', code=code)}"
    message["Subject"] = t("Test mail of {clinic}", clinic=ours.clinic.name)
    name, sender = mail_address.read_named(ours.clinic.email) or ("", "")
    message["From"] = mail_address.mailbox(sender, name or ours.clinic.name)
    message["To"] = mail_address.mailbox(to)
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=urlsplit(ours.clinic.public_url).hostname)
    message["X-Aftercare-Kind"] = "test"
    message.set_content(
        t("This mail came, so mail works. Open this page and press the button:") + f"\n\n{url}\n"
    )
    return message


@blueprint.get("/setup/mail/<code>")
@allowed(ANYBODY)
def arrived(code: str) -> Response:
    """The page behind the test mail: a button, which no scanner of mails presses."""
    _require_asked(code)
    return open_page("setup_arrived")


@blueprint.post("/setup/mail/<code>")
@allowed(ANYBODY)
def confirm_arrived(code: str) -> AnyResponse:
    """It came."""
    server = _require_asked(code)
    with context().db.begin() as tx:
        stored.put(tx, {CAME: server}, now())
    return redirect(url_for("console_setup.arrived", code=code, came=1), 303)


def _require_asked(code: str) -> str:
    with context().db.read() as tx:
        digest, until, server = (stored.word(tx, ASKED) or " 1970-01-01T00:00:00+00:00 ").split(" ")
    same = hmac.compare_digest(digest.encode(), _digest(code).encode())
    if not same or now() > datetime.fromisoformat(until):
        wrong_link()
    return server


def _digest(code: str) -> str:
    return context().mac(f"test-mail:{code}").hex()
