"""What is set: by the environment, which wins, or in the browser, which is kept in the database, sealed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app

from handlers.context import Context
from integrations.base import IntegrationError
from schemas.clinic import Clinic
from schemas.staff import Staff
from store import audit, kept
from web.console.gate import now
from web.context import context
from web.setup.fields import Field


@dataclass(frozen=True, slots=True)
class Desk:
    """`environ` is what the environment gives. `problems` says what changes would break, `lacks` what must be
    there before setup is done. `rebuilt` is a context of what is set at this moment; it raises
    IntegrationError.
    """

    environ: Mapping[str, str]
    problems: Callable[[Mapping[str, str]], list[str]]
    lacks: Callable[[], list[str]]
    rebuilt: Callable[[], Context]


def desk() -> Desk:
    """Return the desk of this application."""
    found: Desk = current_app.extensions["setup"]
    return found


def clinic() -> Clinic:
    """The clinic as it is set at this moment; as at the start where that does not hold together."""
    try:
        return desk().rebuilt().clinic
    except IntegrationError:
        return context().clinic


def values() -> dict[str, str]:
    """Every variable that is set, also a moment ago."""
    with context().db.read() as tx:
        return kept.variables(tx) | dict(desk().environ)


def is_fixed(name: str) -> bool:
    """True for a variable that the environment gives: it is changed there."""
    return bool(desk().environ.get(name, "").strip())


def keep(changes: Mapping[str, str], by: Staff) -> None:
    """Keep these values; web and worker begin again with them by themselves within moments."""
    with context().db.begin() as tx:
        kept.put(tx, changes, now())
        for name in sorted(name for name in changes if name.isupper()):
            audit.add(tx, by.name, "setting_changed", f"setting:{name}", now())


def wrong(fields: Iterable[Field], changes: Mapping[str, str]) -> tuple[dict[str, str], Sequence[str]]:
    """What is wrong with changes: a sentence for each field, and what belongs to none of them."""
    fields, problems = list(fields), desk().problems(changes)
    found = {each.name: each.wrong for each in fields for line in problems if each.is_meant(line)}
    rest = [line for line in problems if not any(each.is_meant(line) for each in fields)]
    return found, rest
