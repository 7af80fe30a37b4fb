"""Cookies of ours: for this host alone, out of reach of scripts and of other sites."""

from flask import request
from werkzeug.wrappers import Response

from web.context import context


def secure() -> bool:
    """Return True unless the service is tried out on this very machine over plain http."""
    return context().clinic.public_url.startswith("https://")


def name(kind: str) -> str:
    """Return a cookie's name; `__Host-` binds it to this host and path, and needs Secure."""
    return f"__Host-{kind}" if secure() else kind


def value(kind: str) -> str:
    """Return what the browser sent, or ""."""
    return request.cookies.get(name(kind), "")


def put(response: Response, kind: str, text: str, seconds: int) -> None:
    """Give the browser a cookie for so many seconds."""
    response.set_cookie(
        name(kind), text, max_age=seconds, secure=secure(), httponly=True, samesite="Lax", path="/"
    )


def drop(response: Response, kind: str) -> None:
    """Take a cookie away again."""
    response.delete_cookie(name(kind), secure=secure(), httponly=True, samesite="Lax", path="/")
