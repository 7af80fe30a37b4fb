"""Text messages over Twilio's API, and the STOP that comes back.

https://www.twilio.com/docs/messaging/api/message-resource · https://www.twilio.com/docs/usage/security
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import requests

from integrations.api import retry_after
from integrations.base import (
    IntegrationError,
    InvalidSignature,
    NotAsked,
    OptedOut,
    OutcomeUnknown,
)
from integrations.http import Http, Resting, was_sent
from schemas.message import Text

# The words that Twilio knows (Advanced Opt-Out, "default keywords"), what networks ask for, what people write
# in their place, and Spanish. Only a text that says nothing else is one: "stop the pain" is for the clinic.
STOP_WORDS = frozenset(
    {
        *("stop", "stop all", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "opt out"),
        *("revoke", "remove", "no more", "stop it", "stop sending", "wrong number", "not my number"),
        *("stop these", "stop the", "stop messaging", "i want to stop", "leave alone", "do not contact"),
        *("stop contacting", "stop writing", "stop bothering", "stop spamming", "please stop it"),
        *("do not message", "don t message", "dont message", "don t contact", "dont contact"),
        *("do not text", "do not text anymore", "don t text", "don t text anymore", "dont text"),
        *("do not send", "don t send", "dont send", "do not send any more", "don t send any more"),
        *("i don t want", "i dont want", "i do not want", "i don t want any more", "i do not want any more"),
        *("i no longer want", "no longer want", "take off", "remove off", "get off", "delete", "lose"),
        *("alto", "pare", "parar", "baja", "darse de baja", "cancelar", "detener", "salir", "fin"),
        *("basta", "no mas", "desuscribir", "desuscribirme", "anular", "para", "paren", "quiero parar"),
        *("detenga", "cancele", "cancela", "dar de baja", "darme de baja", "dame de baja", "deme de baja"),
        *("denme de baja", "quiero darme de baja", "quiero la baja", "de baja"),
        *("eliminar", "eliminarme", "elimineme", "eliminame", "elimine", "elimina", "eliminen", "eliminenme"),
        *("quitar", "quitarme", "quiteme", "quitame", "quite", "quita", "quiten", "quitenme"),
        *("borrar", "borrarme", "borreme", "borrame", "borre", "borra", "borren", "borrenme"),
        *("saqueme", "sacame", "saquenme", "retirar", "retirarme", "ya no", "ya no quiero"),
        *("no quiero mas", "no escriban", "no escriban mas", "no escriba mas", "no envien mas"),
        *("no manden mas", "dejen de escribir", "dejen de escribirme", "numero equivocado"),
        *("no quiero", "no quiero recibir", "no quiero recibir mas", "no envie mas", "no envien", "no envie"),
        *("no deseo", "no deseo mas", "no deseo recibir", "no deseo recibir mas", "no es numero"),
        *("no mande mas", "no manden", "no mande", "no escriba", "dejen de enviar", "dejen de enviarme"),
        *("deje de escribir", "deje de escribirme", "deje de enviar", "deje de enviarme", "desuscribirse"),
        *("dejen de mandar", "dejen de mandarme", "deje de mandar", "deje de mandarme", "dejenme en paz"),
        *("no molesten", "no molesten mas", "no moleste", "no moleste mas", "dejen de molestar"),
        *("cancelar suscripcion", "cancelar la suscripcion", "quiero dejar de recibir", "dejar de recibir"),
        *("dejen de molestarme", "deje de molestarme", "deje de molestar", "no quiero seguir recibiendo"),
        *(
            "i want to unsubscribe",
            "i want to opt out",
            "i would like to unsubscribe",
            "i d like to unsubscribe",
        ),
    }
)
START_WORDS = frozenset(
    {
        *("start", "unstop", "yes", "optin", "opt in", "resume", "subscribe"),
        *("inicio", "iniciar", "empezar", "comenzar", "alta", "reanudar", "suscribir", "suscribirme"),
        *("start again", "dar de alta", "darme de alta", "darse de alta", "empezar de nuevo"),
    }
)
AROUND = frozenset(
    {
        *("please", "pls", "now", "thanks", "thank", "you", "texts", "texting", "messages", "me", "ya"),
        *("por", "favor", "gracias", "mensajes", "textos"),
    }
)
# What is to end: "your messages", "my number from this list", "de la lista", "estos recordatorios".
_WHAT = re.compile(
    r"\b(?:(?:from|of|to|de|a) )?"
    r"(?:(?:your|the|this|these|those|any|all|my|sus?|tus?|estos?|estas?|esta|las?|los|el|mis?) )*"
    r"\b(?:texts?|messages?|msgs?|sms|(?:mailing )?lists?|number|phone|reminders?"
    r"|mensajes?|textos?|listas?|numero|telefono|celular|recordatorios?)\b"
)
OPTED_OUT = 21610
NOT_REACHABLE = frozenset({21211, 21614})  # no such number; not a mobile
LONGEST_HOLD = 120.0  # seconds
LATER = frozenset({408, 425, 429, 503})  # refused at the door: it may be sent again


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
        self._require_free()
        url = f"{self.api_base}/2010-04-01/Accounts/{self.account}/Messages.json"
        values = {"To": message.to, "From": self.sender, "Body": message.body}
        try:
            answer = self.http.request("POST", url, data=values, auth=(self.account, self.token))
        except Resting as error:
            text = "The text-message service does not answer; it is asked again in a moment."
            raise NotAsked(text, retry_after=error.seconds) from error
        except requests.RequestException as error:
            if was_sent(error):
                raise OutcomeUnknown(
                    "The text-message service got the text, and its answer was lost."
                ) from error
            raise IntegrationError("The text-message service does not answer.") from error
        wait = _wait(answer)
        if wait and answer.status_code in (429, 503):
            self.http.hold(self.account, wait)
        return _result(answer)

    def _require_free(self) -> None:
        """Raise while the service wants to be left alone: asking would prolong it."""
        seconds = self.http.held(self.account)
        if seconds > 0:
            raise NotAsked("The text-message service asked us to slow down.", retry_after=max(seconds, 1.0))


def _result(answer: requests.Response) -> str:
    body, status = _decoded(answer), answer.status_code
    if 200 <= status < 300:
        return str(body.get("sid") or "")
    code = body.get("code")
    if code == OPTED_OUT:
        raise OptedOut("This person has answered STOP: the text-message service sends them nothing.")
    text = f"The text-message service refused the text (status {status}, code {code})."
    if status >= 500 and status not in LATER:
        raise OutcomeUnknown(
            f"The text-message service failed ({status}): it is not known whether it was sent."
        )
    useless = code in NOT_REACHABLE or (400 <= status < 500 and status not in LATER)
    raise IntegrationError(text, permanent=useless, retry_after=_wait(answer))


def _wait(answer: requests.Response) -> float | None:
    """How long it wants to be left alone, within bounds: an alert may be waiting."""
    asked = retry_after(answer.headers)
    return None if asked is None else min(asked, LONGEST_HOLD)


def _decoded(answer: requests.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {}


def verify(token: str, url: str, values: Mapping[str, str], signature: str) -> None:
    """Raise InvalidSignature unless Twilio signed this request: HMAC-SHA1 over URL and sorted fields."""
    signed = url + "".join(f"{name}{values[name]}" for name in sorted(values))
    mac = hmac.new(token.encode(), signed.encode("utf-8", "surrogateescape"), hashlib.sha1).digest()
    if not token or not hmac.compare_digest(base64.b64encode(mac), signature.encode("utf-8", "replace")):
        raise InvalidSignature("The signature does not match.")


def wants_stop(body: str) -> bool:
    """True when a text says that no more are wanted, and nothing else."""
    return not STOP_WORDS.isdisjoint(_said(body))


def wants_start(body: str) -> bool:
    """True when a text says that texts are wanted again, and nothing else."""
    return not START_WORDS.isdisjoint(_said(body))


def _said(body: str) -> Iterator[str]:
    """What a short text may say: its words without accents and signs, also without courtesy and `_WHAT`."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", body[:100]) if not unicodedata.combining(c))
    whole = " ".join(re.findall(r"\w+", bare.casefold())) if len(body) <= 100 else ""
    for words in (whole.split(), _WHAT.sub(" ", whole).split()):
        for courtesy in (AROUND - {"ya"}, AROUND):
            said = [word for word in words if word not in courtesy]
            yield " ".join(said[:1] if len(set(said)) == 1 else said)  # "STOP STOP STOP" is one word
