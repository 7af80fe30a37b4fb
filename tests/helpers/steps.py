"""The work of SQLite, counted: the same on every machine."""

import sqlite3
from typing import Any

import sqlalchemy as sa

from handlers.context import Context


class Steps:
    """What SQLite does, counted in instructions of its machine, `each` at a time, and in statements."""

    def __init__(self, context: Context, each: int) -> None:
        self.done, self.statements, self._each = 0, 0, each
        sa.event.listen(context.db.engine, "checkout", self._watch)
        sa.event.listen(context.db.engine, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self.statements += 1

    def _watch(self, dbapi: sqlite3.Connection, *_: Any) -> None:
        dbapi.set_progress_handler(self._note, self._each)

    def _note(self) -> int:
        self.done += self._each
        return 0
