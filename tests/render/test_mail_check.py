"""Edited mail texts are checked before anything is sent."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from render.mail_check import problems

CONTENT = Path(__file__).parents[2] / "content" / "mail"


@pytest.fixture
def texts() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads((CONTENT / "en.toml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted(CONTENT.glob("*.toml")), ids=lambda path: path.stem)
def test_our_own_texts_have_no_fault(path: Path) -> None:
    assert problems(tomllib.loads(path.read_text(encoding="utf-8"))) == []


def test_every_fault_is_told_at_once(texts: dict[str, Any]) -> None:
    del texts["alert"]
    texts["intake"]["subject"] = "Hi {nme}"
    texts["intake"]["lines"] = "one line"
    texts["plan"]["colour"] = "red"
    texts["checkin"]["after"] = ["fine", 3]
    del texts["common"]["stop"]
    texts["facts"] = 7
    texts["sms"]["checkin"] = "{name}: {url}"
    texts["welcome"] = {"subject": "Hi"}
    texts["contents"]["title"] = "Plan"
    assert problems(texts) == [
        ("intake.subject", "names {nme}, which nobody fills in"),
        ("intake.lines", "must be a list of texts"),
        ("plan.colour", "is read by nothing"),
        ("checkin.after", "must be a list of texts"),
        ("alert", "is missing"),
        ("common.stop", "must be a text"),
        ("contents.title", "is read by nothing"),
        ("facts", "is missing"),
        ("sms.checkin", "names {name}, which nobody fills in"),
        ("welcome", "is read by nothing"),
    ]
