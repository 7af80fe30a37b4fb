"""Clients are found by words, on both databases."""

from handlers.context import Context
from store import client_words
from store.client_words import words
from tests.helpers.console import visit


def test_words_are_found_by_their_beginning_on_both_databases(context: Context) -> None:
    visit(context, "u1")
    visit(context, "u2", name="Zora Neale", email="zora@example.org")
    with context.db.read() as tx:
        both = client_words.find(tx, "ZO")
        one = client_words.find(tx, "zo łu")
        none = client_words.find(tx, "zo%")
        nobody = client_words.find(tx, "  ")
    assert sorted(row.name for row in both) == ["Zora Neale", "Zoë Łuć"]
    assert [row.name for row in one] == ["Zoë Łuć"]
    assert len(none) == 2
    assert nobody == []


def test_the_words_of_a_client_are_few_and_plain() -> None:
    assert words("Zoë  Łuć-Smith", "Zoe@Example.org", "+1 (555) 010-4242") == [
        *("0104242", "15550104242", "4242", "luc", "smith", "zoe", "zoe@example.org")
    ]
    assert words("", "", "12") == []
