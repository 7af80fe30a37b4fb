"""Numbers in addresses: ASCII digits that a column of the database can hold."""

import re
from typing import Any

from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1
DIGITS = "[0-9]{1,19}"


class Number(IntegerConverter):
    """`<int:...>` of a route; anything else is an address that does not exist."""

    regex = DIGITS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": LARGEST} | options)


def number(text: str) -> int:
    """A number in a query; raises ValueError, for which the usual one stands."""
    if not re.fullmatch(DIGITS, text) or int(text) > LARGEST:
        raise ValueError
    return int(text)
