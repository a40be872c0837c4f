"""What each ciphertext of the vault is bound to: whoever exchanges two of them gets an error, not a picture.

Every text begins with a domain of its own, so that no ciphertext of one kind is ever taken for one of
another, and everything after it has a fixed length or comes last: no two inputs give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

__all__ = [
    "ID_BYTES",
    "RecordName",
    "of_data_key",
    "of_handed_key",
    "of_person_key",
    "of_record",
    "of_store_key",
]

ID_BYTES = 16
_STORE_KEY = b"dongui.vault.store-key.1\0"
_PERSON_KEY = b"dongui.vault.person-key.1\0"
_DATA_KEY = b"dongui.vault.data-key.1\0"
_RECORD = b"dongui.vault.record.1\0"
_HANDED_KEY = b"dongui.vault.handed-keys.1\0"
_NAME = Struct(">16s16sI")


@dataclass(frozen=True, slots=True)
class RecordName:
    """One version of one record of one person: two ids of 16 bytes, and 1 to 2**32 - 1."""

    person: bytes
    record: bytes
    version: int

    def __post_init__(self) -> None:
        if len(self.person) != ID_BYTES or len(self.record) != ID_BYTES:
            raise ValueError(f"ids have {ID_BYTES} bytes")
        if not 1 <= self.version < 2**32:
            raise ValueError("a version lies between 1 and 2**32 - 1")

    def encode(self) -> bytes:
        """Return the 36 bytes of it."""
        return _NAME.pack(self.person, self.record, self.version)


def of_store_key(store: bytes, master: str) -> bytes:
    """Bind the key over all people's keys to its store (16 bytes) and to the id of its master key."""
    return _STORE_KEY + store + master.encode()


def of_person_key(store: bytes, person: bytes) -> bytes:
    """Bind a person's key to its store and its person (16 bytes each)."""
    return _PERSON_KEY + store + person


def of_data_key(use: bytes) -> bytes:
    """Bind a data key to what it is used for: the bytes tell one use from every other."""
    return _DATA_KEY + use


def of_record(vault: bytes, name: RecordName) -> bytes:
    """Bind an image to its vault (16 bytes), person, record and version."""
    return _RECORD + vault + name.encode()


def of_handed_key(vault: bytes, release: bytes, block: int, last: bool, recipient: str) -> bytes:
    """Bind keys that are handed over to the release (16 bytes), their place in it, and the recipient."""
    return _HANDED_KEY + vault + release + block.to_bytes(4, "big") + bytes([last]) + recipient.encode()
