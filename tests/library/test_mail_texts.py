"""The words of the mails, in a language that has only begun."""

from pathlib import Path

import pytest

from library.mail_texts import read_mail_texts
from tests.helpers.content import CONTENT


def test_what_is_not_translated_is_english(praxis_folder: Path) -> None:
    english, german = read_mail_texts(CONTENT, "en"), read_mail_texts(praxis_folder, "de")
    assert german["intake"]["button"] == "Zu den Fragen"
    assert german["checkin"] == english["checkin"]
    assert german["common"]["automatic"] == english["common"]["automatic"]


@pytest.mark.parametrize("language", ["fr", "zh"])
def test_a_language_without_mails_of_its_own_has_the_english_ones(praxis_folder: Path, language: str) -> None:
    assert read_mail_texts(praxis_folder, language) == read_mail_texts(CONTENT, "en")
