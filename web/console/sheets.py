"""Files to keep: tables as CSV that no spreadsheet can be tricked by, and paper."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

RISKY = tuple("=+-@|%\t\r＝＋－＠｜％")


def neutral(cell: object) -> str:
    """The cell as text; one that a spreadsheet could run as a formula gets a quote mark in front."""
    text = str("" if cell is None else cell).replace("\x00", "")
    bare = text.lstrip(" \n\ufeff\u00a0")
    return f"'{text}" if bare.startswith(RISKY) or text.startswith(RISKY) else text


def csv_file(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A file to keep: every cell quoted and neutralised, UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def pdf_file(name: str, data: bytes) -> Response:
    """Paper, shown in the browser."""
    response = Response(data, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
