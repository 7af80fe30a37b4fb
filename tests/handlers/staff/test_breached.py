"""A list of breached passwords: each in it is found, and no other."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.context import Context
from handlers.staff import breached, passwords
from tests.helpers.console import EMAIL

LEAKED = "nine lazy otters dream"


def listed(path: Path, words: set[str], newline: str) -> Path:
    hashes = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in words)
    path.write_bytes("".join(f"{each}:{number}{newline}" for number, each in enumerate(hashes)).encode())
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.text(max_size=8), max_size=40), st.sampled_from(["\n", "\r\n"]), st.text(max_size=8))
def test_each_that_is_listed_is_found_and_no_other(
    tmp_path: Path, words: set[str], newline: str, other: str
) -> None:
    path = listed(tmp_path / "list", words, newline)
    assert all(breached.holds(path, each) for each in words)
    assert breached.holds(path, other) is (other in words)


def test_a_breached_password_is_refused_where_there_is_a_list(context: Context, tmp_path: Path) -> None:
    passwords.check(context, LEAKED, EMAIL, "Mara Field")
    strict = replace(context, breached=listed(tmp_path / "list", {LEAKED}, "\r\n"))
    with pytest.raises(passwords.Unfit, match="stolen"):
        passwords.check(strict, LEAKED, EMAIL, "Mara Field")
    passwords.check(strict, "four dull grey pebbles", EMAIL, "Mara Field")
