"""Changes to a decoded body, by the path to a field: `payload.attendees.0.email`."""

from collections.abc import Callable
from typing import Any

Edit = Callable[[Any], None]


def _parent(body: Any, path: str) -> tuple[Any, Any]:
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in way:
        body = body[step]
    return body, last


def change(path: str, make: Callable[[Any], Any]) -> Edit:
    """Make another value of what stands there."""

    def edit(body: Any) -> None:
        inner, last = _parent(body, path)
        inner[last] = make(inner[last])

    return edit


def put(path: str, value: Any) -> Edit:
    """Put a value there."""

    def edit(body: Any) -> None:
        inner, last = _parent(body, path)
        inner[last] = value

    return edit


def drop(path: str) -> Edit:
    """Leave a field out."""

    def edit(body: Any) -> None:
        inner, last = _parent(body, path)
        inner.pop(last, None)

    return edit


def rename(path: str, name: str) -> Edit:
    """Call a field otherwise."""

    def edit(body: Any) -> None:
        inner, last = _parent(body, path)
        inner[name] = inner.pop(last)

    return edit


def all_of(*edits: Edit) -> Edit:
    """Several changes, one after the other."""

    def edit(body: Any) -> None:
        for each in edits:
            each(body)

    return edit
