"""Passwords are hashed two at a time on one machine: a hash takes 64 MiB and all of a processor."""

import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE, MOST_WAITING = 2, 4
NICE = 10  # webhooks and pages go first
T = TypeVar("T")
_hasher = PasswordHasher()
# A hash that no password opens: an unknown address costs as much time as a wrong password.
DECOY = "$argon2id$v=19$m=65536,t=3,p=4$ynFDfaFrc9di1NcNDSxHLg$AdoLFPZG7UfyP+CweztO7mfEHvTIc+yECTZOXb156QM"


class Busy(Exception):
    """So many wait already that one more would wait for too long."""


_numbers = count()
_thread = threading.local()
_places = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)


def _begin() -> None:
    _thread.lock = _lock_file(next(_numbers) % AT_ONCE)
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _lock_file(number: int) -> int:
    """A file that every process of this account on this machine locks for the same place."""
    path = Path(tempfile.gettempdir()) / f"aftercare-{os.getuid()}-password-{number}"
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


_hashing = ThreadPoolExecutor(AT_ONCE, "password", initializer=_begin)


@contextmanager
def place() -> Iterator[None]:
    """A place in the short line for a hash; raises `Busy` at once when there is none."""
    if not _places.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _places.release()


def run(work: Callable[[], T]) -> T:
    """Do it in one of the few threads for it, and wait for the result. Begin no transaction before."""
    return _hashing.submit(_alone, work).result()


def _alone(work: Callable[[], T]) -> T:
    fcntl.flock(_thread.lock, fcntl.LOCK_EX)
    try:
        return work()
    finally:
        fcntl.flock(_thread.lock, fcntl.LOCK_UN)


def hashed(password: str) -> str:
    """The hash of a password, made in its turn."""
    return run(partial(_hasher.hash, password))


def hash_here(password: str) -> str:
    """The hash of a password, made at once: for commands, which nobody floods."""
    return _hasher.hash(password)


def is_old(password_hash: str) -> bool:
    """True for a hash of weaker parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


def matches(password_hash: str, password: str) -> bool:
    """True for the password behind a hash; takes as long for a wrong one."""
    try:
        return run(partial(_hasher.verify, password_hash, password))
    except (Argon2Error, InvalidHashError):
        return False
