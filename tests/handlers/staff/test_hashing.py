"""A flood of sign-ins: two hashes at once, a short line, and a plain word to everybody else."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from handlers.context import Context
from handlers.staff import hashing, sign_in, tries
from handlers.staff.tries import Refused
from tests.helpers.clinic import NOW


def test_two_are_hashed_at_once_and_few_wait() -> None:
    now, most, gate = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal now, most
        with gate:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with gate:
            now -= 1

    def attempt(_number: int) -> bool:
        try:
            with hashing.place():
                hashing.run(work)
        except hashing.Busy:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(attempt, range(20)))
    assert most == hashing.AT_ONCE
    assert hashing.AT_ONCE <= done.count(True) < 20
    assert attempt(0), "the places are given back"


def test_who_finds_no_place_is_told_so_and_nothing_is_written(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "_places", threading.BoundedSemaphore(1))
    with hashing.place():
        found = sign_in.log_in(context, "a@b.example", "some password", "10.0.0.1", NOW, require_totp=False)
    assert found is Refused.busy
    with context.db.read() as tx:
        assert not tries.too_many(tx, tries.keys("a@b.example", "10.0.0.1"), NOW)
