"""What Aftercare is made of: a bill of materials, the notices of its licences, and known holes.

    python -m deploy.supply sbom [FILE]           CycloneDX 1.6, the same bytes for the same lock file
    python -m deploy.supply licences [FILE]       every licence, with its text
    python -m deploy.supply advisories [--file F] against a list of OSV's in a file; else api.osv.dev

The last one ends with 0 only where every component was looked up and none has a known hole; with 1 where one
has; with 2 where nothing was checked.
"""

import argparse
import json
import re
import sys
import tomllib
import urllib.request
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "app.lock"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
ASK = "https://api.osv.dev/v1/querybatch"
NOTICES = re.compile(r"(LICEN[CS]E|NOTICE|COPYING|AUTHORS)[^/]*$", re.IGNORECASE)
SECONDS = 60
FOUND, NOT_CHECKED = 1, 2


class NotChecked(Exception):
    """Nothing was looked up; the text says why."""


@dataclass(frozen=True, slots=True)
class Component:
    """One locked library, with the hashes of the files that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        """How other programs name it."""
        return f"pkg:pypi/{self.name}@{self.version}"


def normal(name: str) -> str:
    """The name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def components(lock: str) -> list[Component]:
    """What a lock file names, in its order."""
    starts = [*PIN.finditer(lock)]
    ends = [*(each.start() for each in starts), len(lock)][1:]
    return [
        Component(normal(pin[1]), pin[2], tuple(HASH.findall(lock[pin.start() : end])))
        for pin, end in zip(starts, ends, strict=True)
    ]


def licence(name: str) -> str:
    """The licence that a library names: an SPDX expression, or its own words; "" where it is not here."""
    found = _installed(name)
    if found is None:
        return ""
    about = found.metadata
    said = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or () if "License ::" in each]
    own = (about.get_all("License") or [""])[0].strip().partition("\n")[0]
    return (about.get_all("License-Expression") or [""])[0] or ", ".join(said) or own


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def sbom(found: Iterable[Component]) -> dict[str, Any]:
    """The bill of materials as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    parts = [_part(each) for each in found]
    us = f"pkg:generic/{project['name']}@{project['version']}"
    own = {"type": "application", "bom-ref": us, "name": project["name"], "version": project["version"]}
    licences = [{"license": {"id": project["license"]}}]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([us, parts]))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": own | {"licenses": licences}},
        "components": parts,
        "dependencies": [{"ref": us, "dependsOn": [each["bom-ref"] for each in parts]}],
    }


def _part(one: Component) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "library", "bom-ref": one.purl, "name": one.name, "version": one.version}
    said = licence(one.name)
    files = {"type": "distribution", "url": f"https://pypi.org/project/{one.name}/{one.version}/"}
    hashes = [{"alg": "SHA-256", "content": each} for each in one.hashes]
    made |= {"licenses": [{"license": {"name": said}}]} if said else {}
    return made | {"purl": one.purl, "externalReferences": [files | {"hashes": hashes}]}


def notices(found: Iterable[Component]) -> Iterator[str]:
    """The licence of every library that is installed, with the texts that come with it."""
    for one in found:
        here = _installed(one.name)
        said = licence(one.name) or "not installed on this machine"
        yield f"{'=' * 79}\n{one.name} {one.version}: {said}\n"
        for file in (here.files or ()) if here else ():
            if NOTICES.search(str(file)) and Path(file.locate()).is_file():
                yield f"--- {file.name}\n{file.read_text('utf-8').strip()}\n"


def records(path: Path) -> Iterator[Mapping[str, Any]]:
    """The records of a list in OSV's format (https://ossf.github.io/osv-schema/)."""
    if path.is_dir():
        texts: Iterable[bytes] = (each.read_bytes() for each in sorted(path.rglob("*.json")))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            texts = [packed.read(name) for name in packed.namelist() if name.endswith(".json")]
    else:
        texts = [path.read_bytes()]
    for text in texts:
        said = json.loads(text)
        yield from said if isinstance(said, list) else said.get("vulns", [said])


