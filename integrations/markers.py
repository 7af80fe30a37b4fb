"""Our lines inside a text that other people write too: between markers, and nothing else is touched."""

import re

BEGIN, END = "[aftercare]", "[/aftercare]"
_OURS = re.compile(rf"\n{{0,2}}{re.escape(BEGIN)}\n(?:(?!{re.escape(BEGIN)}).)*?{re.escape(END)}", re.DOTALL)


def block(link: str, status: str = "") -> str:
    """What stands between the markers."""
    return "\n".join(line for line in (BEGIN, status, link, END) if line)


def without(text: str) -> str:
    """The text as the others wrote it."""
    return _OURS.sub("", text)


def merge(text: str, ours: str) -> str:
    """The text with our block at its end, in place of every older one."""
    others = without(text)
    return f"{others}\n\n{ours}" if others else ours
