"""A recipient's key pair, and sealing to its public half: HPKE (RFC 9180), base mode.

DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Base mode names no sender: the release's own log entry
does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from dongui.custody.vault.envelope import KEY_BYTES, TAG_BYTES
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused

__all__ = ["SEALED_MORE", "RecipientKey", "read_public_key", "seal_to"]

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
SEALED_MORE = 32 + TAG_BYTES
"""How many bytes sealing adds: the encapsulated key, and the tag."""


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """A recipient's own private key, 32 bytes, X25519. ``repr`` does not show it."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise Misuse("vault.recipient-key-malformed", f"a recipient's key has {KEY_BYTES} bytes")

    @classmethod
    def draw(cls, entropy: Entropy) -> Self:
        """Draw a new one."""
        return cls(entropy.draw(KEY_BYTES))

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes, for whoever hands releases over."""
        return self._private().public_key().public_bytes_raw()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open what was sealed to this key. Raises ``Refused`` (``vault.not-for-this-key``)."""
        try:
            return _SUITE.decrypt(sealed, self._private(), info)
        except (InvalidTag, ValueError):
            detail = "the keys were sealed to another key, for another recipient or release, or changed"
            raise Refused("vault.not-for-this-key", detail) from None

    def _private(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.raw)


def read_public_key(raw: bytes) -> X25519PublicKey:
    """Read a recipient's public key of 32 bytes. Raises ``Misuse`` (``vault.recipient-key-malformed``)."""
    if len(raw) != KEY_BYTES:
        raise Misuse("vault.recipient-key-malformed", f"a recipient's public key has {KEY_BYTES} bytes")
    key = X25519PublicKey.from_public_bytes(raw)
    try:
        # RFC 7748, 6.1: to a point of small order everybody could open what is sealed.
        X25519PrivateKey.generate().exchange(key)
    except ValueError:
        raise Misuse("vault.recipient-key-malformed", "the public key is a point of small order") from None
    return key


def seal_to(key: X25519PublicKey, content: bytes, *, info: bytes) -> bytes:
    """Seal for whoever has the private half; ``info`` must be the same to open it."""
    return _SUITE.encrypt(content, key, info)
