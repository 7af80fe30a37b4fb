"""The few values that several pictures, papers and mails share."""

from dataclasses import dataclass
from typing import Protocol


class ClinicView(Protocol):
    """What a client sees of the clinic; `schemas.clinic.Clinic` fits."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def address(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing and its text alternative."""

    svg: str
    alt: str
