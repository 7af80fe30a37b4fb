"""Text messages in: a client who writes STOP gets no more texts."""

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, request

from handlers.house import House
from integrations.base import InvalidSignature
from integrations.channels import sms
from schemas.delivery import Channel
from store import clients

blueprint = Blueprint("texts", __name__)
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@blueprint.post("/texts")
def receive() -> Response:
    """Answer the text-message service; only STOP has an effect."""
    house: House = current_app.extensions["aftercare"]
    sender = house.senders.get(Channel.sms)
    if not isinstance(sender, sms.Sms):
        return Response(status=404)
    values = request.form.to_dict()
    try:
        url = f"{house.clinic.public_url}/texts"
        sms.verify(sender.token, url, values, request.headers.get("X-Twilio-Signature", ""))
    except InvalidSignature:
        return Response(status=401)
    if sms.wants_stop(values.get("Body", "")):
        with house.db.begin() as tx:
            clients.stop_texts(tx, sms.number(values.get("From", "")), datetime.now(UTC))
    return Response(EMPTY, mimetype="text/xml")
