"""A clinic that is not the one in content/: Praxis am Park, Berlin. Its owner treats, and runs everything.

Its content is laid over a copy of what is shipped, as a clinic does it: own services, an own questionnaire,
own words for a question, German that has only begun (the rest is English), another clock and other numbers.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from tests.helpers.content import CONTENT

FILES = Path(__file__).resolve().parents[1] / "clinics" / "praxis_am_park"
OWNER = "Jürgen Müller"
OWN_WORDS = {"activity_profile": "Most of your week at work or at home: what do you do?"}
THERE: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "client_zone": "Europe/Berlin",
    "practitioner": OWNER,
    "place": "Lindenstraße 7",
    "service": "krankengymnastik-45",
    "service_name": "Krankengymnastik, 45 Minuten",
}
PEOPLE: tuple[dict[str, Any], ...] = (
    THERE | {"name": "Ольга Щукина", "email": "olga@почта.example", "phone": "030 5551234", "language": "de"},
    THERE | {"name": "Đặng Thị Ánh", "email": "anh@example.org", "phone": "0151 55512345", "language": "de"},
    THERE | {"name": "محمد الأحمد", "email": "m.ahmad@example.org", "phone": "+49 30 5559876"},
    THERE | {"name": "Wolfgang Freiherr von Hohenstein-Würzburg", "email": "w.hohenstein@example.org"},
)
"""Clients of this clinic, in several scripts, with numbers as people write them there."""


def praxis_content(folder: Path) -> Path:
    """The content folder of the clinic, made in `folder`."""
    shutil.copytree(CONTENT, folder)
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    for question, label in OWN_WORDS.items():
        _reword(folder / "questionnaires" / "first_visit.toml", question, label)
    return folder


def _reword(path: Path, question: str, label: str) -> None:
    text = path.read_text(encoding="utf-8")
    found = re.search(rf'^id = "{question}"\n(?:.+\n)*?label = (.+)\n', text, re.MULTILINE)
    assert found, question
    path.write_text(text[: found.start(1)] + f'"{label}"' + text[found.end(1) :], encoding="utf-8")
