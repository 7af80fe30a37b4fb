"""What is the same in all of a test process's thousand applications and databases, made once.

Templates, routes, statements and files of content come to the same each time.
"""

import pickle
import tomllib
from collections.abc import Callable
from copy import copy
from types import MethodType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine import URL, Engine
from werkzeug.routing import Rule

from store import base

COMPILED = ("arguments", "_parts", "_trace", "_converters", "_build", "_build_unknown")
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
    Rule.compile = _routes(Rule.compile)  # type: ignore[method-assign, assignment]
    base._engine = _statements(base._engine)  # type: ignore[assignment]
    tomllib.loads = _parsed(tomllib.loads)  # type: ignore[assignment]


def _routes(compiled: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """What a route is compiled to depends on nothing but its own text, its defaults and the converters."""
    kept: dict[object, dict[str, Any]] = {}

    def compile_rule(rule: Rule) -> None:
        converters = tuple(sorted(rule.map.converters.items()))
        key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), rule.merge_slashes, converters)
        if key not in kept:
            compiled(rule)
            kept[key] = {name: getattr(rule, name) for name in COMPILED}
        for name, value in kept[key].items():
            bound = isinstance(value, MethodType)  # what builds an address, to the rule of before
            setattr(rule, name, MethodType(value.__func__, rule) if bound else copy(value))

    return compile_rule


def _parsed(parse: Callable[[str], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    """A copy of what a text was read as before: content is read again and again for one changed line."""
    kept: dict[str, bytes] = {}

    def loads(text: str) -> dict[str, Any]:
        if text not in kept:
            kept[text] = pickle.dumps(parse(text))
        read: dict[str, Any] = pickle.loads(kept[text])
        return read

    return loads


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
