"""Clients are found by words, on both databases."""

import pytest

from handlers.clients import people
from handlers.context import Context
from schemas.booking import Person
from store import client_words, clients
from store.client_words import words
from tests.helpers.clinic import NOW
from tests.helpers.console import visit


def test_words_are_found_by_their_beginning_on_both_databases(context: Context) -> None:
    visit(context, "u1")
    visit(context, "u2", name="Zora Neale", email="zora@example.org")
    with context.db.read() as tx:
        both = client_words.find(tx, "ZO", "US")
        one = client_words.find(tx, "zo łu", "US")
        none = client_words.find(tx, "zo%", "US")
        nobody = client_words.find(tx, "  ", "US")
    assert sorted(row.name for row in both) == ["Zora Neale", "Zoë Łuć"]
    assert [row.name for row in one] == ["Zoë Łuć"]
    assert len(none) == 2
    assert nobody == []


@pytest.mark.parametrize("kept", ["(212) 555-0123", "+1 212 555 0123", "0012125550123", "٢١٢ ٥٥٥ ٠١٢٣"])
@pytest.mark.parametrize(
    "asked", ["(212) 555-0123", "+1 212-555-0123", "2125550123", "212 555", "0123", "5550123", "٠١٢٣"]
)
def test_a_number_is_found_however_it_is_kept_and_typed(context: Context, kept: str, asked: str) -> None:
    with context.db.begin() as tx:
        known = clients.make(tx, Person("Zoë", "zoe@example.org", kept), "US", NOW)
        clients.make(tx, Person("Jan", "jan@example.org", "212 555 9999 x7"), "US", NOW)
        assert known in [row.id for row in client_words.find(tx, asked, "US")]
        assert client_words.find(tx, "+44 7400 123456", "US") == []


def test_the_words_of_a_client_are_few_and_plain() -> None:
    assert words("Zoë  Łuć-Smith", "Zoe@Example.org", "+1 (555) 010-4242", "US") == [
        *("0104242", "15550104242", "4242", "5550104242", "luc", "lucsmith", "smith", "zoe"),
        "zoe@example.org",
    ]
    assert words("", "", "12", "US") == []


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Đorđe Petrović", "dorde petrovic"),
        ("Işıl Çağ", "isil cag"),
        ("Æsa Þórsdóttir", "aesa thors"),
        ("Sinéad O'Brien", "obrien"),
        ("Sinéad O’Brien", "o'brien sinead"),
        ("Anne-Marie Strauß", "annemarie strauss"),
        ("Мария Йорданова", "мария иорд"),
        ("Ζωή Άλφα", "ζωη αλφ"),
        ("李雷", "李"),
        ("Bo Ash", "bo.ash@exa"),
        ("Bo Ash", "BO.AS"),
    ],
)
def test_a_name_is_found_as_anybody_would_type_it(context: Context, name: str, asked: str) -> None:
    with context.db.begin() as tx:
        known = clients.make(tx, Person(name, "bo.ash@example.org", ""), "US", NOW)
        clients.make(tx, Person("Bo Smith", "smith@example.org", ""), "US", NOW)
        assert [row.id for row in client_words.find(tx, asked, "US")] == [known]


def test_the_number_typed_in_the_form_is_found_and_outlives_a_correction(context: Context) -> None:
    number = visit(context, "u1")
    with context.db.begin() as tx:
        people.learn_phone(tx, context, number, "+1 212 555 0177", NOW)
    visit(context, "u1", email="zoe.luc@example.org", now=NOW)
    with context.db.read() as tx:
        for asked in ("+1 212 555 0177", "212-555-0177", "0177", "555 010 4242", "zoe.luc@example.org"):
            assert [one.email for one in client_words.find(tx, asked, "US")] == ["zoe.luc@example.org"], asked
        assert not client_words.find(tx, "zoe@example.org", "US")
