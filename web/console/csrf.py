"""A request that changes something must come from a page of ours, in the same browser."""

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import abort, request

from handlers.house import House

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def token(house: House, subject: str) -> str:
    """The token of one session (or one link): useless with any other."""
    return hmac.new(house.link_key, f"csrf:{subject}".encode(), hashlib.sha256).hexdigest()


def check(house: House, subject: str) -> None:
    """Answer 400 unless the request carries the session's token and comes from our own pages."""
    given = request.form.get("csrf", "")
    right = subject and hmac.compare_digest(given.encode(), token(house, subject).encode())
    if not right or request.mimetype not in FORMS or not from_here(house):
        abort(400)
    if any("\0" in value for name, value in request.form.items(multi=True) if name != "password"):
        abort(400)  # PostgreSQL keeps no such text


def from_here(house: House) -> bool:
    """True when the browser says nothing else: it names the origin of whoever sends a form."""
    # A page with Referrer-Policy no-referrer sends "null": then the token and Sec-Fetch-Site decide.
    origin = request.headers.get("Origin", "null")
    if origin not in ("null", _origin(house.clinic.public_url)):
        return False
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
