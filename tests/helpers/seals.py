"""Sealed values as versions before 0023 wrote them: under the same keys, and bound to nothing."""

import json
from typing import Any

import sqlalchemy as sa

from store import sealing
from store.base import Tx
from store.tables import unbound
from store.vault import Vault


def as_before(vault: Vault, value: Any) -> bytes:
    """Bytes or a JSON value in a seal that opens in any place."""
    plain = value if isinstance(value, bytes) else json.dumps(value).encode()
    return vault._fernet.encrypt(plain)


def allow_unbound(tx: Tx) -> None:
    """Read such values, as after the migration of a database that holds some."""
    word = sealing.seal(tx.vault, unbound.c.sealed_word, b"unbound", {"id": 1})
    tx.run(sa.insert(unbound).values(id=1, sealed_word=word))
