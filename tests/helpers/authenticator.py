"""A device that keeps a passkey: what a browser would send, made by hand."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(slots=True)
class Authenticator:
    """One passkey of one device; its counter stays 0, as that of a passkey which is kept in a cloud."""

    origin: str = "https://care.test"
    host: str = "care.test"
    identity: bytes = b"passkey-of-a-test"
    flags: int = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: dict[str, Any]) -> str:
        """The answer to the options for a new passkey."""
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32) for each in (numbers.x, numbers.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        kept = bytes(16) + len(self.identity).to_bytes(2) + self.identity + cose
        data = self._data(WITH_KEY) + kept
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = {"clientDataJSON": self._client("webauthn.create", options), "attestationObject": attested}
        return self._written(said)

    def signed(self, options: dict[str, Any]) -> str:
        """The answer to the options for a sign-in."""
        client, data = self._client("webauthn.get", options), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._written({"clientDataJSON": client, "authenticatorData": data, "signature": signature})

    def _data(self, more: int = 0) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([self.flags | more]) + bytes(4)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _written(self, said: dict[str, bytes]) -> str:
        identity = encoded(self.identity)
        response = {name: encoded(raw) for name, raw in said.items()}
        return json.dumps({"id": identity, "rawId": identity, "type": "public-key", "response": response})
