"""Sealing of health answers, notes and webhook bodies; the keys live outside the database."""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealBroken(Exception):
    """A sealed value cannot be opened with any of the keys in FIELD_KEYS."""


class Vault:
    """Seals with the first key, opens with any: put a new key in front to rotate."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._first = Fernet(keys[0])
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, value: bytes) -> bytes:
        """Encrypt bytes."""
        return self._fernet.encrypt(value)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt bytes; raises SealBroken."""
        try:
            return self._fernet.decrypt(bytes(sealed))
        except InvalidToken:
            raise SealBroken("A sealed value does not open: is the right key in FIELD_KEYS?") from None

    def renewed(self, sealed: bytes) -> bytes | None:
        """The same value under the first key; None when that key sealed it; raises SealBroken."""
        try:
            self._first.decrypt(bytes(sealed))
        except InvalidToken:
            return self.seal(self.open(sealed))
        return None

    def seal_json(self, value: Any) -> bytes:
        """Encrypt a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        """Decrypt a JSON value."""
        return json.loads(self.open(sealed))
