"""Whether a password stands in a list of breached ones that the clinic keeps; nobody outside is asked.

The list is that of Have I Been Pwned, "ordered by hash": lines of a SHA-1 in capitals, `:` and a number.
https://haveibeenpwned.com/Passwords
"""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO


def holds(path: Path, password: str) -> bool:
    """True for a password in the list; raises OSError where the list cannot be read."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        low, high = 0, file.seek(0, os.SEEK_END)
        while low < high:
            middle = (low + high) // 2
            if _line_after(file, middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return _line_after(file, low) == wanted


def _line_after(file: BinaryIO, at: int) -> bytes:
    """The hash of the first line that begins at a place of the file or after it; at its end a high one."""
    file.seek(max(at - 1, 0))
    if at:
        file.readline()
    return file.readline().partition(b":")[0].strip() or b"\xff"
