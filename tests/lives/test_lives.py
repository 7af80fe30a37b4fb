"""Random lives of a clinic at each scheduler: whatever happens, in whichever order, every promise holds."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from handlers.context import Context
from integrations.schedulers import SCHEDULERS
from tests.lives.clinic import counted, watched
from tests.lives.life import Life

EXAMPLES = settings().max_examples
LIVES = int(os.environ.get("LIVES") or EXAMPLES // (5 if EXAMPLES < 60 else 4))  # three in `make test`
STEPS = 30


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nothing_of_one_person_reaches_another_whatever_happens(context: Context, scheduler: str) -> None:
    with watched() as faults, counted(context.db) as writes:

        class OneLife(Life):
            def __init__(self) -> None:
                super().__init__(context, scheduler, faults, writes)

        run_state_machine_as_test(
            OneLife,
            settings=settings(
                max_examples=LIVES,
                derandomize="LIVES" not in os.environ,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
