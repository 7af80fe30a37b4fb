"""Pain, activities and days done over time as one SVG: no style, no script, words for who cannot see it.

The colours stand out on light and on dark pages, and text takes the page's own colour. The lines differ by
dash and by mark too. Page CSS may use chart, chart-grid, chart-tick and chart-pain, -activity, -days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from xml.sax.saxutils import escape

from render.language.readable import short_date
from schemas.notions.words import Words

PAIN, ACTIVITY, DAYS = "#d9480f", "#8a5cd6", "#0e8c87"
APART = 18  # pixels between the last values of two lines
BOTTOM, LEFT, RIGHT = 34, 28, 34
LABELS = 4
MOST_POINTS = 100  # of a line


@dataclass(frozen=True, slots=True)
class Reading:
    """What a client said on one day, as far as known.

    Pain 0-10, days done in the week before, and how well the things go that were hard to do (0-10, a mean).
    """

    day: date
    pain: int | None = None
    days_done: int | None = None
    activity: float | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a chart in pixels and the days that it spans."""

    width: int
    height: int
    size: int
    top: int
    first: date
    span: int

    def x(self, day: date) -> float:
        """Where a day stands."""
        room = self.width - LEFT - RIGHT
        return LEFT + room * ((day - self.first).days / self.span if self.span else 0.5)

    def y(self, value: float) -> float:
        """Where a value from 0 to 10 stands."""
        return self.top + (self.height - self.top - BOTTOM) * (10 - value) / 10


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its word in classes and texts, colour, dash, and its readings in order of time."""

    word: str
    colour: str
    dash: str
    values: tuple[tuple[date, float], ...]


def progress(
    readings: Sequence[Reading], words: Words, *, narrow: bool = False, ident: str = "progress"
) -> str:
    """The chart, or "" without a single value, in the words of papers.

    `narrow` is for a phone, `ident` makes its ids unique.
    """
    rows = sorted(readings, key=lambda reading: reading.day)
    series = [line for line in _series(rows) if line.values]
    if not series:
        return ""
    days = sorted({day for line in series for day, _ in line.values})
    legend = 20 * (len(series) - 2) if len(series) > 2 else 0
    size = (340, 264 + legend, 13, 62 + legend) if narrow else (640, 270, 14, 44)
    frame = Frame(*size, days[0], (days[-1] - days[0]).days)
    body = _grid(frame) + _dates(frame, days, words.language) + _legend(frame, series, words)
    lines = "".join(_line(frame, line, words) for line in series)
    return _document(frame, ident, _describe(series, days, words), body + lines + _ends(frame, series))


def _series(rows: Sequence[Reading]) -> tuple[Series, ...]:
    pain = tuple((row.day, row.pain) for row in rows if row.pain is not None)
    done = tuple((row.day, row.days_done) for row in rows if row.days_done is not None)
    able = tuple((row.day, row.activity) for row in rows if row.activity is not None)
    return (
        Series("pain", PAIN, "", _thinned(pain)),
        Series("activity", ACTIVITY, "2 4", _thinned(able)),
        Series("days", DAYS, "7 5", _thinned(done)),
    )


def _thinned(values: Sequence[tuple[date, float]]) -> tuple[tuple[date, float], ...]:
    """The first, the last and evenly some between, where there are more than can be told apart."""
    step = -(-len(values) // MOST_POINTS) or 1
    kept = values[::-1][::step][::-1]
    return (*(values[:1] if step > 1 and kept[0] != values[0] else ()), *kept)


def _document(frame: Frame, ident: str, texts: tuple[str, str], body: str) -> str:
    title, words = (escape(text) for text in texts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {frame.width} {frame.height}" '
        f'role="img" aria-labelledby="{ident}-title {ident}-desc" '
        f'font-family="Noto Sans, system-ui, sans-serif" font-size="{frame.size}">'
        f'<title id="{ident}-title">{title}</title><desc id="{ident}-desc">{words}</desc>{body}</svg>'
    )


def _describe(series: Sequence[Series], days: Sequence[date], words: Words) -> tuple[str, str]:
    parts = []
    for line in series:
        first, last = line.values[0][1], line.values[-1][1]
        if len(line.values) > 1:
            parts.append(words.say(f"chart.went.{line.word}", first=_number(first), last=_number(last)))
        else:
            parts.append(words.say(f"chart.once.{line.word}", last=_number(last)))
    begin, end = (short_date(day, words.language) for day in (days[0], days[-1]))
    one = len(days) == 1
    parts.append(
        words.say("chart.span_once", last=end) if one else words.say("chart.span", first=begin, last=end)
    )
    return words.say("chart.title"), " ".join(parts)


def _number(value: float) -> str:
    """At most one decimal place."""
    return f"{round(value, 1):g}"


def _grid(frame: Frame) -> str:
    rows = []
    for value in (0, 2, 4, 6, 8, 10):
        y = frame.y(value)
        rows.append(
            f'<line class="chart-grid" x1="{LEFT}" x2="{frame.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="currentColor" stroke-opacity=".2"/><text class="chart-tick" x="{LEFT - 8}" '
            f'y="{y + 4.5:.1f}" text-anchor="end" fill="currentColor">{value}</text>'
        )
    return "".join(rows)


def _dates(frame: Frame, days: Sequence[date], language: str) -> str:
    y = frame.height - 8
    return "".join(
        f'<text class="chart-tick" x="{frame.x(day):.1f}" y="{y}" text-anchor="{_anchor(frame, day)}" '
        f'fill="currentColor">{escape(short_date(day, language))}</text>'
        for day in labelled(frame, days)
    )


def _anchor(frame: Frame, day: date) -> str:
    """The outer labels stay inside the picture."""
    if frame.span == 0:
        return "middle"
    if day == frame.first:
        return "start"
    return "end" if (day - frame.first).days == frame.span else "middle"


def labelled(frame: Frame, days: Sequence[date]) -> list[date]:
    """At most four of the days, first and last among them, far enough apart to be read."""
    apart = frame.size * 5.6
    chosen = [days[0], days[-1]] if len(days) > 1 else list(days[:1])
    for day in days[1:-1]:
        if len(chosen) < LABELS and all(abs(frame.x(day) - frame.x(other)) >= apart for other in chosen):
            chosen.append(day)
    return sorted(chosen)


def _legend(frame: Frame, series: Sequence[Series], words: Words) -> str:
    """One row, or one row for each line where the picture is narrow."""
    parts, x, y = [], float(LEFT), 16
    for line in series:
        text = words.say(f"chart.legend.{line.word}")
        parts.append(
            f'<path class="chart-{line.word}" d="M{x:.0f} {y}h30" fill="none" stroke="{line.colour}" '
            f'stroke-width="3"{_dash(line)}/>{_mark(line, x + 15, y)}<text x="{x + 38:.0f}" '
            f'y="{y + frame.size * 0.36:.1f}" fill="currentColor">{escape(text)}</text>'
        )
        x, y = (x, y + 20) if frame.top > 60 else (x + 52 + len(text) * frame.size * 0.56, y)
    return "".join(parts)


def _dash(line: Series) -> str:
    return f' stroke-dasharray="{line.dash}"' if line.dash else ""


def _mark(line: Series, x: float, y: float, title: str = "") -> str:
    """A disc for pain, a triangle for activities, a square for days."""
    inside = f"<title>{escape(title)}</title>" if title else ""
    start = f'class="chart-{line.word}" fill="{line.colour}"'
    if line.word == "pain":
        return f'<circle {start} cx="{x:.1f}" cy="{y:.1f}" r="4.5">{inside}</circle>'
    if line.word == "activity":
        return f'<path {start} d="M{x:.1f} {y - 5.5:.1f}l5.5 9.5h-11z">{inside}</path>'
    return f'<rect {start} x="{x - 4.2:.1f}" y="{y - 4.2:.1f}" width="8.4" height="8.4">{inside}</rect>'


def _line(frame: Frame, line: Series, words: Words) -> str:
    points = [(frame.x(day), frame.y(value)) for day, value in line.values]
    marks = "".join(
        _mark(line, x, y, _point(line, day, value, words))
        for (x, y), (day, value) in zip(points, line.values, strict=True)
    )
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline class="chart-{line.word}" points="{path}" fill="none" stroke="{line.colour}" '
        f'stroke-width="3" stroke-linejoin="round"{_dash(line)}/>{marks}'
    )


def _point(line: Series, day: date, value: float, words: Words) -> str:
    when = short_date(day, words.language)
    return words.say(f"chart.point.{line.word}", day=when, value=_number(value), n=value)


def _ends(frame: Frame, series: Sequence[Series]) -> str:
    """The last value of each line beside it, moved apart where they would touch."""
    ends = _apart([(frame.x(line.values[-1][0]), frame.y(line.values[-1][1])) for line in series])
    return "".join(
        f'<text class="chart-{line.word}" x="{x + 9:.1f}" y="{y + 5:.1f}" font-weight="700" '
        f'fill="currentColor">{_number(line.values[-1][1])}</text>'
        for line, (x, y) in zip(series, ends, strict=True)
    )


def _apart(ends: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """From above, each is pushed below the one before it; then all that were pushed go up by half of that."""
    placed = dict.fromkeys(range(len(ends)), 0.0)
    order = sorted(placed, key=lambda place: ends[place][1])
    for above, below in pairwise(order):
        touch = abs(ends[above][0] - ends[below][0]) < 24
        lowest = ends[above][1] + placed[above] + APART
        placed[below] = max(0.0, lowest - ends[below][1]) if touch else 0.0
    back = max(placed.values()) / 2
    return [(x, y + placed[place] - back) for place, (x, y) in enumerate(ends)]
