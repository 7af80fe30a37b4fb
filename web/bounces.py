"""Mail that came back, as a mail service says it: one small signed form, described in docs/webhooks.md."""

from flask import Blueprint, Response, jsonify, request

from handlers.send import bounces
from integrations.base import InvalidSignature, UnknownPayload
from schemas.webhook import Inbound
from web.context import context, utc_now

blueprint = Blueprint("bounces", __name__)


@blueprint.post("/bounces")
def receive() -> tuple[Response, int]:
    """Answer the mail service: 200 for what is genuine, whether it is about a mail of ours or not."""
    source = context().bounces
    if source is None or not source.secrets:
        return jsonify(error="No secret is set for this."), 404
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        bounce = source.hear(Inbound(headers, request.get_data(), "", utc_now()))
    except InvalidSignature:
        return jsonify(error="The signature is missing or wrong."), 401
    except UnknownPayload as error:
        return jsonify(error=str(error)), 422
    with context().db.begin() as tx:
        bounces.take_in(tx, context(), bounce, utc_now())
    return jsonify(status="ok"), 200
