"""What the vault asks of its storage: segments that are appended to, and an index over them.

The index decides what is there. What lies in a segment beyond the end that the index names was never
confirmed, and is cut off when the vault is next opened for writing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dongui.custody.vault.associated_data import RecordName
from dongui.custody.vault.record_file import Basis

__all__ = ["Counts", "Erasure", "Index", "Kept", "Place", "Segments"]


class Place(NamedTuple):
    """Where a frame stands: a segment's number, the frame's first byte, its size in bytes."""

    segment: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of one record as the index knows it; ``tag`` is the last 16 bytes of its frame."""

    name: RecordName
    person_number: int
    record_number: int
    artefact: int
    basis: Basis
    place: Place
    tag: bytes


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was begun: whose, what its log entry commits to, and from where on that stands."""

    person: bytes
    content: bytes
    blind: bytes
    log_size: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is kept. ``stored_bytes`` counts whole segments, gaps of erased records included."""

    people: int
    records: int
    versions: int
    by_consent: int
    by_ground: int
    frame_bytes: int
    stored_bytes: int
    segments: int


class Segments(Protocol):
    """The segments' files."""

    def append(self, data: memoryview) -> tuple[int, int]:
        """Append whole frames; return the segment and where in it they begin. Not yet durable.

        They may still be written while the caller goes on, and stay as they are until the next call returns.
        """

    def sync(self) -> Mapping[int, int]:
        """Make every append durable; return the end of each segment written to since the last time."""

    def cut(self, ends: Mapping[int, int]) -> int:
        """Cut off what lies beyond the ends confirmed; return how many bytes that were.

        Raises ``Trouble``: ``vault.segment-missing``, ``vault.segment-truncated``.
        """

    def read(self, segment: int, offset: int, into: memoryview) -> int:
        """Fill ``into``, or as much of it as there is; return how many bytes that were."""

    def scrub(self, places: Sequence[Place]) -> None:
        """Overwrite frames with gaps, durably."""

    def sizes(self) -> Mapping[int, int]:
        """Return the segments there are, and their sizes in bytes."""


class Index(Protocol):
    """What is kept and where. Every change is durable when the call returns, or did not happen."""

    def vault(self) -> bytes:
        """Return the vault's id, 16 bytes."""

    def ends(self) -> Mapping[int, int]:
        """Return the confirmed end of every segment."""

    def add(self, rows: Sequence[Kept], ends: Mapping[int, int]) -> None:
        """Confirm frames. Raises ``Misuse`` (``vault.record-exists``)."""

    def latest(self, records: Collection[bytes]) -> Mapping[bytes, Kept]:
        """Return the latest version of each record that is kept."""

    def version(self, record: bytes, version: int) -> Kept | None:
        """Return one version of a record."""

    def latest_numbered(self, record_numbers: Collection[int]) -> Mapping[int, Kept]:
        """Return the latest version of each record, by its number."""

    def of_person(self, person: bytes) -> list[Kept]:
        """Return all that is kept of a person, oldest first."""

    def rows(self) -> Iterator[Kept]:
        """Yield everything in the order in which it lies on the disk."""

    def people(self) -> set[bytes]:
        """Return of whom something is kept."""

    def counts(self) -> Counts:
        """Count."""

    def begin_erasures(self, erasures: Sequence[Erasure]) -> None:
        """Note that people's records are going to be destroyed. From then on nothing of theirs is read."""

    def erasures(self) -> list[Erasure]:
        """Return the erasures that were begun and not finished."""

    def finish_erasures(self, people: Collection[bytes]) -> None:
        """Forget their records, and that there was something to erase."""
