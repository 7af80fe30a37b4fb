"""Text messages in: a client who writes STOP gets no more texts."""

from flask import Blueprint, Response, request

from integrations.base import InvalidSignature
from integrations.channels import sms
from schemas.delivery import Channel
from store import clients
from web.context import context, utc_now

blueprint = Blueprint("texts", __name__)
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@blueprint.post("/texts")
def receive() -> Response:
    """Answer the text-message service; only STOP has an effect."""
    sender = context().senders.get(Channel.sms)
    if not isinstance(sender, sms.Sms):
        return Response(status=404)
    values = request.form.to_dict()
    try:
        url = f"{context().clinic.public_url}/texts"
        sms.verify(sender.token, url, values, request.headers.get("X-Twilio-Signature", ""))
    except InvalidSignature:
        return Response(status=401)
    if sms.wants_stop(values.get("Body", "")):
        with context().db.begin() as tx:
            clients.stop_texts(tx, sms.number(values.get("From", "")), utc_now())
    return Response(EMPTY, mimetype="text/xml")
