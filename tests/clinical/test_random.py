"""Random intakes and replies by the hundred, by the million with `make random`: nothing safe is lost."""

import random

import pytest

from clinical.plan import gate
from tests.helpers import random_clients
from tests.helpers.random_clients import Block, broken, case, drawn, held

SOME = {"intake": 400, "pair": 60}


@pytest.mark.parametrize("kind", SOME)
def test_no_random_client_gets_past_what_keeps_them_safe(kind: str) -> None:
    assert broken(Block(kind, 0, SOME[kind])) == []


def test_who_breaks_a_rule_is_named_with_their_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(by: random.Random) -> None:
        assert by.random() < 0.5

    monkeypatch.setitem(random_clients.CHECKS, "pair", odd)
    found = broken(Block("pair", 0, 20))
    assert 0 < len(found) < 20
    assert all(one.startswith("pair ") for one in found)


def test_the_command_ends_with_its_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert random_clients.main(["--intakes", "6", "--pairs", "2", "--processes", "1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith("6 intakes and 2 pairs of check-ins from seed 0")
    assert said[-1].endswith("0 broken")


def test_what_holds_is_known_to_the_gate() -> None:
    by = random.Random(4)
    found = {fact.partition("=")[0] for _ in range(200) for fact in held(case(drawn(by)))}
    assert found <= {pattern.partition("=")[0] for pattern, _, _ in gate.ROWS}
