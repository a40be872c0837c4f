"""A person's vault key: 32 random bytes that wrap the data keys of whatever is kept of them.

Destroy it, and nothing kept under it can be read again, wherever its ciphertext was copied to. It has nothing
to do with the key a person holds a copy of (``dongui.custody.person_keys``), which proves membership and
decrypts nothing: neither is derived from the other, they lie in different stores, and what is wrapped here is
bound to a domain of its own (``associated_data``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.custody.vault import envelope
from dongui.custody.vault.associated_data import of_data_key
from dongui.environment import Entropy
from dongui.errors import Refused

__all__ = ["PersonCipher", "PersonKeys", "open_for_person", "seal_for_person"]

_OVERHEAD = envelope.WRAPPED_BYTES + envelope.NONCE_BYTES + envelope.TAG_BYTES


@dataclass(frozen=True, slots=True)
class PersonCipher:
    """One person's key, ready to wrap. Kept no longer than the work it was opened for."""

    _key: AESGCM = field(repr=False)

    def wrap(self, data_key: bytes, *, use: bytes, entropy: Entropy) -> bytes:
        """Wrap 32 bytes to 61; ``use`` says what they encrypt, and unwrapping must say the same.

        ``use`` begins with a domain of the caller's own, so that no two uses are ever the same bytes.
        """
        return envelope.wrap(data_key, under=self._key, bound_to=of_data_key(use), entropy=entropy)

    def unwrap(self, wrapped: bytes, *, use: bytes) -> bytes:
        """Return the data key. Raises ``Refused``: ``vault.wrapped-key-malformed``, ``-altered``."""
        return envelope.unwrap(wrapped, under=self._key, bound_to=of_data_key(use))


class PersonKeys(Protocol):
    """Keeps people's vault keys, apart from what is encrypted under them. People's ids have 16 bytes."""

    def draw(self, people: Collection[bytes]) -> int:
        """Draw a key for those who have none, durably; return how many that were."""

    def cipher(self, person: bytes) -> PersonCipher:
        """Return a person's key. Raises ``Refused`` (``vault.no-person-key``: never drawn, or destroyed)."""

    def ciphers(self, people: Collection[bytes]) -> Mapping[bytes, PersonCipher]:
        """Return the keys of those who have one, read in one go."""

    def destroy(self, people: Iterable[bytes]) -> int:
        """Destroy keys, durably; return how many there were. It must stand in the log before."""


def seal_for_person(
    content: bytes | memoryview, *, person: bytes, use: bytes, keys: PersonKeys, entropy: Entropy
) -> bytes:
    """Encrypt ``content`` under a new data key, wrapped by the person's key; 89 bytes longer.

    The person's key must have been drawn. Raises ``Refused`` (``vault.no-person-key``).
    """
    cipher = keys.cipher(person)
    drawn = entropy.draw(envelope.KEY_BYTES + envelope.NONCE_BYTES)
    data_key, nonce = drawn[: envelope.KEY_BYTES], drawn[envelope.KEY_BYTES :]
    wrapped = cipher.wrap(data_key, use=use, entropy=entropy)
    return wrapped + nonce + AESGCM(data_key).encrypt(nonce, content, of_data_key(use))


def open_for_person(sealed: bytes, *, person: bytes, use: bytes, keys: PersonKeys) -> bytearray:
    """Return the content, to be overwritten when done with.

    Raises ``Refused``: ``vault.no-person-key``, ``vault.wrapped-key-malformed``,
    ``vault.wrapped-key-altered``, ``vault.content-altered``.
    """
    if len(sealed) < _OVERHEAD:
        raise Refused("vault.wrapped-key-malformed", f"{len(sealed)} bytes; at least {_OVERHEAD} are needed")
    end = envelope.WRAPPED_BYTES + envelope.NONCE_BYTES
    wrapped, nonce = sealed[: envelope.WRAPPED_BYTES], sealed[envelope.WRAPPED_BYTES : end]
    data_key = keys.cipher(person).unwrap(wrapped, use=use)
    content = bytearray(len(sealed) - _OVERHEAD)
    try:
        AESGCM(data_key).decrypt_into(nonce, memoryview(sealed)[end:], of_data_key(use), content)
    except InvalidTag:
        raise Refused("vault.content-altered", "its authentication code does not verify") from None
    return content
