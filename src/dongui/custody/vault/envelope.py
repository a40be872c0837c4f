"""A key under a key, and small contents under a key: AES-256-GCM (NIST SP 800-38D) with random nonces.

A wrapped key has 61 bytes: the format (1), a nonce of 12, the encrypted key, a tag of 16. One key wraps far
fewer than the 2**32 others that random nonces allow (SP 800-38D, 8.3): a master key one a rotation, a store's
key one a person, a person's key one a record.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.environment import Entropy
from dongui.errors import Refused

__all__ = ["KEY_BYTES", "NONCE_BYTES", "TAG_BYTES", "WRAPPED_BYTES", "unwrap", "wrap"]

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = 1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES
_FORMAT = b"\x01"
_SMALLEST_DRAW = 16


def wrap(key: bytes, *, under: AESGCM, bound_to: bytes, entropy: Entropy) -> bytes:
    """Wrap a key of 32 bytes (``ValueError`` otherwise); ``bound_to`` is from ``associated_data``."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    nonce = entropy.draw(_SMALLEST_DRAW)[:NONCE_BYTES]
    return _FORMAT + nonce + under.encrypt(nonce, key, _FORMAT + bound_to)


def unwrap(wrapped: bytes, *, under: AESGCM, bound_to: bytes) -> bytes:
    """Return the key.

    Raises ``Refused``: ``vault.wrapped-key-malformed``, and ``vault.wrapped-key-altered``: changed, wrapped
    under another key, or put in the place of another's.
    """
    if len(wrapped) != WRAPPED_BYTES or wrapped[:1] != _FORMAT:
        detail = f"{len(wrapped)} bytes; a wrapped key has {WRAPPED_BYTES}, the first of them {_FORMAT[0]}"
        raise Refused("vault.wrapped-key-malformed", detail)
    try:
        return under.decrypt(wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :], _FORMAT + bound_to)
    except InvalidTag:
        raise Refused("vault.wrapped-key-altered", "its authentication code does not verify here") from None
