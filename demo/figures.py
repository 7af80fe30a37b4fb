"""Draws every exercise, start and finish, as PNG files: `make figures`."""

import sys
from pathlib import Path

import click

from library.content import load
from render.figures import look_for, pair_svg
from render.paper.raster import png

CONTENT = Path(__file__).parent.parent / "content"
WIDE = 1088  # pixels


def draw(folder: Path) -> int:
    """One file per exercise; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = load(CONTENT).figures
    with click.progressbar(sorted(figures), label="figures") as names:
        for name in names:
            (folder / f"{name}.png").write_bytes(png(pair_svg(figures[name], look_for(name)), WIDE))
    return len(figures)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(f"{draw(target)} figures in {target}")
