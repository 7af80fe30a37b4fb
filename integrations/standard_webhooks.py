"""The signature of Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks."""

import re
from binascii import Error as Base64Error
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from integrations.base import InvalidSignature
from integrations.signing import header, require_any, require_fresh, shaped, unix_seconds
from schemas.webhook import Inbound

PREFIX = "whsec_"
MOST_ENTRIES = 20
ID = re.compile(r"[\x21-\x7e]{1,256}\Z", re.ASCII)
ENTRY = re.compile(r"v1,[A-Za-z0-9+/]{43}=\Z", re.ASCII)


def signatures(secret: str, message_id: str, seconds: str, body: bytes) -> list[str]:
    """The one signature entry under this secret; none when the secret or the body is unusable."""
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
        return (
            [Webhook(secret).sign(message_id, at, body.decode("utf-8"))] if secret.startswith(PREFIX) else []
        )
    except (EmptyWebhookSecretError, Base64Error, ValueError):
        return []


def verify(secrets: Sequence[str], inbound: Inbound) -> None:
    """Raise InvalidSignature unless one of the secrets signed it; WrongClock outside of 300 seconds."""
    message_id = shaped(inbound, "webhook-id", ID)
    seconds = unix_seconds(header(inbound, "webhook-timestamp"))
    given = header(inbound, "webhook-signature")
    entries = [each for each in given.split(" ") if each]
    # An entry of another version or kind is left alone. A comma at an end: two headers were made one.
    joined = any(each.endswith(",") for each in entries)
    if joined or given != given.strip(" ") or len(entries) > MOST_ENTRIES:
        raise InvalidSignature("The header webhook-signature is not well formed.")
    ours = [each for each in entries if ENTRY.match(each)]
    expected = [s for each in secrets for s in signatures(each, message_id, seconds, inbound.body)]
    require_any(ours, expected)
    require_fresh(seconds, inbound.received_at)
