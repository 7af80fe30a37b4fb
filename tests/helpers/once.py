"""What is the same in all of a test process's thousand applications and databases, made once.

Templates, routes and statements are compiled to the same code each time.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine import URL, Engine
from werkzeug.routing import Rule

from store import base

_engines: dict[str, Engine] = {}


class Templates(BytecodeCache):
    """Templates that any application has compiled."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what another application compiled."""
        if code := self.kept.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the next."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


def compile_once() -> None:
    """From now on, for this whole process."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    Rule._compile_builder = _routes(Rule._compile_builder)  # type: ignore[method-assign]
    base._engine = _statements(base._engine)  # type: ignore[assignment]


def _routes(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """What builds an address depends on nothing but the rule's own text and defaults."""
    kept: dict[object, Any] = {}

    def compile_builder(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compiled(rule, append_unknown)
        return kept[key]

    return compile_builder


def _statements(made: Callable[[URL], Engine]) -> Callable[[URL], Engine]:
    """An engine for each database, all of a kind with one dialect and one store of compiled statements."""

    def engine(url: URL) -> Engine:
        new = made(url)
        if first := _engines.get(new.dialect.name):
            new.dialect, new._compiled_cache = first.dialect, first._compiled_cache
        return new

    return engine


def statements_of(engine: Engine) -> None:
    """Share what this engine, which has been connected, knows of its kind of database."""
    _engines.setdefault(engine.dialect.name, engine)
