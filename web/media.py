"""Sends the photo or clip of an own exercise, to whoever may see the plan it stands in."""

from flask import Response, request

from schemas.media import Media

LOCKED = "default-src 'none'; sandbox"


def answer(media: Media) -> Response:
    """The bytes, or the part that was asked for (phones play a clip in parts); never run, never kept."""
    response = Response(media.data, content_type=media.kind)
    response.headers["Content-Security-Policy"] = LOCKED
    response.headers["Content-Disposition"] = "inline"
    response.make_conditional(request, accept_ranges=True, complete_length=len(media.data))
    return response
