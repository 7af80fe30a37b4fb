"""A figure that moves: one small SVG, drawn at moments on its way and woven into one by SMIL.

No script and no style stand in it, so that it works as a plain image under a strict policy. What stands still
is written once; what moves is one path with one `animate`. A picture cannot ask whether its reader wants less
motion: the page does, and shows the still pair instead.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import cos, pi

from render.figures.look import LOOKS, Look
from render.figures.panels import Panel, panel_of, plain_tile, shared_frame
from render.figures.scene import draw_between, draw_marks
from schemas.figure import Figure

STEPS = 6
"""Steps on the way; between two moments the browser draws straight on."""
LONGEST_HOLD = 6.0
"""Seconds: who looks at a picture waits no longer for the way back, however long the hold is."""
REST = 0.8
ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
LETTERS = re.compile(r"[^A-Za-z]+")
Frames = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds on the way out, held at the finish, and on the way back."""

    out: float = 2.0
    held: float = 1.0
    back: float = 2.0


@dataclass(frozen=True, slots=True)
class Score:
    """When each moment is shown: its number, at which share of the whole; and the whole in seconds."""

    moments: tuple[int, ...]
    times: tuple[str, ...]
    seconds: str

    def animate(self, name: str, values: Sequence[str], mode: str = "") -> str:
        """Let an attribute take each moment's value."""
        shown = ";".join(values[moment] for moment in self.moments)
        how = f' calcMode="{mode}"' if mode else ""
        return (
            f'<animate attributeName="{name}"{how} dur="{self.seconds}s" repeatCount="indefinite" '
            f'keyTimes="{";".join(self.times)}" values="{shown}"/>'
        )


@lru_cache(maxsize=256)
def moving(figure: Figure, look: Look = LOOKS[0], tempo: Tempo = Tempo()) -> Panel:
    """Return a figure that moves from start to finish and back at a tempo, for ever."""
    frames = [draw_between(figure, look, _eased(step / STEPS)).elements for step in range(STEPS + 1)]
    box, score = shared_frame(figure, look), _score(tempo)
    content = plain_tile(box) + _woven(frames, score)
    if frames[0] == frames[-1]:
        content += _marked(figure, score)
    return panel_of(content, f"{figure.alt_start} {figure.alt_end}", box, figure.language)


def _marked(figure: Figure, score: Score) -> str:
    """A squeeze moves nothing that is seen: its arrows and its ring come and go instead."""
    seen = score.animate("opacity", [f"{_eased(step / STEPS):.2f}" for step in range(STEPS + 1)])
    return f'<g opacity="0">{seen}{"".join(draw_marks(figure, "end").elements)}</g>'


def moment(figure: Figure, look: Look, share: float) -> Panel:
    """Return one moment of a moving figure, `share` 0 to 1, as a still picture."""
    box = shared_frame(figure, look)
    drawn = "".join(draw_between(figure, look, share).elements)
    return panel_of(plain_tile(box) + drawn, figure.alt_start, box, figure.language)


def _eased(share: float) -> float:
    return (1 - cos(pi * share)) / 2


def _score(tempo: Tempo) -> Score:
    out, held = max(tempo.out, 0.5), min(tempo.held, LONGEST_HOLD)
    back = max(tempo.back, 0.5)
    there, home = list(range(STEPS + 1)), list(range(STEPS, -1, -1))
    steps = [out / STEPS] * STEPS + [held] + [back / STEPS] * STEPS + [REST]
    whole = sum(steps)
    times = [0.0, *accumulate(steps)]
    return Score(
        (*there, *home, 0),
        tuple(f"{each / whole:.3f}".rstrip("0").rstrip(".") for each in times),
        f"{whole:.2f}".rstrip("0").rstrip("."),
    )


def _woven(frames: Frames, score: Score) -> str:
    """One element for each drawn one where the moments match; else what differs is shown moment by moment."""
    if len({len(frame) for frame in frames}) == 1:
        return "".join(_one(parts, score) for parts in zip(*frames, strict=True))
    head, tail = _alike(frames), _alike([frame[::-1] for frame in frames])
    tail = min(tail, min(map(len, frames)) - head)
    middle = [frame[head : len(frame) - tail] for frame in frames]
    before = (_one(parts, score) for parts in zip(*(frame[:head] for frame in frames), strict=True))
    ends = [frame[len(frame) - tail :] for frame in frames]
    after = (_one(parts, score) for parts in zip(*ends, strict=True))
    return "".join([*before, *_flipped(["".join(each) for each in middle], score), *after])


def _alike(frames: Frames) -> int:
    """How many elements from the beginning can be woven one by one."""
    for count, parts in enumerate(zip(*frames, strict=False)):
        if not _matches(parts):
            return count
    return min(map(len, frames))


def _matches(parts: Sequence[str]) -> bool:
    """Whether one element drawn at each moment differs in numbers and colours alone."""
    return len({_shape(part) for part in parts}) == 1 and (parts[0].endswith("/>") or len(set(parts)) == 1)


def _shape(part: str) -> str:
    """An element without its values; of a path the letters stay."""
    return ATTRIBUTE.sub(
        lambda found: f"{found[1]}={LETTERS.sub('', found[2]) if found[1] == 'd' else ''}", part
    )


def _one(parts: Sequence[str], score: Score) -> str:
    if len(set(parts)) == 1:
        return parts[0]
    if not _matches(parts):
        return "".join(_flipped(parts, score))
    values = [dict(ATTRIBUTE.findall(part)) for part in parts]
    changing = [name for name in values[0] if len({each[name] for each in values}) > 1]
    animated = "".join(score.animate(name, [each[name] for each in values]) for name in changing)
    tag = parts[0][1:].split(" ", 1)[0]
    return f"{parts[0].removesuffix('/>')}>{animated}</{tag}>"


def _flipped(parts: Sequence[str], score: Score) -> list[str]:
    """Moments that cannot be woven: each is seen in its time; equal ones are written once."""
    made = []
    for part in dict.fromkeys(parts):
        seen = ["inline" if each == part else "none" for each in parts]
        flip = score.animate("display", seen, "discrete")
        made.append(f'<g display="{seen[0]}">{flip}{part}</g>')
    return made
