"""The bare address: says whose service this is, and where to go."""

from flask import Blueprint, Response, make_response, render_template, request

from web import language

blueprint = Blueprint("front", __name__)


@blueprint.get("/")
def front() -> Response:
    """Clients come by their own links; staff sign in."""
    return make_response(render_template("client/front.html", **language.shared(language.asked_for(request))))
