"""Text messages in: a client who writes STOP gets no more texts, until they write START.

Any other text waits for a person at the clinic.
"""

from secrets import token_hex

from flask import Blueprint, Response, request

from handlers import texts
from handlers.clients import contacts
from integrations.base import InvalidSignature
from integrations.channels import sms
from schemas.delivery import Channel
from web.context import context, utc_now

blueprint = Blueprint("texts", __name__)
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@blueprint.post("/texts")
def receive() -> Response:
    """Answer the text-message service; nothing is answered to the client."""
    sender = context().senders.get(Channel.sms)
    if not isinstance(sender, sms.Sms):
        return Response(status=404)
    values = request.form.to_dict()
    try:
        url = f"{context().clinic.public_url}/texts"
        sms.verify(sender.token, url, values, request.headers.get("X-Twilio-Signature", ""))
    except InvalidSignature:
        return Response(status=401)
    said, number = values.get("Body", ""), values.get("From", "")
    known = values.get("OptOutType", "").upper()  # what Twilio's Advanced Opt-Out made of it
    with context().db.begin() as tx:
        if known == "STOP" or sms.wants_stop(said):
            contacts.stop(tx, context(), Channel.sms, number, "text", utc_now())
        elif known == "START" or sms.wants_start(said):
            contacts.start(tx, context(), Channel.sms, number, utc_now())
        else:
            texts.receive(tx, context(), values.get("MessageSid") or token_hex(), number, said, utc_now())
    return Response(EMPTY, mimetype="text/xml")
