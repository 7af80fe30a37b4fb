"""Sealing of health answers, notes and webhook bodies; the keys live outside the database.

A sealed value is one byte that says which kind it is, four that name its key, a nonce of twelve, and the
value under AES-256-GCM. What stands before the nonce, and the place that the value is for, are its associated
data: it opens nowhere else (https://csrc.nist.gov/pubs/sp/800/38/d/final).
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BOUND = b"\x01"  # the first byte of a value that is bound to its place; those of before begin with "g"
HEADER, NONCE = 5, 12  # bytes
CODE = 16  # hexadecimal digits
MOST_BROKEN = 1000

NO_KEY = "A sealed value does not open: is the right key in FIELD_KEYS?"
MOVED = "A sealed value does not open: it was changed in the database, or taken from another place."
MISSING = "A sealed value is missing: somebody took it away."
OLDER = "A sealed value is not the one that was saved last: somebody put an older one in its place."
CHANGED = "What lets this account in, or this plan out, was changed in the database by somebody else."
UNBOUND = (
    "A sealed value is of the kind of before, and all of those were sealed again: somebody put it there."
)


class SealBroken(Exception):
    """A sealed value is not what we put there, or its key is not in FIELD_KEYS."""


class Vault:
    """Seals with the first key, opens with any: put a new key in front to rotate.

    `broken` names the rows with values that did not open, as "plans 12", until somebody takes note of them.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {_name(key): AESGCM(_derived(key, b"values bound to their place")) for key in keys}
        self._codes = [_derived(key, b"codes") for key in keys]
        self._first = BOUND + _name(keys[0])
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self.broken: set[str] = set()

    def seal(self, value: bytes, place: str) -> bytes:
        """Encrypt bytes for a place."""
        nonce = os.urandom(NONCE)
        return (
            self._first + nonce + self._keys[self._first[1:]].encrypt(nonce, value, _data(self._first, place))
        )

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what was sealed for this place; raises SealBroken."""
        header, rest = bytes(sealed[:HEADER]), bytes(sealed[HEADER:])
        key = self._keys.get(header[1:])
        if key is None or header[:1] != BOUND:
            raise SealBroken(NO_KEY)
        try:
            return key.decrypt(rest[:NONCE], rest[NONCE:], _data(header, place))
        except (InvalidTag, ValueError):
            raise SealBroken(MOVED) from None

    def open_unbound(self, sealed: bytes) -> bytes:
        """Decrypt a value of before, which does not say where it belongs; raises SealBroken."""
        try:
            return self._fernet.decrypt(bytes(sealed))
        except InvalidToken:
            raise SealBroken(NO_KEY) from None

    def codes(self, words: str) -> tuple[str, ...]:
        """What stands for words where they must be compared: under each key, the newest first."""
        return tuple(hmac.new(key, words.encode(), hashlib.sha256).hexdigest()[:CODE] for key in self._codes)

    def is_newest(self, sealed: bytes) -> bool:
        """True for a value that is bound to a place under the first key."""
        return bytes(sealed[:HEADER]) == self._first

    def has_key(self, sealed: bytes) -> bool:
        """False for a value that is bound to a place under a key that we do not have."""
        return not is_bound(sealed) or bytes(sealed[1:HEADER]) in self._keys

    def note_broken(self, row: str) -> None:
        """Keep the name of a row until somebody takes note of it."""
        if len(self.broken) < MOST_BROKEN:
            self.broken.add(row)

    def take_broken(self) -> set[str]:
        """The rows that were noted, which are forgotten here."""
        found, self.broken = self.broken, set()
        return found


def is_bound(sealed: bytes) -> bool:
    """True for a value that opens in its own place only."""
    return bytes(sealed[:1]) == BOUND


def _data(header: bytes, place: str) -> bytes:
    return header + place.encode()


def _name(key: str) -> bytes:
    """Four bytes that tell a key from the others and say nothing about it."""
    return hashlib.sha256(b"aftercare key name" + _raw(key)).digest()[: HEADER - 1]


def _derived(key: str, purpose: bytes) -> bytes:
    """A key for one purpose; the halves of the one that is given have been used for Fernet."""
    return HKDF(SHA256(), 32, None, b"aftercare " + purpose).derive(_raw(key))


def _raw(key: str) -> bytes:
    return base64.urlsafe_b64decode(key)
