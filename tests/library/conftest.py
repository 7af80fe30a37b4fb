"""Fixtures: content that a test may spoil."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.content import CONTENT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the English content that a test may spoil."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content", ignore=shutil.ignore_patterns("es")))


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A copy of the content in both languages."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))
