"""Reads the safety rules from `content/rules/flags.toml`."""

from library.reading import Reader
from library.shapes import FlagsIn
from library.translations import Raw
from library.typed_rules import read_typed
from schemas.forms.condition import parse
from schemas.rules import ReviewRules, Rule, RuleCase, Rules, Severity

FILE = "rules/flags.toml"


def read_rules(reader: Reader) -> Rules | None:
    """Return the safety rules, or None when the file cannot be read; problems go to the reader."""
    raw = reader.load(FILE, FlagsIn())
    if raw is None:
        return None
    seen: set[str] = set()
    for rule in (*raw["rule"], raw["review"], raw["clash"]):
        if rule["id"] in seen:
            reader.complain(FILE, rule["id"], "stands twice")
        seen.add(rule["id"])
    for rule in (*raw["rule"], raw["clash"]):
        if not (_has_own_case(rule) or rule.get("case")):
            reader.complain(FILE, rule["id"], "needs `severity` with `when`, or cases")
    rules = tuple(_rule(rule) for rule in raw["rule"])
    return Rules(rules, _review(raw["review"]), _rule(raw["clash"]), read_typed(reader))


def _has_own_case(raw: Raw) -> bool:
    return raw.get("when") is not None and raw.get("severity") is not None


def _rule(raw: Raw) -> Rule:
    given = list(raw.get("case", []))
    if _has_own_case(raw):
        given.append({"when": raw["when"], "severity": raw["severity"]})
    defaults = {"client_text": raw["client_text"], "clinic_action": raw["clinic_action"]}
    cases = tuple(RuleCase(**{**defaults, **case}) for case in given)
    return Rule(raw["id"], raw["name"], raw["source"], cases, raw.get("check_in", False))


def _review(raw: Raw) -> ReviewRules:
    always = parse("always")
    return ReviewRules(
        raw["id"],
        raw["name"],
        tuple(raw["facts"]),
        RuleCase(always, Severity.REVIEW, raw["client_text"], raw["clinic_action"]),
        RuleCase(always, Severity.STOP_URGENT, raw["unsure_text"], raw["unsure_action"]),
        raw["source"],
    )
