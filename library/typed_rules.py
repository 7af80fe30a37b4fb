"""Reads what is looked for in typed words from `content/rules/typed.toml`."""

from dataclasses import MISSING, dataclass, field, fields

from library.reading import Reader
from schemas.forms.condition import Condition, parse
from schemas.forms.typed import Danger, Harmless, Phrase, Tone, TypedRules, either, pattern, phrase
from schemas.severity import RuleCase, Severity

FILE = "rules/typed.toml"
PHRASES = (
    *("not_no", "past", "over", "present", "family", "fear"),
    *("checked", "clear", "done", "nearly", "startled"),
)
TONE = tuple(one.name for one in fields(Tone))
NEEDED = {one.name for one in fields(Harmless) if one.default is MISSING}


@dataclass(frozen=True, slots=True)
class _DangerIn:
    """One danger as the file has it."""

    id: str
    name: str
    severity: Severity
    client_text: str
    clinic_action: str
    source: str
    patterns: tuple[str, ...]
    match: tuple[str, ...]
    no_match: tuple[str, ...]
    unless: tuple[str, ...] = ()
    settled: Condition | None = None
    crisis: bool = False
    passes: bool = False
    ever: bool = False
    anyone: bool = False
    eased: bool = False
    tone: bool = False


@dataclass(frozen=True, slots=True)
class _TypedIn:
    """The whole file."""

    lists: dict[str, str]
    harmless: dict[str, tuple[str, ...]]
    danger: tuple[_DangerIn, ...]
    tone: dict[str, str] = field(default_factory=dict)


def read_typed(reader: Reader) -> TypedRules:
    """Return what is looked for, nothing when the file cannot be read; problems go to the reader."""
    reader = reader.holding(FILE)
    raw = reader.part(_TypedIn, FILE, reader.toml(FILE))
    if raw is None:
        return TypedRules()
    every = [one.name for one in fields(Harmless)]
    if not NEEDED <= set(raw.harmless) <= set(every):
        reader.complain(FILE, "harmless", f"must have {', '.join(every)}")
        return TypedRules()
    dangers = tuple(_danger(one, raw.lists, reader) for one in raw.danger)
    ids = [danger.id for danger in dangers]
    for name in {name for name in ids if ids.count(name) > 1}:
        reader.complain(FILE, name, "stands twice")
    return TypedRules(dangers, _harmless(raw.harmless), _tone(raw.tone, reader))


def _tone(raw: dict[str, str], reader: Reader) -> Tone | None:
    """How a text sounds; a file of before has none, and then nothing is found or eased by it."""
    if raw and set(raw) != set(TONE):
        reader.complain(FILE, "tone", f"must have {', '.join(TONE)}")
    return Tone(*(either(raw[name]) for name in TONE)) if set(raw) == set(TONE) else None


def _harmless(raw: dict[str, tuple[str, ...]]) -> Harmless:
    said: dict[str, frozenset[str] | tuple[Phrase, ...]] = {
        name: tuple(map(phrase, words)) if name in PHRASES else frozenset(words)
        for name, words in raw.items()
    }
    return Harmless(**said)  # type: ignore[arg-type] # the names were compared, and PHRASES says which is which


def _danger(raw: _DangerIn, lists: dict[str, str], reader: Reader) -> Danger:
    case = RuleCase(parse("always"), raw.severity, raw.client_text, raw.clinic_action)
    patterns = []
    for text in raw.patterns:
        try:
            patterns.append(pattern(text, lists))
        except (KeyError, ValueError, IndexError) as error:
            reader.complain(FILE, raw.id, f"pattern {text!r} names a list that is not there: {error}")
    given = {
        name: getattr(raw, name)
        for name in ("settled", "crisis", "passes", "ever", "anyone", "eased", "tone")
    }
    return Danger(
        raw.id,
        raw.name,
        raw.source,
        case,
        tuple(patterns),
        unless=tuple(map(phrase, raw.unless)),
        match=raw.match,
        no_match=raw.no_match,
        **given,
    )
