"""The repository keeps its own promises: what is read is documented, what is stored is used."""

import ast
import dataclasses
import doctest
import importlib
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from handlers import retry
from schemas.clinic import Clinic, Policy, Service, variable_of
from schemas.delivery import DeliveryStatus
from schemas.reason import Reason
from settings.clinic import _ABOUT
from settings.connections import OPTIONS
from store.running.leases import LEASE
from web.console.labels import SENTENCES

ROOT = Path(__file__).parent.parent
ROOMS = (
    "handlers",
    "clinical",
    "library",
    "settings",
    "integrations",
    "render",
    "schemas",
    "store",
    "web",
    "demo",
)
READERS = {"text", "need", "need_from_setup", "number", "choice", "switch", "zone", "hour", "seconds"}
SKIPPED = {".venv", ".git", "build", "var", "node_modules"}


def sources(*folders: str) -> Iterator[Path]:
    """Every Python file of these folders; of the whole application without a name."""
    for folder in folders or (*ROOMS, "."):
        pattern = "*.py" if folder == "." else "**/*.py"
        yield from (path for path in (ROOT / folder).glob(pattern) if not SKIPPED & set(path.parts))


def tree(path: Path) -> ast.Module:
    """The parsed source."""
    return ast.parse(path.read_text(encoding="utf-8"))


# ---- settings


