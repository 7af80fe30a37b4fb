"""From a figure to SVG: the start panel, the finish panel, both side by side, and sheets of many."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from render.figures import marks
from render.figures.canvas import Canvas, number
from render.figures.look import LOOKS, Look, look_for
from render.figures.scene import draw_scene
from schemas.figure import Figure, Point

TILE = "#f5f7f9"
MARGIN = 3.5
ASPECT = (0.85, 2.1)
SCALE = 4
GAP = 4.0
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """A whole SVG document, its size in pixels at 1:1, its text alternative and the language of that."""

    svg: str
    width: int
    height: int
    label: str
    language: str


@lru_cache(maxsize=256)
def panels(figure: Figure, look: Look = LOOKS[0]) -> tuple[Panel, Panel]:
    """The start and the finish of an exercise."""
    scenes = _scenes(figure, look)
    box = _framed(figure, scenes)
    first, second = (
        panel_of(_tile(scene, digit, box), label, box, figure.language)
        for digit, (scene, label) in enumerate(
            zip(scenes, (figure.alt_start, figure.alt_end), strict=True), 1
        )
    )
    return first, second


@lru_cache(maxsize=256)
def pair_svg(figure: Figure, look: Look = LOOKS[0]) -> str:
    """Both panels side by side in one SVG, for the PDF and for the PNG in a mail."""
    scenes = _scenes(figure, look)
    left, bottom, right, top = _framed(figure, scenes)
    width = right - left
    start, end = (_tile(scene, digit, (left, bottom, right, top)) for digit, scene in enumerate(scenes, 1))
    moved = f'<g transform="translate({number(width + GAP)} 0)">{end}</g>'
    return _document(
        start + moved, f"{figure.alt_start} {figure.alt_end}", (left, bottom, right + width + GAP, top)
    )


def sheet(figures: Iterable[tuple[str, Figure]], columns: int = 2, look: Look | None = None) -> str:
    """A contact sheet of (name, figure) rows as one SVG; without `look` each exercise gets its own."""
    cell, tall, parts = 300.0, 132.0, []
    rows = list(figures)
    for index, (name, figure) in enumerate(rows):
        x, y = (index % columns) * cell, index // columns * tall
        text = f'<text x="{x + 6:g}" y="{y + 12:g}" font-size="9" font-family="Noto Sans, sans-serif">'
        parts.append(f"{text}{escape(name)}</text>")
        parts.append(
            _cell(pair_svg(figure, look or look_for(figure.exercise)), x + 6, y + 16, cell - 12, tall - 20)
        )
    height = -(-len(rows) // columns) * tall
    ground = f'<rect width="{cell * columns:g}" height="{height:g}" fill="#fff"/>'
    return _svg(ground + "".join(parts), f"0 0 {cell * columns:g} {height:g}", (cell * columns, height))


def frame_of(figure: Figure, look: Look = LOOKS[0]) -> Box:
    """The part of the world that both panels show: left, bottom, right, top."""
    return figure.crop or _framed(figure, _scenes(figure, look))


def drawn_box(figure: Figure, look: Look = LOOKS[0]) -> Box:
    """What the person, the props and the arrows of both panels fill: left, bottom, right, top."""
    return _box(_scenes(figure, look))


def shared_frame(figure: Figure, look: Look) -> Box:
    """The part of the world that a page shows of a figure, shaped so that it can be laid out."""
    return _framed(figure, _scenes(figure, look))


def _scenes(figure: Figure, look: Look) -> tuple[Canvas, Canvas]:
    return draw_scene(figure, look, "start"), draw_scene(figure, look, "end")


def _framed(figure: Figure, scenes: tuple[Canvas, Canvas]) -> Box:
    if figure.crop:
        return figure.crop
    left, bottom, right, top = _box(scenes)
    return _shaped(left - MARGIN, bottom - MARGIN, right + MARGIN, top + MARGIN)


def _box(scenes: tuple[Canvas, Canvas]) -> Box:
    first, second = (scene.box for scene in scenes)
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def _shaped(left: float, bottom: float, right: float, top: float) -> Box:
    """Widen a box that is too slim, or heighten one that is too flat, to a shape that can be laid out."""
    width, height = right - left, top - bottom
    more_width = max(0.0, height * ASPECT[0] - width) / 2
    more_height = max(0.0, width / ASPECT[1] - height)
    return left - more_width, bottom - more_height * 0.4, right + more_width, top + more_height * 0.6


def _cell(svg: str, x: float, y: float, width: float, height: float) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    head_end = svg.index(">")
    view = svg[svg.index("viewBox") : head_end].split('"')[1]
    return f'<svg {place} viewBox="{view}" preserveAspectRatio="xMinYMid meet">{svg[head_end + 1 :]}'


def panel_of(content: str, label: str, box: Box, language: str) -> Panel:
    """A drawing as a whole document of the box's shape."""
    width, height = round((box[2] - box[0]) * SCALE), round((box[3] - box[1]) * SCALE)
    return Panel(_document(content, label, box), width, height, label, language)


def _document(content: str, label: str, box: Box) -> str:
    width, height = box[2] - box[0], box[3] - box[1]
    view = f"{number(box[0])} {number(-box[3])} {number(width)} {number(height)}"
    title = f"<title>{escape(label)}</title>"
    return _svg(
        title + content, view, (width * SCALE, height * SCALE), f' role="img" aria-label={quoteattr(label)}'
    )


def _svg(content: str, view: str, size: Point, extra: str = "") -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:.0f}" height="{size[1]:.0f}" '
        f'viewBox="{view}"{extra}>{content}</svg>'
    )


def plain_tile(box: Box) -> str:
    """The light ground of a panel."""
    left, bottom, right, top = box
    size = f'width="{number(right - left)}" height="{number(top - bottom)}"'
    return f'<rect x="{number(left)}" y="{number(-top)}" {size} rx="3" fill="{TILE}"/>'


def _tile(scene: Canvas, digit: int, box: Box) -> str:
    """A panel without its document: a nested SVG on a light tile, so that nothing hangs over its edge."""
    left, bottom, right, top = box
    width, height = number(right - left), number(top - bottom)
    x, y = number(left), number(-top)
    tile = plain_tile(box)
    size = min(1.25, (right - left) / 75)
    mark = marks.badge((left + 6 * size, 6 * size - top), digit, size)
    clip = f'<svg x="{x}" y="{y}" width="{width}" height="{height}" viewBox="{x} {y} {width} {height}">'
    return f"{clip}{tile}{''.join(scene.elements)}{mark}</svg>"
