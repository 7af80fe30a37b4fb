"""How long one plan takes to print, with new data each time: median and worst, wall clock and processor.

Run as `python bench/pdf.py [moves] [rounds]` from the project's folder.
"""

import statistics
import sys
import time
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from clinical.plan.doses import dose_text, tempo_text  # noqa: E402
from library.figures import figure_from  # noqa: E402
from library.reading import Reader  # noqa: E402
from library.words import read_words  # noqa: E402
from render.figures import look_for, pair_svg  # noqa: E402
from render.paper.pdf import plan_pdf  # noqa: E402
from schemas.clinic import Clinic  # noqa: E402
from schemas.figure import Picture  # noqa: E402
from schemas.plan import Dose  # noqa: E402
from schemas.worded_plan import WordedItem, WordedPlan  # noqa: E402

MOVES = ("len_cat_camel", "act_bridge", "act_bird_dog", "int_hip_hinge", "int_sit_to_stand")
CLINIC = Clinic("Clinic", "+1 555 0142", "care@clinic.example", "UTC", "https://clinic.example")


def picture(name: str) -> Picture:
    """The drawing of one exercise."""
    data = tomllib.loads((ROOT / "content" / "figures" / f"{name}.toml").read_text(encoding="utf-8"))
    figure = figure_from(name, data)
    return Picture(pair_svg(figure, look_for(name)), figure.alt_start)


def item(name: str) -> WordedItem:
    """One exercise in its real words."""
    data = tomllib.loads((ROOT / "content" / "exercises" / f"{name}.toml").read_text(encoding="utf-8"))
    dose = Dose(sets=2, reps=8, hold_seconds=3, days_per_week=4, tempo="2-1-3")
    words = (tuple(data["steps"]), tuple(data["cues"]), tuple(data["mistakes"]), "It hurts.", data["why"])
    doses = read_words(Reader(ROOT / "content"), "doses.toml")
    said = dose_text(dose, doses)
    return WordedItem(name, data["name"], "", 1, dose, said, *words, tempo_text=tempo_text(dose.tempo, doses))


def plan(moves: int) -> WordedPlan:
    """A plan of the first so many exercises."""
    items = tuple(item(name) for name in MOVES[:moves])
    rule = "Stop at once and call us if you have new pain. " * 5
    return WordedPlan(1, "en", "Low back", "Low back", items, "Start easy.", rule, rule, rule, 4)


def main(moves: int = 3, rounds: int = 20) -> None:
    """Print the figures."""
    papers = read_words(Reader(ROOT / "content"), "papers.toml")
    pictures = {name: picture(name) for name in MOVES[:moves]}
    wall, processor = [], []
    for number in range(rounds + 1):
        before = time.perf_counter(), time.process_time()
        made = plan_pdf(
            plan(moves), CLINIC, f"Client {number}", pictures, date=date(2026, 11, 22), words=papers
        )
        wall.append(1000 * (time.perf_counter() - before[0]))
        processor.append(1000 * (time.process_time() - before[1]))
    print(f"{moves} moves, {len(made.data)} bytes, tagged: {made.tagged}; first {wall[0]:.0f} ms")
    for name, values in (("wall", wall[1:]), ("processor", processor[1:])):
        print(f"{name}: median {statistics.median(values):.0f} ms, worst {max(values):.0f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
