"""Random intakes and random courses of check-ins, by the million: `python -m tests.helpers.random_clients`.

Each client is drawn from a seed, so what is broken can be drawn again. The command divides the seeds among
processes, and its last line is the figure.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from clinical.answers.facts import age_on, derive
from clinical.answers.flags import evaluate
from clinical.plan.case import Case, Policy, case_for, with_facts
from clinical.plan.choose import choose, holds_of
from clinical.plan.recipe import recipe
from schemas.choosing import Mode
from schemas.plan import Plan, Readiness
from tests.clinical.test_course import BETTER, UNCHANGED, WORSE, Weeks, asks, reply
from tests.helpers.content import library
from tests.helpers.strategies import HEALTHY, MULTI, OTHER, RISKS, TODAY, Answers, moves, with_answer

POLICY = Policy(mode=Mode.CLINICAL)
SYMPTOMS = {
    "pain_onset": ["slowly", "suddenly_no_reason", "lifting_twisting", "fall_crash_hit", "after_surgery"],
    "pain_pattern": ["comes_and_goes", "always_there_changes", "always_there_same"],
    "night_wake": ["no", "when_i_roll", "second_half_of_night", "all_night_no_ease"],
    "rf_weak": ["yes"],
    "rf_saddle": ["yes", "not_sure"],
    "rf_fever": ["yes"],
    "rf_infection_risk": ["yes"],
    "rf_pop": ["yes"],
    "comfort_note": ["chest pain on stairs", "quiet please"],
}
EVERY = [
    (name, value) for table in (RISKS, OTHER, SYMPTOMS) for name, values in table.items() for value in values
]
RISKY = [(name, value) for name, values in RISKS.items() for value in values]
HELD_PLACES = ("belly", "neck_front", "jaw", "chest")


def drawn(by: random.Random) -> Answers:
    """A healthy client with up to ten answers changed."""
    answers: Answers = dict(HEALTHY)
    for name, value in by.sample(EVERY, by.randint(0, 10)):
        answers = with_answer(answers, name, value)
    return answers


def case(answers: Answers) -> Case:
    """What a plan is chosen from, with the flags that the rules find."""
    known, age = derive(answers, TODAY), age_on(answers, TODAY)
    return case_for(answers, known, age, evaluate(answers, known, age, library().rules))


def held(case: Case) -> set[str]:
    """Every fact that keeps a plan of this case back, but for a plan that is too small."""
    known = with_facts(case, moves().choosing)
    return {hold.fact for hold in holds_of(known, recipe(known, moves())[0], POLICY)}


def check(answers: Answers, plan: Plan, case: Case) -> None:
    """Raise AssertionError where a plan lets something pass that has to keep it back."""
    known = with_facts(case, moves().choosing)
    if case.stopped:
        assert plan.status is Readiness.NONE
        assert plan.items == ()
    if any(str(answers.get("main_region", "")).startswith(place) for place in HELD_PLACES):
        assert plan.status is not Readiness.READY
    if case.in_review:
        assert plan.status is not Readiness.READY
    for item in plan.items:
        exercise = moves().exercises[item.exercise_id]
        assert not exercise.avoid & known.facts
        assert item.level == 1 or not exercise.caution & known.facts


def intake(by: random.Random) -> None:
    """No random intake gets past what keeps it safe, and a further risk lifts no hold."""
    answers = drawn(by)
    asked = case(answers)
    check(answers, choose(asked, moves(), POLICY), asked)
    name, value = by.choice(RISKY)
    if name not in answers or name in MULTI:
        lifted = held(asked) - held(case(with_answer(answers, name, value)))
        assert not lifted, (answers, name, value)


def ready(by: random.Random) -> Case:
    """A client whose first plan goes out by itself."""
    while True:
        asked = case(drawn(by))
        if choose(asked, moves(), POLICY).status is Readiness.READY:
            return asked


def pair(by: random.Random) -> None:
    """Better, unchanged and worse stay in order, and a reply that is worse never grows a plan."""
    asked = ready(by)
    more = {"difficulty": by.randint(1, 3), "days_done": by.randint(5, 7)}
    better, unchanged, worse = (
        asks(Weeks(asked).through(pains, **more).plan) for pains in (BETTER, UNCHANGED, WORSE)
    )
    assert better >= unchanged >= worse
    weeks = Weeks(asked)
    before = asks(weeks.plan)
    weeks.week(replace(reply(by.randint(7, 10)), days_done=by.randint(1, 7)))
    assert asks(weeks.plan) <= before


CHECKS: dict[str, Callable[[random.Random], None]] = {"intake": intake, "pair": pair}


@dataclass(frozen=True, slots=True)
class Block:
    """Clients to be checked in one go: from the seed `first` on."""

    kind: str
    first: int
    count: int


def broken(block: Block) -> list[str]:
    """Every client of a block that breaks a rule, as seed and what is wrong."""
    found = []
    for seed in range(block.first, block.first + block.count):
        try:
            CHECKS[block.kind](random.Random(seed))
        except AssertionError as error:
            found.append(f"{block.kind} {seed}: {str(error).splitlines()[:1]}")
    return found


def blocks(kind: str, first: int, count: int, size: int) -> Iterator[Block]:
    """Divide the seeds."""
    for start in range(first, first + count, size):
        yield Block(kind, start, min(size, first + count - start))


def main(args: Sequence[str] | None = None) -> int:
    """Check as many clients as asked for, in the time that is given; 1 where one breaks a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intakes", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=0, help="stop then, 0 for never")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    given = parser.parse_args(args)
    begun, done, wrong = time.monotonic(), dict.fromkeys(CHECKS, 0), []
    work = [*blocks("pair", given.seed, given.pairs, 50), *blocks("intake", given.seed, given.intakes, 500)]
    with ProcessPoolExecutor(given.processes) as pool:
        for block, found in zip(work, pool.map(broken, work, chunksize=1), strict=True):
            done[block.kind] += block.count
            wrong += found
            print(*found, sep="\n", end="\n" if found else "", flush=True)
            if given.minutes and time.monotonic() - begun > 60 * given.minutes:
                pool.shutdown(cancel_futures=True)
                break
    minutes = (time.monotonic() - begun) / 60
    print(
        f"{done['intake']:,} intakes and {done['pair']:,} pairs of check-ins from seed {given.seed} "
        f"in {minutes:.0f} minutes: {len(wrong)} broken"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
