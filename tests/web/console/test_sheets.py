"""Tables that leave as files."""

import pytest

from web.console.sheets import neutral


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "|x", "%x", "  =1", "\ufeff=1", "＝1", "\t=1", "\r=1", "＠x"]
)
def test_a_cell_cannot_become_a_formula(cell: str) -> None:
    assert neutral(cell).startswith("'")


def test_an_ordinary_cell_stays_as_it_is() -> None:
    assert neutral("Zoë Łuć") == "Zoë Łuć"
    assert neutral(None) == ""
