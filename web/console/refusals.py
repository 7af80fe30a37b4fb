"""What a page of the console answers when it is not there, or not for whoever asks."""

from flask import Response
from werkzeug.exceptions import HTTPException

from store.vault import SealBroken
from web.console.view import page

NOT_YOURS = (
    "This page is not for you",
    "Answers, plans and flags are for practitioners; staff and the log are for managers. "
    "Whoever runs the clinic can give you the role.",
)
NOT_THERE = ("There is no such page", "It may have been erased, or the address is cut off.")
NOT_TAKEN = (
    "Nothing was done",
    "The page is from before the last sign-in in this browser, or it was cut off. Open it again, and press "
    "again.",
)
TOO_MUCH = (
    "That is too much",
    "Nothing was done. A photo may have 4 MB, a clip 16 MB, and all words of a page together 64 kB. Go back, "
    "choose a smaller file or use fewer words, and press again.",
)
NOT_OPEN = (
    "This does not open",
    "It was changed or moved in the database, or its key is no longer in FIELD_KEYS. Whoever runs Aftercare "
    "asks: flask check.",
)


def not_yours(_error: HTTPException) -> Response:
    """403 with what each role may see."""
    return page("refused", 403, title=NOT_YOURS[0], text=NOT_YOURS[1])


def not_there(_error: HTTPException) -> Response:
    """404 with a way on."""
    return page("refused", 404, title=NOT_THERE[0], text=NOT_THERE[1])


def not_taken(_error: HTTPException) -> Response:
    """400 for a form whose token is of another session, in the words of staff."""
    return page("refused", 400, title=NOT_TAKEN[0], text=NOT_TAKEN[1])


def too_much(_error: HTTPException) -> Response:
    """413 for a form that is too large, in the words of staff."""
    return page("refused", 413, title=TOO_MUCH[0], text=TOO_MUCH[1])


def not_open(_error: SealBroken) -> Response:
    """500 for what does not open."""
    return page("refused", 500, title=NOT_OPEN[0], text=NOT_OPEN[1])
