"""Whether a test mail by way of the mail server that is set came: somebody pressed the button in it."""

import hashlib
from collections.abc import Mapping

from flask import current_app

from store import kept
from web.context import context

SERVER = ("SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USERNAME", "CLINIC_EMAIL")
ASKED, CAME = "setup_mail_asked", "setup_mail_came"


def came() -> bool:
    """True when a test mail by way of this very server was clicked."""
    with context().db.read() as tx:
        values = kept.variables(tx) | dict(current_app.extensions["setup"].environ)
        return kept.word(tx, CAME) == server(values)


def server(values: Mapping[str, str]) -> str:
    """Which server, account and sender; another one has to be tried again."""
    parts = [values.get(name, "") for name in SERVER]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
