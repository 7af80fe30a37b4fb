"""The words of a dose, in each language that a plan can be written in."""

from typing import Protocol

WORDS = {
    "en": {
        "set": "{reps} times",
        "sets": "{sets} sets of {reps}",
        "once": "once",
        "times": "{sets} times",
        "hold": "hold {seconds} seconds",
        "side": "each side",
        "minute": "1 minute",
        "minutes": "{minutes} minutes",
        "a_day": "{times} times a day",
        "a_week": "{days} days a week",
        "every_day": "every day",
        "tempo": "Go slow. Take {up} seconds one way and {down} seconds back.",
        "left": "Do both sides. Start with your left side.",
        "right": "Do both sides. Start with your right side.",
        "both": "Do both sides.",
        "none": "",
    },
    "es": {
        "set": "{reps} veces",
        "sets": "{sets} series de {reps}",
        "once": "una vez",
        "times": "{sets} veces",
        "hold": "mantenga {seconds} segundos",
        "side": "cada lado",
        "minute": "1 minuto",
        "minutes": "{minutes} minutos",
        "a_day": "{times} veces al día",
        "a_week": "{days} días a la semana",
        "every_day": "todos los días",
        "tempo": "Vaya despacio. Tome {up} segundos de ida y {down} segundos de vuelta.",
        "left": "Haga los dos lados. Empiece por el lado izquierdo.",
        "right": "Haga los dos lados. Empiece por el lado derecho.",
        "both": "Haga los dos lados.",
        "none": "",
    },
}


class DoseLike(Protocol):
    """The figures that `dose_text` needs (see `schemas.plan.Dose`)."""

    @property
    def sets(self) -> int: ...
    @property
    def reps(self) -> int: ...
    @property
    def hold_seconds(self) -> int: ...
    @property
    def each_side(self) -> bool: ...
    @property
    def minutes(self) -> int: ...
    @property
    def days_per_week(self) -> int: ...
    @property
    def times_per_day(self) -> int: ...
    @property
    def note(self) -> str: ...


def dose_text(dose: DoseLike, language: str) -> str:
    """The dose as short parts with dots between; English where the language has no words yet."""
    words = WORDS.get(language, WORDS["en"])
    amount, often = _amount(dose, words), _often(dose, words)
    parts = [*amount, *often, dose.note] if amount else [dose.note.rstrip("."), *often]
    text = " · ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def tempo_text(tempo: str, language: str) -> str:
    """`2-1-3` (seconds out, held, back) as one sentence; empty for no tempo."""
    if not tempo:
        return ""
    up, _, down = tempo.split("-")
    return WORDS.get(language, WORDS["en"])["tempo"].format(up=up, down=down)


def side_text(side: str, language: str) -> str:
    """Which side to begin with; empty for a move without sides."""
    return WORDS.get(language, WORDS["en"])[side]


def _amount(dose: DoseLike, words: dict[str, str]) -> list[str]:
    if not dose.minutes and not dose.reps:
        return []
    if dose.minutes:
        return [words["minute"] if dose.minutes == 1 else words["minutes"].format(minutes=dose.minutes)]
    side = words["side"] if dose.each_side else ""
    hold = words["hold"].format(seconds=dose.hold_seconds) if dose.hold_seconds else ""
    if dose.reps == 1:
        count = words["once"] if dose.sets == 1 else words["times"].format(sets=dose.sets)
        return [hold, f"{count} {side}".strip()]
    count = words["set" if dose.sets == 1 else "sets"].format(sets=dose.sets, reps=dose.reps)
    return [f"{count} {side}".strip(), hold]


def _often(dose: DoseLike, words: dict[str, str]) -> list[str]:
    a_day = words["a_day"].format(times=dose.times_per_day) if dose.times_per_day > 1 else ""
    week = words["every_day"] if dose.days_per_week == 7 else words["a_week"].format(days=dose.days_per_week)
    return [a_day, week if dose.days_per_week else ""]