def known(found: Iterable[Component], listed: Iterable[Mapping[str, Any]]) -> list[tuple[Component, str]]:
    """Each component with a known hole, and its name. Raises NotChecked for a list that is of no use.

    The whole list has records about many of ours, if of old versions; one without any is a piece of another.
    """
    by_name = {each.name: each for each in found}
    holes, count, ours = [], 0, 0
    for record in listed:
        about = [each for each in record.get("affected", []) if _of_pypi(each)]
        count += bool(about)
        ours += any(normal(each["package"]["name"]) in by_name for each in about)
        for each in about if not record.get("withdrawn") else ():
            one = by_name.get(normal(each["package"]["name"]))
            if one is not None and affects(each, one.version):
                holes.append((one, str(record["id"])))
    if not by_name or not count:
        raise NotChecked("The list holds no record about a package of PyPI.")
    if not ours:
        raise NotChecked("The list says nothing of any library of ours: it is not the whole list of PyPI.")
    return holes


def _of_pypi(affected: Mapping[str, Any]) -> bool:
    return str(affected.get("package", {}).get("ecosystem", "")).partition(":")[0] == "PyPI"


def affects(affected: Mapping[str, Any], version: str) -> bool:
    """True for a version that is listed, or that stands in one of the ranges."""
    if version in affected.get("versions", ()):
        return True
    ranges = (each["events"] for each in affected.get("ranges", ()) if each.get("type") == "ECOSYSTEM")
    return any(_within(events, Version(version)) for events in ranges)


def _within(events: Iterable[Mapping[str, str]], version: Version) -> bool:
    """Whether a version comes after a hole was introduced, and before it was mended."""
    inside = False
    for kind, at in sorted(_events(events), key=lambda one: (one[1], one[0] == "last_affected")):
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _events(events: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, Version]]:
    for event in events:
        for kind, text in event.items():
            try:
                yield kind, Version("0.dev0" if text == "0" else text)
            except InvalidVersion:
                continue


def asked(found: list[Component]) -> list[tuple[Component, str]]:
    """The same, asked of api.osv.dev; only names and versions of libraries leave."""
    queries = [{"package": {"name": one.name, "ecosystem": "PyPI"}, "version": one.version} for one in found]
    body = json.dumps({"queries": queries}).encode()
    ask = urllib.request.Request(ASK, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(ask, timeout=SECONDS) as answer:  # noqa: S310 - the same
            results = json.load(answer)["results"]
    except (OSError, ValueError, KeyError) as error:
        raise NotChecked(f"api.osv.dev does not answer ({type(error).__name__}).") from error
    if len(results) != len(found):
        raise NotChecked("api.osv.dev left some libraries out.")
    both = zip(found, results, strict=True)
    return [(one, hole["id"]) for one, result in both for hole in result.get("vulns", ())]


def advisories(found: list[Component], file: Path | None) -> int:
    """Say which components have known holes; the code to end with."""
    try:
        if not found:
            raise NotChecked("The lock file names nothing.")
        holes = known(found, records(file)) if file else asked(found)
    except (NotChecked, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"Nothing was checked: {error}", file=sys.stderr)
        print(
            "Give a list: --file all.zip, from osv-vulnerabilities.storage.googleapis.com/PyPI",
            file=sys.stderr,
        )
        return NOT_CHECKED
    for one, hole in holes:
        print(f"{one.name} {one.version}: {hole}")
    print(f"{len(found)} libraries looked up, {len({one for one, _hole in holes})} with a known hole.")
    return FOUND if holes else 0


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    asks = argparse.ArgumentParser(prog="python -m deploy.supply")
    asks.add_argument("what", choices=("sbom", "licences", "advisories"))
    asks.add_argument("out", nargs="?", type=Path)
    asks.add_argument("--lock", type=Path, default=LOCK)
    asks.add_argument("--file", type=Path)
    given = asks.parse_args(arguments)
    found = components(given.lock.read_text("utf-8"))
    if given.what == "advisories":
        return advisories(found, given.file)
    text = "\n".join(notices(found)) if given.what == "licences" else json.dumps(sbom(found), indent=2)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text + "\n", "utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
