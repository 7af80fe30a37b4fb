"""A dose in words: how much, how often, how fast, and which side first."""

from schemas.notions.words import Words
from schemas.plan import Dose, Side


def dose_text(dose: Dose, words: Words) -> str:
    """The dose as short parts with dots between: `2 sets of 8 · hold 3 seconds · 4 days a week`."""
    amount, often = _amount(dose, words), _often(dose, words)
    parts = [*amount, *often, dose.note] if amount else [dose.note.rstrip("."), *often]
    text = " · ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def tempo_text(tempo: str, words: Words) -> str:
    """`2-1-3` (seconds out, held, back) as one sentence; empty for no tempo."""
    if not tempo:
        return ""
    up, _, down = tempo.split("-")
    return words.say("dose.tempo", up=up, down=down)


def side_text(side: Side, words: Words) -> str:
    """Which side to begin with; empty for an exercise without sides."""
    return "" if side is Side.NONE else words.say(f"side.{side}")


def _amount(dose: Dose, words: Words) -> list[str]:
    if dose.minutes:
        return [words.say("dose.minutes", n=dose.minutes)]
    if not dose.reps:
        return []
    side = words.say("dose.side") if dose.each_side else ""
    hold = words.say("dose.hold", n=dose.hold_seconds) if dose.hold_seconds else ""
    if dose.reps == 1:
        count = words.say("dose.once") if dose.sets == 1 else words.say("dose.times", n=dose.sets)
        return [hold, f"{count} {side}".strip()]
    once = words.say("dose.times", n=dose.reps)
    count = once if dose.sets == 1 else words.say("dose.sets", n=dose.sets, reps=dose.reps)
    return [f"{count} {side}".strip(), hold]


def _often(dose: Dose, words: Words) -> list[str]:
    a_day = words.say("dose.a_day", n=dose.times_per_day) if dose.times_per_day > 1 else ""
    if dose.days_per_week == 7:
        return [a_day, words.say("dose.every_day")]
    return [a_day, words.say("dose.a_week", n=dose.days_per_week) if dose.days_per_week else ""]
