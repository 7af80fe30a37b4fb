"""Logs: one line of JSON each, with ids only."""

import json
import logging
import sys
from datetime import UTC, datetime

from schemas import trace

EXTRA = (
    *("lane", "receipt", "delivery", "booking", "connection", "status", "purpose", "reason", "error"),
    *("seconds", "count", "method", "route", "code", "milliseconds", "rule"),
)


class JsonLine(logging.Formatter):
    """One JSON object a line. Of an exception only the types and places are written, never its text:
    the text may hold what a client wrote."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "at": at,
            "level": record.levelname.lower(),
            "log": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in EXTRA if hasattr(record, name)}
        if trace.current():
            line["trace"] = trace.current()
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["place"] = _places(record)
        return json.dumps(line, ensure_ascii=True, default=str)


def _places(record: logging.LogRecord) -> str:
    places = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return " > ".join(places[-6:])


def install(level: str) -> None:
    """Everything that is logged goes to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("werkzeug", "urllib3", "alembic", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
