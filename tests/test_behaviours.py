"""Every promised behaviour has a test that carries its number: `pytest -m B3` runs those of one."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"pytest\.mark\.(B\d+)\b")
MARKERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
BEHAVIOURS = [each.partition(":")[0] for each in MARKERS]


def test_the_behaviours_are_numbered_without_a_gap() -> None:
    assert [f"B{number}" for number in range(1, len(BEHAVIOURS) + 1)] == BEHAVIOURS
    assert len(BEHAVIOURS) >= 18


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_behaviour_has_a_test(behaviour: str) -> None:
    files = (ROOT / "tests").rglob("test_*.py")
    assert any(behaviour in MARK.findall(path.read_text(encoding="utf-8")) for path in files)
