"""What the rest of the project asks of a log. Implemented over SQLite in :mod:`dongui.storage.sqlite.log`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dongui.log.checkpoint import VerifiedCheckpoint
from dongui.log.entry import Entry
from dongui.log.proofs import ConsistencyProof, InclusionProof

__all__ = ["MAX_BATCH", "Appender", "Log"]

# Entries in one append. At 10,000 the cost of making them durable has vanished behind that of hashing.
MAX_BATCH = 100_000


class Appender(Protocol):
    """The writing half of a log."""

    def append(self, entries: Sequence[Entry]) -> range:
        """Append 1 to MAX_BATCH entries, all or none; return their indexes.

        Returning means durable: the entries and a signed checkpoint over them survive the process and the
        power. Raises ``ValueError`` for an empty batch, ``Misuse`` (``log.batch-too-large``), ``Trouble``
        (``log.inconsistent``, ``log.full``, ``storage.*``); then nothing was appended.
        """


class Log(Appender, Protocol):
    """An append-only log with signed checkpoints and proofs."""

    def checkpoint(self) -> VerifiedCheckpoint:
        """Return the latest signed checkpoint; it covers every entry whose append has returned."""

    def inclusion(self, index: int, size: int) -> InclusionProof:
        """Prove entry ``index`` in the log's first ``size`` entries.

        Raises ``Misuse`` (``log.no-such-entry``).
        """

    def consistency(self, old: int, new: int) -> ConsistencyProof:
        """Prove that the first ``new`` entries extend the first ``old``, 0 < old <= new.

        Raises ``Misuse`` (``log.no-such-entry``).
        """

    def entry(self, index: int) -> Entry:
        """Return one entry. Raises ``Misuse`` (``log.no-such-entry``)."""
