"""Text messages over Twilio's API, and the STOP that comes back.

https://www.twilio.com/docs/messaging/api/message-resource · https://www.twilio.com/docs/usage/security
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage

import requests

from integrations.base import IntegrationError, InvalidSignature, OutcomeUnknown
from integrations.http import Http
from schemas.message import Text

E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z", re.ASCII)
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "alto", "parar", "baja"})
NOT_REACHABLE = frozenset({21211, 21610, 21614})  # no such number; the person said STOP; not a mobile


@dataclass(frozen=True, slots=True)
class Sms:
    """One account at Twilio, or at a service that speaks like it."""

    http: Http
    account: str
    token: str = field(repr=False)
    sender: str
    api_base: str

    def send(self, message: EmailMessage | Text) -> str:
        """Hand one text to the service; returns its id. Raises `IntegrationError`."""
        assert isinstance(message, Text)
        to = number(message.to)
        if not to:
            raise IntegrationError("This is not a mobile number with its country code.", permanent=True)
        url = f"{self.api_base}/2010-04-01/Accounts/{self.account}/Messages.json"
        values = {"To": to, "From": self.sender, "Body": message.body}
        try:
            answer = self.http.request("POST", url, data=values, auth=(self.account, self.token))
        except requests.ConnectionError as error:
            raise IntegrationError("The text-message service does not answer.") from error
        except requests.RequestException as error:
            raise OutcomeUnknown("The text-message service did not answer in time.") from error
        return _result(answer)


def _result(answer: requests.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if answer.status_code in (200, 201):
        return str(body.get("sid", ""))
    code = body.get("code")
    text = f"The text-message service refused the text (status {answer.status_code}, code {code})."
    useless = code in NOT_REACHABLE or (400 <= answer.status_code < 500 and answer.status_code != 429)
    raise IntegrationError(text, permanent=useless)


def number(written: str) -> str:
    """A phone number in E.164, or "" when its country code is not known."""
    digits = re.sub(r"[\s().\-/]", "", written)
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    return digits if E164.fullmatch(digits) else ""


def verify(token: str, url: str, values: Mapping[str, str], signature: str) -> None:
    """Raise InvalidSignature unless Twilio signed this request: HMAC-SHA1 over URL and sorted fields."""
    signed = url + "".join(f"{name}{values[name]}" for name in sorted(values))
    mac = hmac.new(token.encode(), signed.encode("utf-8", "surrogateescape"), hashlib.sha1).digest()
    if not token or not hmac.compare_digest(base64.b64encode(mac), signature.encode("utf-8", "replace")):
        raise InvalidSignature("The signature does not match.")


def wants_stop(body: str) -> bool:
    """True when a text says that no more are wanted."""
    return body.strip().strip(".!").casefold() in STOP_WORDS
