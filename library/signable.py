"""Which files of the content somebody may sign: each by its name, with the SHA-256 of its bytes."""

import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from library.reading import SHIPPED

NOT_CONTENT = ("clinic.toml", "crisis.toml", "glossary.toml", "originals.toml")
"""Settings, and what is for translators alone."""
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-\w+)?", re.ASCII)


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that may be signed, by its name below the folder."""
    return {file: sha256(path.read_bytes()).hexdigest() for file, path in sorted(_files(folder).items())}


def text_of(folder: Path, file: str) -> str | None:
    """Return what stands in a file that may be signed, or None for any other name."""
    return texts_of(folder, [file]).get(file)


def texts_of(folder: Path, files: Iterable[str]) -> dict[str, str]:
    """Return what stands in those of these files that may be signed, by name."""
    paths = _files(folder)
    return {
        file: paths[file].read_bytes().decode("utf-8", errors="replace") for file in files if file in paths
    }


def language_of(file: str) -> str:
    """Return the language of a file; what every translation is laid over is English.

    >>> [language_of(name) for name in ("es/pages.toml", "mail/es.toml", "rules/flags.toml")]
    ['es', 'es', 'en']
    """
    first, _, rest = file.partition("/")
    if first == "mail":
        return rest.removesuffix(".toml")
    return first if rest and LANGUAGE.fullmatch(first) else "en"


def _files(folder: Path) -> dict[str, Path]:
    """The folder's own files, and those that come with Aftercare where the folder lacks one."""
    shipped = (*SHIPPED.glob("*.toml"), *SHIPPED.glob("rules/*.toml"))
    found = {_name(path, SHIPPED): path for path in shipped}
    found |= {_name(path, folder): path for path in folder.rglob("[!.]*.toml")}
    return {name: path for name, path in found.items() if path.name not in NOT_CONTENT}


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
