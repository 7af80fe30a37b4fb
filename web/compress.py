"""Answers to clients travel compressed; a proxy in front may do it as well, and then need not.

Pages behind a sign-in stay as they are: an attacker who can have them asked for, with words of their own
beside a secret, could read the secret off their length (BREACH). A client's page has no cookie and its
address is the secret, so that nobody else can have it asked for.
"""

import gzip

from flask import Flask, Response, request

KINDS = ("text/html", "text/css", "text/javascript", "image/svg+xml", "text/calendar")
PRIVATE = "/console"
LEAST = 600  # bytes: what is smaller fits into one packet anyhow
LEVEL = 6


def install(app: Flask) -> None:
    """Compress what is worth it, for whoever can read it."""

    @app.after_request
    def compress(response: Response) -> Response:
        """Leave alone what is private, encoded, empty, small or not text."""
        if not _worth(response):
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] <= 0:
            return response
        response.direct_passthrough = False
        response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.pop("Accept-Ranges", None)
        if "ETag" in response.headers:  # the bytes are others: the mark of the plain ones holds no more
            response.set_etag(response.get_etag()[0] or "", weak=True)
        return response


def _worth(response: Response) -> bool:
    if response.status_code != 200 or request.path.startswith(PRIVATE) or request.method == "HEAD":
        return False
    if response.mimetype not in KINDS or "Content-Encoding" in response.headers:
        return False
    return (response.content_length or LEAST) >= LEAST
