"""The bill of materials, the licences, and the check against known holes, which never passes on nothing."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from deploy import supply
from deploy.supply import Component, main

LOCK = supply.LOCK.read_text("utf-8")
ALL = supply.components(LOCK)


def record(name: str = "flask", **more: Any) -> dict[str, Any]:
    about = {"package": {"ecosystem": "PyPI", "name": name}, "versions": ["0.1"]} | more
    return {"id": "PYSEC-1", "affected": [about]}


def between(*events: dict[str, str]) -> list[dict[str, Any]]:
    return [{"type": "ECOSYSTEM", "events": list(events)}]


def test_every_line_of_the_lock_file_is_a_component_with_hashes() -> None:
    assert len(ALL) == LOCK.count("==") - LOCK.count("python_full_version ==") or len(ALL) > 30
    assert all(one.hashes for one in ALL)
    assert {"flask", "cryptography", "sqlalchemy"} <= {one.name for one in ALL}


def test_the_bill_is_cyclonedx_and_the_same_for_the_same_lock_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main(["sbom", str(tmp_path / name)]) == 0
    made = json.loads((tmp_path / "one").read_text("utf-8"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert {each["purl"] for each in made["components"]} == {one.purl for one in ALL}
    assert made["dependencies"][0]["dependsOn"] == [each["bom-ref"] for each in made["components"]]


def test_the_licences_have_the_name_and_text_of_each(tmp_path: Path) -> None:
    assert main(["licences", str(tmp_path / "all.txt")]) == 0
    text = (tmp_path / "all.txt").read_text("utf-8")
    assert all(f"\n{one.name} {one.version}: " in f"\n{text}" for one in ALL)
    assert "Redistribution and use in source and binary forms" in text


@pytest.mark.parametrize(
    ("about", "affected"),
    [
        ({"versions": ["1.0"]}, True),
        ({"versions": ["1.0.1"]}, False),
        ({"versions": [], "ranges": between({"introduced": "0"})}, True),
        ({"versions": [], "ranges": between({"introduced": "0"}, {"fixed": "1.0"})}, False),
        ({"versions": [], "ranges": between({"introduced": "0"}, {"fixed": "1.0.post1"})}, True),
        ({"versions": [], "ranges": between({"introduced": "0"}, {"last_affected": "1.0"})}, True),
        ({"versions": [], "ranges": between({"introduced": "0"}, {"last_affected": "0.9"})}, False),
        ({"versions": [], "ranges": between({"introduced": "1.1"})}, False),
        (
            {
                "versions": [],
                "ranges": between(
                    {"fixed": "0.5"}, {"introduced": "0.9"}, {"introduced": "0"}, {"fixed": "2"}
                ),
            },
            True,
        ),
        ({"versions": [], "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
    ],
)
def test_a_version_is_within_what_is_listed(about: dict[str, Any], affected: bool) -> None:
    found = supply.known([Component("flask", "1.0")], [record("Flask", **about)])
    assert [hole for _one, hole in found] == (["PYSEC-1"] if affected else [])


def test_a_hole_ends_it_with_one_and_a_clean_list_with_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "all.zip"
    flask = next(one for one in ALL if one.name == "flask")
    for versions, code in (([flask.version], 1), (["0.1"], 0)):
        with zipfile.ZipFile(listed, "w") as packed:
            packed.writestr("PYSEC-1.json", json.dumps(record(versions=versions)))
        assert main(["advisories", "--file", str(listed)]) == code
    assert f"{len(ALL)} libraries looked up" in capsys.readouterr().out
    withdrawn = record(versions=[flask.version]) | {"withdrawn": "2026-01-01T00:00:00Z"}
    assert supply.known(ALL, [withdrawn]) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "no json",
        json.dumps({"vulns": []}),
        json.dumps({"id": "GO-1", "affected": [{"package": {"ecosystem": "Go", "name": "flask"}}]}),
        json.dumps(
            {"id": "P", "affected": [{"package": {"ecosystem": "PyPI", "name": "other"}, "versions": ["1"]}]}
        ),
    ],
)
def test_nothing_checked_never_ends_well(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.json").write_text(text, "utf-8")
    assert main(["advisories", "--file", str(tmp_path / "list.json")]) == 2
    assert main(["advisories", "--file", str(tmp_path / "missing.zip")]) == 2
    (tmp_path / "empty").mkdir()
    assert main(["advisories", "--file", str(tmp_path / "empty")]) == 2
    (tmp_path / "lock").write_text("# nothing\n", "utf-8")
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps(record()), "utf-8")
    assert main(["advisories", "--file", str(whole), "--lock", str(tmp_path / "lock")]) == 2


def test_a_service_that_does_not_answer_is_nothing_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "ASK", "http://127.0.0.1:1/")
    assert main(["advisories"]) == 2
