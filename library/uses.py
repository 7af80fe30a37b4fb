"""Which texts the code reads: found in its templates and modules by their syntax, never by running them.

A page says a text as `t('plan.title')`, a module as `say("plan.title")`, a printed page as `w.title`. A key
that is put together stands for all that fit: `say(f"error.{name}.title")` reads `error.*.title`. No `*` goes
past a dot.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from jinja2 import Environment, nodes

from schemas.notions.words import COUNT

ROOT = Path(__file__).parent.parent
FORMS = "forms"
SAYS = frozenset({"t", "say", FORMS})
_IN_TYPST = re.compile(r"\bw\.(?!at\b)([a-z_]+)")
_QUOTED = re.compile(r'"([\w.-]+)"')


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One place that reads a text: the key (with `*` where it is open), and the names that it fills in."""

    file: str
    line: int
    key: str
    names: frozenset[str] = frozenset()

    def reads(self, key: str) -> bool:
        """True when the text of this key is one that is read here."""
        if "*" not in self.key:
            return key == self.key
        mine, given = self.key.split("."), key.split(".")
        return len(mine) == len(given) and all(map(fnmatchcase, given, mine))


@cache
def of_pages() -> tuple[Use, ...]:
    """What the client's pages, and places on the body, read of `pages.toml`."""
    web = ROOT / "web"
    templates = [*(web / "templates/client").glob("*.html"), web / "templates/console/preview.html"]
    modules = [*(web / "client").glob("*.py"), web / "language.py", web / "errors.py"]
    modules += [ROOT / "library/questionnaires.py", ROOT / "handlers/intake/summary.py"]
    return _sorted(*map(_in_template, templates), *map(_in_module, modules))


NOTICE = frozenset(
    {
        *("contact", "scheduler", "mail_service", "text_service"),
        *("answers", "plans", "checkins", "messages"),
    }
)
"""Names that every text of the privacy notice may hold."""


@cache
def of_notice() -> tuple[Use, ...]:
    """What the privacy notice reads of `privacy.toml`: a clinic may add sections of its own."""
    page = "web/notice.py"
    keys = ("title", "intro", "section.*.title", "section.*.text", "kept.ever")
    return (*(Use(page, 1, key, NOTICE) for key in keys), Use(page, 1, "kept.days", frozenset({COUNT})))


@cache
def of_papers() -> tuple[Use, ...]:
    """What printed pages and charts read of `papers.toml`."""
    paper = ROOT / "render/paper"
    modules = (paper / "pdf.py", ROOT / "render/charts.py")
    return _sorted(*map(_in_typst, (paper / "templates").glob("*.typ")), *map(_in_module, modules))


@cache
def of_doses() -> tuple[Use, ...]:
    """What the wording of a plan reads of `doses.toml`."""
    return _sorted(_in_module(ROOT / "clinical/plan/doses.py"))


@cache
def constants() -> frozenset[str]:
    """Every single word in quotes in the code that decides, asks and shows: ids of questions and keys.

    Read past the syntax, which takes a second of an operator's time for all modules.
    """
    rooms = ("clinical", "handlers", "render", "store", "web")
    modules = (path.read_text("utf-8") for room in rooms for path in (ROOT / room).rglob("*.py"))
    return frozenset(word for module in modules for word in _QUOTED.findall(module))


def _sorted(*found: Iterator[Use]) -> tuple[Use, ...]:
    return tuple(
        sorted({use for uses in found for use in uses}, key=lambda use: (use.file, use.line, use.key))
    )


def _in_template(path: Path) -> Iterator[Use]:
    for call in Environment(autoescape=True).parse(path.read_text("utf-8")).find_all(nodes.Call):
        name = getattr(call.node, "name", getattr(call.node, "attr", ""))
        key = _key_of(call.args[0]) if name in SAYS and call.args else ""
        if key:
            yield Use(_name(path), call.lineno, key, _names(name, (each.key for each in call.kwargs)))


def _key_of(argument: nodes.Expr) -> str:
    if isinstance(argument, nodes.Const):
        return str(argument.value)
    if isinstance(argument, nodes.Concat):
        return "".join(str(part.value) if isinstance(part, nodes.Const) else "*" for part in argument.nodes)
    return ""


def _in_module(path: Path) -> Iterator[Use]:
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(call, ast.Call) or _called(call.func) not in SAYS or not call.args:
            continue
        if key := _text_of(call.args[0]):
            names = _names(_called(call.func), (each.arg or "" for each in call.keywords))
            yield Use(_name(path), call.lineno, key, names)


def _names(function: str, given: Iterable[str]) -> frozenset[str]:
    """What a call fills in; whoever takes all forms of a text counts by itself."""
    return frozenset((*given, COUNT) if function == FORMS else given)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _text_of(argument: ast.expr) -> str:
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in argument.values)
    return ""


def _in_typst(path: Path) -> Iterator[Use]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        for word in _IN_TYPST.findall(line):
            yield Use(_name(path), number, f"{path.stem}.{word}")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))
