"""Stage the documents for MkDocs in the places that they have in the repository, so that every link holds.

`make docs`: all pages, and every file that one of them links to; a link to a folder leads to its page.
"""

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
STAGED = ROOT / "build" / "docs"
PRINT = ROOT / "deploy" / "print.css"
PAGES = ("*.md", "docs/**/*.md", "content/**/*.md", "bench/*.md")
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
OUTSIDE = ("https:", "http:", "mailto:")


def as_github(text: str, separator: str) -> str:
    """The name of a heading as GitHub makes it, which our links use."""
    plain = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", separator)


def pages() -> list[Path]:
    """Every document of the repository."""
    return sorted({path for pattern in PAGES for path in ROOT.glob(pattern) if path.is_file()})


def linked(page: Path) -> Iterator[Path]:
    """The files and folders of the repository that a page links to."""
    for name, _anchor in LINK.findall(page.read_text("utf-8")):
        if not name.startswith(OUTSIDE):
            yield (page.parent / name).resolve()


def stage() -> None:
    """Copy pages and what they link to; what is no page is a file of its own there."""
    shutil.rmtree(STAGED, ignore_errors=True)
    _copy(PRINT)
    for page in pages():
        _copy(page)
        for target in linked(page):
            if target.is_file() and target.suffix != ".md":
                _copy(target)


def _copy(path: Path) -> None:
    target = STAGED / path.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".md":
        shutil.copy(path, target)
        return
    text = LINK.sub(lambda found: _to_page(path, found), path.read_text("utf-8"))
    target.write_text(text, "utf-8")


def _to_page(page: Path, found: re.Match[str]) -> str:
    """A link as MkDocs takes it: a folder is its README."""
    name, anchor = found[1], found[2] or ""
    if not name.startswith(OUTSIDE) and ((page.parent / name).resolve() / "README.md").is_file():
        name = f"{name.rstrip('/')}/README.md"
    return f"]({name}{anchor})"


def main() -> int:
    """Build the site; a broken link ends it."""
    stage()
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(ROOT / "mkdocs.yml")]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}  # an advertisement, in colours
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
