"""The evidence names no file and no test that is not there, leaves no requirement out, and counts right."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "asvs.md").read_text("utf-8")
OURS = (ROOT / "docs" / "security.md").read_text("utf-8")
MODEL = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
# The numbers of levels 1 and 2 (OWASP/ASVS, 5.0.0), those that follow on each other as "first-last".
ASKED = """
1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5
3.7.1-2 4.1.1-3 4.2.1 4.3.1-2 4.4.1-4 5.1.1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4
6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1 8.4.1
9.1.1-3 9.2.1-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3
11.3.1-3 11.4.1-4 11.5.1 11.6.1 12.1.1-3 12.2.1-2 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2
14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1 17.2.1-4
17.3.1-2
"""
PROMISES = """
SIG-1 SIG-2 SIG-3 SIG-4 SIG-5 SIG-6 SIG-7 SIG-8 ORD-1 ORD-2 ORD-3 ORD-4 REL-1 REL-2 REL-3 REL-4 REL-5
WEB-HDR WEB-CACHE WEB-TOK WEB-IDOR WEB-GET WEB-CSRF WEB-UNS WEB-AUTH WEB-COOKIE WEB-HOST WEB-RED WEB-INJ
WEB-CSV WEB-SSRF WEB-ERR WEB-DOS WEB-LOG PRV-1 PRV-2 PRV-3 PRV-4 PRV-5 PRV-6 TIM-1 TIM-2
"""
THREATS = 22
UNTHREATENED = {"SIG-2", "ORD-4", "PRV-1", "PRV-4"}  # what is promised to clients and schedulers in peace
VERDICTS = ("met", "partly", "not", "not applicable")
ROW = re.compile(r"^\| ([\d.]+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)
PROMISE = re.compile(r"^\| ([A-Z]+-\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
FILE = re.compile(r"`([\w./-]+)(?:::(\w+))?`")
ROWS, KEPT = ROW.findall(PAGE), PROMISE.findall(OURS)


def asked() -> Iterator[str]:
    """Each number, such as "1.2.10"."""
    for part in ASKED.split():
        section, _, span = part.rpartition(".")
        first, _, last = span.partition("-")
        yield from (f"{section}.{number}" for number in range(int(first), int(last or first) + 1))


@cache
def named_in(path: str) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_requirement_stands_there_once() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(asked())
    assert sorted(row[0] for row in KEPT) == sorted(PROMISES.split())


def test_every_threat_is_met_by_promises_that_are_kept_or_by_code_that_is_there() -> None:
    rows = re.findall(r"^\| (T\d+) \|[^|]+\|[^|]+\| ([^|]+) \|$", MODEL, re.MULTILINE)
    assert [name for name, _against in rows] == [f"T{number}" for number in range(1, THREATS + 1)]
    kept = {row[0] for row in KEPT}
    for name, against in rows:
        promised, files = set(re.findall(r"\b[A-Z]{3}-\w+", against)), FILE.findall(against)
        assert promised | {path for path, _name in files}, name
        assert promised <= kept, name
        assert all((ROOT / path).is_file() for path, _name in files if "/" in path), name
    assert {name for name in kept if name not in MODEL} == UNTHREATENED
    picture = (ROOT / "docs" / "images" / "threat-model.svg").read_text("utf-8")
    assert all(re.search(rf"\b{name}\b", picture) for name, _against in rows)


def test_the_summary_counts_what_the_table_says() -> None:
    for level in "12":
        found = Counter(row[3] for row in ROWS if row[1] == level)
        line = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS)
        assert f"\nLevel {level}: {line}.\n" in PAGE


def test_each_thing_that_falls_short_is_argued() -> None:
    short = [(row[0], row[1], row[3]) for row in ROWS if row[3] in ("partly", "not")]
    argued = re.findall(r"^- \*\*([\d.]+)\*\* \(level (\d), ([a-z ]+)\): \S", PAGE, re.MULTILINE)
    assert sorted(argued) == sorted(short)


@pytest.mark.parametrize(
    ("number", "verdict", "where", "shown"),
    [*((row[0], *row[3:]) for row in ROWS), *((row[0], *row[2:]) for row in KEPT)],
)
def test_every_file_and_test_that_is_named_is_there(
    number: str, verdict: str, where: str, shown: str
) -> None:
    assert verdict in VERDICTS
    if verdict == "not applicable":
        return
    files, tests = FILE.findall(where), FILE.findall(shown)
    assert files, number
    assert tests, number
    for path, _name in files:
        assert (ROOT / path).is_file(), path
    for path, name in tests:
        assert name in named_in(path), f"{path}::{name}"
