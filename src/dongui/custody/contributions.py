"""What one person adds to a model, kept encrypted so that it can be taken out again.

The quantised vectors are template-like: they say as much about a face as a template does. They are kept for
one reason, exact forgetting, under AES-256-GCM with a key of that person's own; destroying the key destroys
them wherever a copy may lie. Model and person are bound in: moved to another row, one does not open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.custody.fixed_point import FixedPoint, Whole
from dongui.custody.statistics import MAX_PER_PERSON
from dongui.environment import Entropy
from dongui.errors import Trouble

__all__ = ["CONTRIBUTION_KEY_BYTES", "ContributionKeys", "open_contribution", "seal_contribution"]

CONTRIBUTION_KEY_BYTES = 32
_NONCE_BYTES = 12
_DOMAIN = b"dongui.model-contribution.1\0"
_BIG = np.dtype(">i2")


class ContributionKeys(Protocol):
    """One key a person, for their contributions to every model; kept apart from the contributions.

    A person is named by the id their records have: 16 bytes, or 4 (a number, big-endian).
    """

    def draw(self, people: Sequence[bytes]) -> list[bytes]:
        """Return the key of each, drawn now for those who have none; durable on return. 32 bytes each."""

    def key_of(self, person: bytes) -> bytes | None:
        """Return the key of a person, or None: never drawn, or destroyed."""

    def destroy(self, people: Iterable[bytes]) -> int:
        """Destroy keys, durably; return how many there were. Destroying again is no error."""


def seal_contribution(vectors: Whole, *, key: bytes, model: bytes, person: bytes, entropy: Entropy) -> bytes:
    """Return a person's vectors (1 to MAX_PER_PERSON, n x d) encrypted: nonce, ciphertext, tag."""
    # At most a few hundred messages a key: random nonces of 96 bits do not repeat.
    nonce = entropy.draw(16)[:_NONCE_BYTES]
    plain = vectors.astype(_BIG).tobytes()
    return nonce + AESGCM(key).encrypt(nonce, plain, _bound(model, person))


def open_contribution(sealed: bytes, *, form: FixedPoint, key: bytes, model: bytes, person: bytes) -> Whole:
    """Return the vectors again. Raises ``Trouble`` (``model.contribution-damaged``)."""
    try:
        plain = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(model, person))
    except (InvalidTag, ValueError):
        raise Trouble("model.contribution-damaged", "its key does not open it") from None
    count, rest = divmod(len(plain), 2 * form.dimensions)
    if rest or not 1 <= count <= MAX_PER_PERSON:
        raise Trouble("model.contribution-damaged", f"{len(plain)} bytes are no vectors")
    return np.frombuffer(plain, _BIG).astype(np.int16).reshape(count, form.dimensions)


def _bound(model: bytes, person: bytes) -> bytes:
    return _DOMAIN + model + bytes([len(person)]) + person
