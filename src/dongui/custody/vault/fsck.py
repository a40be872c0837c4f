"""Checking a vault: do index, segments and keys agree, is anything cut off, changed, left over?

Without keys every frame's header, its place and its authentication code's bytes are held against the index;
``deep`` also decrypts everything and so checks each code itself. Nothing is repaired here. An unfinished
erasure is one fault by itself: what is being erased may be half overwritten, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dongui.custody.vault.envelope import TAG_BYTES
from dongui.custody.vault.person_wrapping_keys import PersonCipher
from dongui.custody.vault.record_file import (
    MAX_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Gap,
    SegmentHeader,
    read_frame,
)
from dongui.custody.vault.stores import Kept
from dongui.custody.vault.vault import Vault, require_agreement, require_cipher
from dongui.errors import DonguiError

__all__ = ["Checked", "Fault", "check_vault"]

_MAX_FAULTS = 1_000
_SAY_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the name of a failure, and where."""

    name: str
    where: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong: at most a thousand faults are told.

    ``keys_without_records``: people who have a key and no record; no fault in itself, other things than
    records may be encrypted under it. ``unconfirmed_bytes``: what a crash left beyond the confirmed ends,
    cut off when the vault is next written to.
    """

    frames: int
    gaps: int
    bytes: int
    deep: bool
    unconfirmed_bytes: int
    keys_without_records: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """True if nothing is wrong."""
        return not self.faults


def check_vault(
    vault: Vault, *, key_holders: set[bytes], deep: bool, progress: Callable[[int], None] | None = None
) -> Checked:
    """Look through a whole vault. ``key_holders``: the ids of the people who have a key.

    Raises ``Trouble`` (``storage.*``) only where it could not go on; whatever it finds is told in the answer.
    """
    erasing = {one.person for one in vault.index.erasures()}
    look = _Look(vault, erasing, deep, progress)
    ends, sizes = vault.index.ends(), vault.segments.sizes()
    for number, end in sorted(ends.items()):
        look.segment(number, end, sizes.get(number))
    look.rows_left()
    people = vault.index.people()
    for _ in people - key_holders - erasing:
        look.fault("vault.no-person-key", "a person has records and no key")
    if erasing:
        look.fault("vault.erasure-unfinished", "an erasure was begun and not finished")
    return Checked(
        frames=look.frames,
        gaps=look.gaps,
        bytes=sum(ends.values()),
        deep=deep,
        unconfirmed_bytes=sum(max(0, size - ends.get(number, 0)) for number, size in sizes.items()),
        keys_without_records=len(key_holders - people),
        faults=tuple(look.faults[:_MAX_FAULTS]),
    )


class _Look:
    """Walks through the segments and the index beside each other, both in the order of the disk."""

    def __init__(
        self, vault: Vault, erasing: set[bytes], deep: bool, progress: Callable[[int], None] | None
    ) -> None:
        self._vault, self._erasing, self._deep, self._progress = vault, erasing, deep, progress
        self._rows: Iterator[Kept] = vault.index.rows()
        self._row = next(self._rows, None)
        self.frames, self.gaps = 0, 0
        self.faults: list[Fault] = []

    def fault(self, name: str, where: str) -> None:
        """Note something wrong."""
        self.faults.append(Fault(name, where))

    def segment(self, number: int, end: int, size: int | None) -> None:
        """Go through one segment up to its confirmed end."""
        if size is None:
            return self.fault("vault.segment-missing", f"segment {number}")
        if size < end:
            self.fault("vault.segment-truncated", f"segment {number} has {size} bytes of {end}")
        try:
            self._header(number)
            offset = SEGMENT_HEADER_BYTES
            while offset < min(end, size):
                offset += self._frame(number, offset, end)
        except DonguiError as error:
            # What comes after cannot be found any more: a frame says where the next begins.
            self.fault(error.name, error.detail)
        return None

    def rows_left(self) -> None:
        """Name what the index knows and no segment held."""
        while self._row is not None:
            self.fault("vault.record-disagrees", f"no frame at {_where(self._row)}")
            self._advance()

    def _header(self, number: int) -> None:
        data = bytearray(SEGMENT_HEADER_BYTES)
        self._vault.segments.read(number, 0, memoryview(data))
        if SegmentHeader.decode(bytes(data)) != SegmentHeader(self._vault.id, number):
            self.fault("vault.segment-malformed", f"segment {number} is another one's, or another vault's")

    def _frame(self, number: int, offset: int, end: int) -> int:
        """Look at one frame; return its length."""
        if (row := self._row) and row.place[:2] == (number, offset) and row.name.person in self._erasing:
            self._advance()
            return row.place.length
        data = bytearray(min(MAX_HEADER_BYTES, end - offset))
        self._vault.segments.read(number, offset, memoryview(data))
        frame = read_frame(data)
        if isinstance(frame, Gap):
            self.gaps += 1
            return frame.length
        self.frames += 1
        if self._progress is not None and self.frames % _SAY_EVERY == 0:
            self._progress(self.frames)
        self._skip_rows_before(number, offset)
        if self._row is None or self._row.place[:2] != (number, offset):
            self.fault("vault.record-not-indexed", f"segment {number}, byte {offset}")
        else:
            self._compare(self._row, data)
            self._advance()
        return frame.length

    def _compare(self, kept: Kept, head: bytearray) -> None:
        try:
            if self._deep:
                ciphers: Mapping[bytes, PersonCipher] = self._vault.keys.ciphers({kept.name.person})
                self._vault.open(kept, require_cipher(ciphers, kept.name.person)).wipe()
                return
            tag = bytearray(TAG_BYTES)
            place = kept.place
            last = place._replace(offset=place.offset + place.length - TAG_BYTES, length=TAG_BYTES)
            self._vault.fetch(last, memoryview(tag))
            require_agreement(kept, head, bytes(tag))
        except DonguiError as error:
            if error.name != "vault.no-person-key":  # told once for each person
                self.fault(error.name, _where(kept))

    def _skip_rows_before(self, number: int, offset: int) -> None:
        while self._row is not None and self._row.place[:2] < (number, offset):
            self.fault("vault.record-disagrees", f"no frame at {_where(self._row)}")
            self._advance()

    def _advance(self) -> None:
        self._row = next(self._rows, None)


def _where(kept: Kept) -> str:
    return f"segment {kept.place.segment}, byte {kept.place.offset}"
