"""The one place that runs typst: fonts built once, no system fonts, no files of the machine in reach."""

import json
import tempfile
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import fontpkg_noto_sans
import fontpkg_noto_sans_arabic

if TYPE_CHECKING:
    import typst

Format = Literal["pdf", "png"]
FAMILIES = ("Noto Sans", "Noto Sans Arabic", "DejaVu Sans Mono")
"""The last comes with typst and draws arrows, dots and boxes that the others lack."""


@cache
def _fonts() -> "typst.Fonts":
    import typst

    folders = [str(package.ROOT / "files") for package in (fontpkg_noto_sans, fontpkg_noto_sans_arabic)]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=folders)


def press(
    template: bytes,
    data: Mapping[str, Any],
    files: Mapping[str, bytes],
    *,
    pictures: Mapping[str, bytes] | None = None,
    format: Format = "pdf",
    standard: Literal["ua-1"] | None = None,
    when: date | None = None,
) -> bytes:
    """Typeset `template` with `data` (as data.json) and `files`; raises `typst.TypstError`.

    `when` is the creation date in the PDF: the same input then gives the same bytes. `pictures` are files
    that are no text, under the root: a template reads them as "/name".
    """
    import typst  # seven megabytes, which whoever prints nothing does without

    whole: Any = {"main": template, "data.json": json.dumps(data, ensure_ascii=False).encode(), **files}
    # An empty folder as root: a template can then read nothing but what it is handed. A new one each time,
    # since a machine that tidies its temporary files would take a lasting one away.
    with tempfile.TemporaryDirectory(prefix="aftercare-empty-") as root:
        for name, data_of in (pictures or {}).items():
            (Path(root) / name).write_bytes(data_of)
        made = typst.compile(
            whole,
            root=root,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format=format,
            ppi=72 if format == "png" else None,
            pdf_standards=[standard] if standard else [],
            timestamp=_seconds(when),
        )
    if not isinstance(made, bytes):
        raise TypeError("a picture must have one page")
    return made


def _seconds(when: date | None) -> int | None:
    """Midnight UTC of the day, in seconds since 1970."""
    return None if when is None else (when - date(1970, 1, 1)).days * 86400


def template(name: str) -> bytes:
    """A typst template of this room."""
    return (Path(__file__).parent / "templates" / name).read_bytes()
