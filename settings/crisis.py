"""Whom a client calls in need: what the clinic says, else what `content/crisis.toml` has for its country."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from library import toml
from schemas.clinic import Clinic
from schemas.notions.words import Translatable
from settings.environment import ROOT, Variables

FILE = "crisis.toml"
FROM_ANY_MOBILE = "112"
"""What mobile networks take for an emergency call in any country (3GPP TS 22.101, section 10)."""
UNKNOWN = (
    "No crisis line is known for {country}: set crisis_number in content/clinic.toml "
    "(or CLINIC_CRISIS_NUMBER). Until then the emergency number {number} stands in its place."
)


def in_need(read: Variables, clinic: Clinic, content: Path, said: Mapping[str, str]) -> Clinic:
    """The clinic with its emergency number and its crisis line; `said` holds those that it set itself."""
    known = _lines(read, content).get(clinic.country, {})
    emergency = said.get("emergency_number") or known.get("emergency", FROM_ANY_MOBILE)
    crisis = said.get("crisis_number") or known.get("crisis", emergency)
    return replace(
        clinic,
        emergency_number=emergency,
        crisis_number=crisis,
        crisis_texts=bool(known.get("texts")) and crisis == known["crisis"],
        emergency_known=bool(known or said.get("emergency_number")),
        crisis_known=bool(known or said.get("crisis_number")),
    )


def remarks(clinic: Clinic) -> list[Translatable]:
    """What `check` says of it."""
    if clinic.crisis_known:
        return []
    return [Translatable(UNKNOWN, country=clinic.country, number=clinic.emergency_number)]


def _lines(read: Variables, content: Path) -> dict[str, dict[str, Any]]:
    """What is known by country: the clinic's own file, or the one that comes with Aftercare."""
    own = content / FILE
    path = own if own.exists() else ROOT / "content" / FILE
    try:
        found = toml.read(path.parent, FILE)
    except toml.Unreadable as error:
        read.problems.append(str(error))
        return {}
    wrong = [country for country, one in found.items() if not _is_whole(one)]
    read.problems += [f"{path}: [{country}] must have emergency and crisis as texts." for country in wrong]
    return {country: one for country, one in found.items() if country not in wrong}


def _is_whole(one: object) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(name), str) for name in ("emergency", "crisis"))
