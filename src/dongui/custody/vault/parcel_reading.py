"""Reading a parcel, as the recipient: those of its records that the release still releases.

What is decrypted here is the recipient's, and beyond erasure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.custody.opening import OpenedRelease
from dongui.custody.vault.associated_data import RecordName, of_handed_key, of_record
from dongui.custody.vault.envelope import TAG_BYTES
from dongui.custody.vault.parcel_file import ParcelKey, read_block, read_exactly, read_head, read_keys
from dongui.custody.vault.recipient_key import RecipientKey
from dongui.custody.vault.release_keys import Pair, named
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer

__all__ = ["HandedRecord", "read_parcel"]


@dataclass(frozen=True, slots=True)
class HandedRecord:
    """One record as a recipient reads it; ``content`` is overwritten when the next one is asked for."""

    name: RecordName
    person_number: int
    record_number: int
    content: SecretBuffer = field(repr=False)


def read_parcel(path: Path, *, opened: OpenedRelease, key: RecipientKey) -> Iterator[HandedRecord]:
    """Yield the records of a parcel that the release, as it is opened now, still releases.

    Each content is overwritten when the next is asked for. Raises ``Misuse`` (``vault.parcel-malformed``: it
    is no parcel, or cut off); ``Refused``: ``vault.parcel-of-another`` (release), ``vault.not-for-this-key``,
    ``vault.content-altered``.
    """
    recipient = opened.seal.seal.recipient
    released = _Released(named(opened))
    try:
        with path.open("rb", buffering=0) as file:
            vault, release = read_head(file)
            if release != opened.release.id:
                raise Refused("vault.parcel-of-another", "the parcel was made for another release")
            number, last = 0, False
            while not last:
                sealed, last = read_block(file)
                keys = key.open(sealed, of_handed_key(vault, release, number, last, recipient))
                yield from _read_records(file, read_keys(keys), vault, released)
                number += 1
            if file.read(1):
                raise Misuse("vault.parcel-malformed", "something follows its last block")
    except OSError as error:
        raise Misuse("vault.parcel-malformed", f"{path}: {error.strerror}") from None


def _read_records(
    file: FileIO, keys: Iterator[ParcelKey], vault: bytes, released: _Released
) -> Iterator[HandedRecord]:
    for one in keys:
        sealed = read_exactly(file, one.content + TAG_BYTES)
        if not released.holds(one):
            continue
        with SecretBuffer(bytearray(one.content)) as content:
            try:
                bound_to = of_record(vault, one.name)
                AESGCM(one.data_key).decrypt_into(one.nonce, sealed, bound_to, content.view)
            except InvalidTag:
                raise Refused("vault.content-altered", "a record of the parcel does not verify") from None
            yield HandedRecord(one.name, one.person_number, one.record_number, content)


class _Released:
    """What is released now, walked through beside a parcel: both are sorted by person and record."""

    def __init__(self, named: Iterator[Pair]) -> None:
        self._named = named
        self._next = next(named, None)

    def holds(self, key: ParcelKey) -> bool:
        """Tell whether the record of ``key`` is released; keys are asked about in rising order."""
        place = -1
        while self._next is not None and (place := _compare(self._next, key)) < 0:
            self._next = next(self._named, None)
        return place == 0


def _compare(pair: Pair, key: ParcelKey) -> int:
    """Return below 0, 0 or above 0: whether a released record comes before, is, or comes after ``key``'s."""
    person, record = pair
    if isinstance(person, int):
        mine, other = (person, record), (key.person_number, key.record_number)
        return (mine > other) - (mine < other)
    ids, others = (person, record), (key.name.person, key.name.record)
    return (ids > others) - (ids < others)
