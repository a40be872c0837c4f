"""Checking a whole log, entry by entry: what opening does not have the time for.

Opening a log reads a few dozen hashes and finds a wrong size, root or last checkpoint. This recomputes
everything from the entries up, and so finds any changed byte of entries, tree and checkpoints, and where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from dongui.errors import Refused, Trouble
from dongui.log.checkpoint import VerifiedCheckpoint, verify_checkpoint
from dongui.log.entry import Entry, EntryKind
from dongui.log.keys import VerifierKey
from dongui.log.merkle import Frontier, leaf_hash

__all__ = ["CheckedLog", "StoredLog", "check_log"]

_REPORT_EVERY = 1_000  # entries


class StoredLog(Protocol):
    """A log as it is kept."""

    @property
    def key(self) -> VerifierKey:
        """The public key, under the log's name."""

    def extent(self) -> tuple[int, int]:
        """Return the number of entries and the size of the last checkpoint (-1: none), at one moment."""

    def rows(self, begin: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (index, entry as stored, nodes as stored), in order, from ``begin`` up to ``end``."""

    def notes(self) -> Iterator[tuple[int, bytes]]:
        """Yield (size, signed note) of every stored checkpoint, in order of size."""


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A log of which every byte was recomputed. Only :func:`check_log` makes one."""

    size: int
    root: bytes
    checkpoints: int
    entries: dict[EntryKind, int]


def check_log(
    log: StoredLog, *, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> CheckedLog:
    """Recompute the tree from the entries and compare every node, root and signature with what is stored.

    Checks the log as it is at the beginning; appends may go on meanwhile. ``progress`` is told how many
    entries are done, and of how many. About 50,000 entries and 5,000 checkpoints a second, in constant
    memory. Raises ``Trouble`` (``log.inconsistent``) naming the first fault.
    """
    size, signed = log.extent()
    check = _Check(log.key, log.notes())
    for index, data, completed in log.rows(0, size):
        check.entry(index, data, completed)
        if index % _REPORT_EVERY == 0:
            progress(index, size)
    return check.finish(size, signed)


class _Check:
    """Goes through entries and checkpoints side by side, both in order."""

    def __init__(self, key: VerifierKey, notes: Iterator[tuple[int, bytes]]) -> None:
        self._key = key
        self._notes = notes
        self._frontier = Frontier()
        self._checkpoints = 0
        self._entries = dict.fromkeys(EntryKind, 0)
        self._next = self._verified_next()
        self._compare_root()

    def entry(self, index: int, data: bytes, completed: bytes) -> None:
        if index != self._frontier.size:
            raise _fault(f"entry {self._frontier.size} is missing")
        try:
            self._entries[Entry.decode(data).kind] += 1
        except Refused as refused:
            raise _fault(f"entry {index} is none: {refused}") from refused
        if b"".join(self._frontier.append(leaf_hash(data))) != completed:
            raise _fault(f"entry {index} and the tree above it do not belong together")
        self._compare_root()

    def finish(self, stored: int, signed: int) -> CheckedLog:
        size, root = self._frontier.size, self._frontier.root()
        if size != stored:
            raise _fault(f"{stored} entries were counted, {size} found")
        # An append signs over its last entry, so both end together.
        if signed != size:
            raise _fault(f"it holds {size} entries; its last checkpoint is over {signed}")
        return CheckedLog(size, root, self._checkpoints, self._entries)

    def _compare_root(self) -> None:
        """Compare the tree with the next checkpoint, where the tree has reached its size."""
        if self._next is None or self._next.size > self._frontier.size:
            return
        if self._next.root != self._frontier.root():
            raise _fault(f"the checkpoint over {self._next.size} entries has another root than they have")
        self._checkpoints += 1
        self._next = self._verified_next()

    def _verified_next(self) -> VerifiedCheckpoint | None:
        size, note = next(self._notes, (-1, b""))
        if size < 0:
            return None
        try:
            checkpoint = verify_checkpoint(note, origin=self._key.name, key=self._key)
        except Refused as refused:
            raise _fault(f"the checkpoint over {size} entries does not verify: {refused}") from refused
        if checkpoint.size != size:
            raise _fault(f"the checkpoint kept for {size} entries was signed over {checkpoint.size}")
        return checkpoint


def _fault(why: str) -> Trouble:
    return Trouble("log.inconsistent", f"the log does not agree with itself: {why}")
