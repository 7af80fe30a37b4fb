"""Variables of the environment, read one by one: each is checked, and every problem is kept."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values

from schemas.notions.words import Translatable
from settings.clinic_toml import CLOCK, ZONE, clock, is_zone
from settings.values import SettingsError

ROOT = Path(__file__).parent.parent
ZONE_DEFAULT = "America/New_York"
NEAR = 0.9  # how alike two names are that one slip of the pen makes ...
AKIN = 0.75  # ... and where the beginning says already that it is ours
WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)


class Variables:
    """Read one by one; `problems` collects what is wrong with them, in sentences.

    While a clinic is set up in the browser, what that still has to give is `missing` and no problem.
    """

    def __init__(self, environ: Mapping[str, str], *, setup: bool = False) -> None:
        self.environ = environ
        self.setup = setup
        self.problems: list[str] = []
        self.missing: list[str] = []
        self.asked: set[str] = set()

    def unread(self, prefixes: tuple[str, ...]) -> Iterator[Translatable]:
        """Yield a sentence for each variable that looks like ours and that nothing reads."""
        for name in sorted(self.environ.keys() - self.asked):
            ours = name.startswith(prefixes)
            near = get_close_matches(name, self.asked, n=1, cutoff=AKIN if ours else NEAR)
            if ours or near:
                yield (
                    Translatable("{name} is read by nothing: is {other} meant?", name=name, other=near[0])
                    if near
                    else Translatable("{name} is read by nothing.", name=name)
                )

    def text(self, name: str, default: str = "") -> str:
        """The value without spaces around it, or the default."""
        self.asked.add(name)
        return self.environ.get(name, "").strip() or default

    def need(self, name: str, what: str) -> str:
        """A value that must be there; `what` says what it is for."""
        value = self.text(name)
        if not value:
            self.problems.append(f"{name} is not set: {what}")
        return value

    def need_from_setup(self, name: str, what: str) -> str:
        """A value that must be there once the clinic is set up."""
        value = self.text(name)
        if not value:
            line = Translatable("{name} is not set: {what}", name=name, what=Translatable(what))
            (self.missing if self.setup else self.problems).append(line)
        return value

    def number(self, name: str, default: int, least: int = 0, most: int = 10**9) -> int:
        """A whole number in these bounds."""
        value = self.text(name)
        if not value:
            return default
        if not WHOLE.fullmatch(value) or not least <= int(value) <= most:
            self.problems.append(f"{name} must be a whole number from {least} to {most}.")
            return default
        return int(value)

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of these words, in small letters."""
        value = self.text(name, default).casefold()
        if value not in choices:
            self.problems.append(f"{name} must be one of: {', '.join(choices)}.")
            return default
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        """True for "on"."""
        return self.choice(name, ("on", "off"), "on" if default else "off") == "on"

    def zone(self, name: str, default: str) -> str:
        """The name of a time zone."""
        value = self.text(name, default)
        if not is_zone(value):
            self.problems.append(f"{name} {ZONE}.")
            return default
        return value

    def hour(self, name: str, default: time) -> time:
        """A time of day."""
        value = clock(self.text(name, default.isoformat()))
        if value is None:
            self.problems.append(f"{name} {CLOCK}.")
        return value or default

    def seconds(self, name: str, default: timedelta) -> timedelta:
        """A length of time, given in seconds."""
        return timedelta(seconds=self.number(name, int(default.total_seconds())))


SECRET = re.compile(
    r"(?:FIELD_KEYS|SECRET_KEY|DATABASE_URL|PING_URL|[A-Z0-9_]+_(?:SECRET|API_KEY|PASSWORD|TOKEN))\Z"
)
"""What a vault may hand over in a file of its own."""


def process_variables(folder: Path = ROOT) -> dict[str, str]:
    """The process's variables over files that a vault hands over, and those over `.env`."""
    own = dict(os.environ)
    handed = {name: _said(path) for name, path in _files(own).items() if SECRET.match(name)}
    plain = {name: each for name, each in own.items() if name.removesuffix("_FILE") not in handed}
    return _filed(folder) | handed | plain | {name: own[name] for name in handed if own.get(name)}


def _files(environ: Mapping[str, str]) -> dict[str, Path]:
    """By name: systemd's credentials, and what `NAME_FILE` says (secrets of Docker and Kubernetes)."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    found = {path.name: path for path in Path(folder).iterdir()} if folder and Path(folder).is_dir() else {}
    named = {name.removesuffix("_FILE"): value for name, value in environ.items() if name.endswith("_FILE")}
    return found | {name: Path(value) for name, value in named.items() if value}


def _said(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError([f"{path}: {error.strerror}"]) from error


def _filed(folder: Path) -> dict[str, str]:
    try:
        filed = dotenv_values(folder / ".env")
    except OSError as error:
        who = "it must belong to the account that runs Aftercare"
        raise SettingsError([f"{folder / '.env'}: {error.strerror}; {who}."]) from error
    return {name: value for name, value in filed.items() if value is not None}
