"""Checks across content files: every id resolves, chains get easier, doses rise, words are allowed."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from schemas.choosing import Mode, PlanContent
from schemas.exercise import LEVELS, NOT_SURE, Exercise, Protocol
from schemas.plan import Dose

Finding = tuple[str, str, str]
"""File, id or key, and what is wrong."""


def unresolved(moves: PlanContent) -> list[Finding]:
    """Return everything that is wrong between the files."""
    found: list[Finding] = []
    for exercise in moves.exercises.values():
        found.extend((f"exercises/{exercise.id}.toml", *one) for one in _exercise(exercise, moves))
    for protocol in moves.protocols.values():
        found.extend((f"protocols/{protocol.id}.toml", *one) for one in _protocol(protocol, moves))
    found.extend(("rules/choosing.toml", *one) for one in _choosing(moves))
    found.extend(("rules/facts.toml", *one) for one in _facts(moves))
    found.extend(("wording.toml", *one) for one in _wording(moves))
    return found


def banned_in(text: str, banned: Iterable[str]) -> list[str]:
    """Return the banned words or phrases that a text has, as whole words in any case."""
    words = tuple(banned)
    return [word for word in words if _any_of((word,)).search(text)] if _any_of(words).search(text) else []


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


def texts_of(exercise: Exercise) -> Iterator[str]:
    """Yield every text of an exercise that a client reads."""
    yield from (exercise.name, exercise.why, exercise.stop_when)
    yield from (*exercise.steps, *exercise.cues, *exercise.mistakes)
    yield from (exercise.dose.at(level).note for level in LEVELS)


def amount(dose: Dose) -> int:
    """Return how much work a dose is in a week, in seconds, to compare two levels of one move."""
    seconds = dose.minutes * 60 or dose.sets * dose.reps * (dose.hold_seconds or 2) * (
        2 if dose.each_side else 1
    )
    return seconds * dose.times_per_day * dose.days_per_week


def _exercise(exercise: Exercise, moves: PlanContent) -> Iterator[tuple[str, str]]:
    known = moves.exercises
    for other in (exercise.easier, exercise.harder, *exercise.swaps):
        if other and other not in known:
            yield other, "no such exercise"
    yield from ((tag, "no such tag") for tag in exercise.tags if tag not in moves.tags)
    yield from ((place, "no such place") for place in exercise.presses if place not in moves.choosing.regions)
    easier = known.get(exercise.easier)
    if easier and easier.rank > exercise.rank:
        yield "easier", f"{easier.id} has a higher rank than {exercise.id}"
    amounts = [amount(exercise.dose.at(level)) for level in LEVELS]
    if amounts != sorted(amounts):
        yield "dose", "a higher level must not ask for less"
    if not 3 <= len(exercise.steps) <= 5:
        yield "steps", "three to five steps, please"
    for text in texts_of(exercise):
        yield from ((word, f"not allowed in a client's text: {text}") for word in _banned(text, moves))


def _protocol(protocol: Protocol, moves: PlanContent) -> Iterator[tuple[str, str]]:
    for exercise in sorted(protocol.exercises() - set(moves.exercises)):
        yield exercise, "no such exercise"
    if len(protocol.stage) != len(LEVELS):
        yield "stage", "a protocol has three stages"
    if any(move.level not in LEVELS for stage in protocol.stage for move in stage.moves):
        yield "level", "a level is 1, 2 or 3"
    for text in (protocol.client_name, protocol.tip, *(case.because for case in protocol.adjust)):
        yield from ((word, f"not allowed in a client's text: {text}") for word in _banned(text, moves))


def _choosing(moves: PlanContent) -> Iterator[tuple[str, str]]:
    rules = moves.choosing
    yield from (
        (row.id, f"no such protocol: {row.protocol}")
        for row in rules.match
        if row.protocol not in moves.protocols
    )
    yield from (
        (note.id, f"no such exercise: {note.exercise}")
        for note in rules.dose_note
        if note.exercise not in moves.exercises
    )
    if not rules.match or str(rules.match[-1].when) != "always":
        yield "match", "the last row must be: when = always"
    if "calm_only" not in moves.protocols:
        yield "calm_only", "this protocol must exist: it is what every plan can fall back on"
    reasons = [(row.id, row.because) for row in rules.match]
    reasons += [(row.id, row.because) for row in (*rules.start_low, *rules.start_high)]
    for name, text in reasons:
        yield from ((name, f"{word!r} is not allowed in: {text}") for word in _banned(text, moves))


def _facts(moves: PlanContent) -> Iterator[tuple[str, str]]:
    used = {fact for exercise in moves.exercises.values() for fact in exercise.avoid | exercise.caution}
    unsaid = sorted(fact for fact in used - set(moves.facts) if not fact.endswith(NOT_SURE))
    yield from ((fact, "has no words for the client") for fact in unsaid)
    for fact, text in moves.facts.items():
        yield from ((fact, f"{word!r} is not allowed in: {text}") for word in _banned(text, moves))


def _wording(moves: PlanContent) -> Iterator[tuple[str, str]]:
    wording = moves.wording
    yield from ((mode, "this mode is missing") for mode in Mode if mode not in wording.modes)
    for name, mode in wording.modes.items():
        yield from ((one, "no such exercise") for one in mode.leave_out if one not in moves.exercises)
        for text in (mode.title, mode.intro, mode.scope):
            banned = (*wording.words.banned, *mode.banned)
            yield from ((name, f"{word!r} is not allowed in: {text}") for word in banned_in(text, banned))
    for key, text in (*wording.reasons.items(), *wording.changes.items(), *wording.phases.items()):
        yield from ((key, f"{word!r} is not allowed in: {text}") for word in _banned(text, moves))


def _banned(text: str, moves: PlanContent) -> list[str]:
    return banned_in(text, moves.wording.words.banned)
