"""Measures how long one plan takes to choose: `python -m bench.choosing`. The bar is a median under 5 ms."""

import statistics
import sys
import time
from pathlib import Path

from clinical.plan.case import Case, Policy, case_for
from clinical.plan.choose import choose
from library.content import load

CONTENT = Path(__file__).parent.parent / "content"
REGIONS = ("neck_back", "low_back", "knee_front", "hip_side", "mid_back", "calf", "belly", "shoulder_blade")
RISKS = (
    "move_floor=no",
    "cond_bone=osteoporosis",
    "falls_flag=yes",
    "med_blood_thinner=yes",
    "pregnancy=t2",
    "",
)
ROUNDS, BAR = 20, 5.0


def cases() -> list[Case]:
    """Return one case for each region and risk."""
    able = {"move_floor=yes", "move_kneel=yes", "move_stand=yes", "is_runner=yes", "equipment=ball"}
    return [
        case_for(
            {"main_region": region, "pain_now": "3", "minutes_per_day": "15", "consent_exercise": "yes"},
            {*able, f"main_region={region}", f"pain_regions={region}", risk} - {""},
            age=40 + 10 * number,
        )
        for number, region in enumerate(REGIONS)
        for risk in RISKS
    ]


def main() -> int:
    """Print the figures; return 1 when the median misses the bar."""
    moves, policy, taken = load(CONTENT).plan_content, Policy(clinic_phone="555-0100"), []
    for case in cases() * ROUNDS:
        start = time.perf_counter()
        choose(case, moves, policy)
        taken.append((time.perf_counter() - start) * 1000)
    median, worst = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    print(f"choose: {len(taken)} plans, median {median:.2f} ms, p99 {worst:.2f} ms (bar {BAR:.0f} ms)")
    return 0 if median < BAR else 1


if __name__ == "__main__":
    sys.exit(main())