def variables() -> set[str]:
    """Every variable that settings/ reads; a connection's own as <NAME>_..."""
    found: set[str] = set()
    for node in (each for file in (ROOT / "settings").glob("*.py") for each in ast.walk(tree(file))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        if (
            node.func.attr in READERS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "read"
        ):
            found |= _names(node.args[0])
    return found


def _names(argument: ast.expr) -> set[str]:
    if isinstance(argument, ast.Constant):
        return {str(argument.value)}
    if isinstance(argument, ast.Call):  # variable("zone") of one connection, or variable(key) of its options
        (field,) = argument.args
        fields = [str(field.value)] if isinstance(field, ast.Constant) else OPTIONS
        return {variable_of("<NAME>", each) for each in fields}
    assert ast.unparse(argument).startswith("f'CLINIC_{"), ast.dump(argument)
    return {f"CLINIC_{name.upper()}" for name in _ABOUT}


def test_settings_read_a_good_number_of_variables() -> None:
    assert {"PUBLIC_URL", "<NAME>_SECRET", "CLINIC_NAME", "<NAME>_TOKEN_HEADER"} <= variables()
    assert len(variables()) > 40


@pytest.mark.parametrize("name", sorted(variables()))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_documented_setting_is_read() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`((?:<NAME>_)?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`", text)) - {"STOP", "<NAME>"}
    assert {name for name in told if "_" in name} <= variables()


def test_the_example_names_what_must_be_set_and_nothing_that_is_not_read() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    known = {name.replace("<NAME>", "MAIN") for name in variables()}
    assert named <= known
    assert {"PUBLIC_URL", "FIELD_KEYS", "SECRET_KEY", "CONNECTIONS", "SMTP_HOST", "MAIN_SECRET"} <= named


def test_only_settings_reads_the_environment() -> None:
    for path in sources():
        if path.parent.name == "settings" or path.parent.name == "demo":
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
                assert node.attr not in ("environ", "getenv"), path


def test_no_migration_uses_code_that_may_change() -> None:
    for path in (ROOT / "store" / "migrations" / "versions").glob("*.py"):
        for node in ast.walk(tree(path)):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {*ROOMS, "app"}, path


def test_every_setting_of_the_clinic_is_read_by_something() -> None:
    read = {
        node.attr
        for path in sources("handlers", "web", "render", "clinical", "integrations", "store")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
    }
    read |= {name for page in (ROOT / "web/templates").rglob("*.html") for name in _attributes(page)}
    known = {each.name for kind in (Clinic, Policy, Service) for each in dataclasses.fields(kind)}
    # These are read by Clinic.service and what it gives for a booking.
    assert known - read - {"services", "default_service", "booking_url"} == set()


def _attributes(page: Path) -> list[str]:
    return re.findall(r"\.([a-z_]+)", page.read_text(encoding="utf-8"))


# ---- words


def test_every_reason_has_one_sentence() -> None:
    assert set(SENTENCES) == set(Reason)
    assert [reason for reason, text in SENTENCES.items() if not text] == [Reason.none]
    assert all(re.fullmatch(r"[a-z_]+", reason) for reason in SENTENCES if reason)


def test_every_status_that_a_delivery_may_have_is_explained() -> None:
    text = DeliveryStatus.__doc__ or ""
    assert [status for status in DeliveryStatus if status not in text] == []


# ---- files


def test_every_stored_payload_has_its_expected_state() -> None:
    oracle = tomllib.loads((ROOT / "tests" / "payloads" / "oracle.toml").read_text(encoding="utf-8"))
    for path in (ROOT / "tests" / "payloads").rglob("*.body"):
        assert path.stem in oracle[path.parent.name], path
    for scheduler in {path.parent.name for path in (ROOT / "tests" / "payloads").rglob("*.body")}:
        for stem in oracle[scheduler]:
            assert (ROOT / "tests" / "payloads" / scheduler / f"{stem}.body").exists(), stem


def test_no_dependency_ships_a_name_of_ours() -> None:
    ours = {*ROOMS, "app", "settings", "content", "docs", "bench"}
    shipped = metadata.packages_distributions()
    assert {name: shipped[name] for name in ours if name in shipped} == {}


def test_every_locked_dependency_has_a_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        for block in re.split(r"\n(?=[a-zA-Z])", text):
            if "==" in block:
                assert "--hash=sha256:" in block, block.splitlines()[0]
        assert "://" not in text


def test_every_dependency_is_locked() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (ROOT / "requirements" / "app.lock").read_text(encoding="utf-8").casefold()
    for each in told["project"]["dependencies"]:
        name = re.match(r"[A-Za-z0-9_.-]+", each)
        assert name is not None
        assert re.search(rf"^{re.escape(name[0].casefold())}(\[.*\])?==", locked, re.MULTILINE), each


def test_a_lease_lasts_several_times_as_long_as_the_pause_between_its_renewals() -> None:
    assert LEASE.total_seconds() >= 3 * retry.EVERY


EXAMPLES = [path for path in sources() if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_in_docstrings_hold(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found = doctest.testmod(module)
    assert found.attempted
    assert found.failed == 0


def test_every_module_says_what_it_is() -> None:
    for path in sources():
        assert ast.get_docstring(tree(path)), path


def test_no_file_names_a_machine(tmp_path: Path) -> None:
    places = re.compile(r"/root/|/home/[a-z]+/|[a-z]:\\\\users", re.IGNORECASE)
    for folder in (*ROOMS, "content", "docs", "tests", "bench", "requirements"):
        for path in (ROOT / folder).rglob("*"):
            text = path.suffix in (".py", ".md", ".toml", ".lock", ".html", ".txt")
            if text and path.is_file() and path != Path(__file__):
                assert not places.search(path.read_text(encoding="utf-8")), path


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if not target.startswith(("http", "mailto:")):
                assert (path.parent / target).exists(), f"{path.name}: {target}"


# ---- the rooms


def rooms() -> str:
    """The import contracts as a picture: each step to the right may be imported by those above it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = {
        each.get("containers", [""])[0]: each["layers"] for each in contracts if each["type"] == "layers"
    }
    lines = ["app"]
    for depth, layer in enumerate(layers[""], 1):
        lines.append("  " * depth + layer)
        inside = layers.get(layer, [])
        lines += [
            "  " * (depth + step) + topics.replace(" : ", " · ") for step, topics in enumerate(inside, 1)
        ]
    return "\n".join(lines)


def test_the_picture_of_the_rooms_is_made_from_the_import_contracts() -> None:
    assert f"```\n{rooms()}\n```" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_security_names_the_address_of_the_repository() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert urls["Security"].removeprefix("mailto:") in (ROOT / "SECURITY.md").read_text("utf-8")


def test_no_password_is_shown_while_it_is_typed() -> None:
    fields = [
        field
        for path in (ROOT / "web/templates/console").glob("*.html")
        for field in re.findall(r"<input [^>]*>", path.read_text("utf-8"))
        if "-password" in field or re.search(r'name="(\w*password|old|new|pin)"', field)
    ]
    assert len(fields) > 6
    for field in fields:
        assert 'type="password"' in field or "'password' if one.sealed" in field, field
