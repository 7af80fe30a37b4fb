"""A request that changes something must come from a page of ours, in the same browser."""

import hashlib
import hmac

from flask import abort, request

from handlers.house import House
from web.security import from_here

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def token(house: House, subject: str) -> str:
    """The token of one session (or one link): useless with any other."""
    return hmac.new(house.link_key, f"csrf:{subject}".encode(), hashlib.sha256).hexdigest()


def check(house: House, subject: str) -> None:
    """Answer 400 unless the request carries the session's token and comes from our own pages."""
    given = request.form.get("csrf", "")
    right = subject and hmac.compare_digest(given.encode(), token(house, subject).encode())
    if not right or request.mimetype not in FORMS or not from_here():
        abort(400)
    if any("\0" in value for name, value in request.form.items(multi=True) if name != "password"):
        abort(400)  # PostgreSQL keeps no such text
