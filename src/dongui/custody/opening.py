"""Opening a release: the one way a recipient gets at its records.

No entry, no use. A release opens only if it was decided and sealed in the log, its files are the ones that
were logged, it is for this recipient, and its time is not over; and what was taken out since is left out
here. What a recipient has copied out is beyond all this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dongui.custody.corrections import Correction
from dongui.custody.gate import BITMAP
from dongui.custody.membership_proof import compare_states
from dongui.custody.record_columns import open_table
from dongui.custody.release_opening import VerifiedRelease, effective_released, read_release, require_files
from dongui.custody.release_seal import VerifiedSeal, read_seal
from dongui.custody.released_bitmap import read_bitmap
from dongui.environment import Clock
from dongui.errors import Refused
from dongui.log.keys import VerifierKey
from dongui.receipts.checking import LogEvidence, TrustedCheckpoint

__all__ = ["OpenedRelease", "open_release"]


@dataclass(frozen=True, slots=True)
class OpenedRelease:
    """A release that may be used now by this recipient. Only :func:`open_release` makes one.

    ``count`` is the number of its records, ``corrected`` how many were taken out since it was decided.
    ``evidence`` says how much the log state behind it is worth.
    """

    release: VerifiedRelease
    seal: VerifiedSeal
    count: int
    corrected: int
    evidence: LogEvidence
    _gone: NDArray[np.int64] = field(repr=False)

    def records(self) -> Iterator[pa.RecordBatch]:
        """Yield columns ``person`` and ``record`` in their order, at most a million rows at once.

        Raises ``Misuse`` (``snapshot.truncated``): a file was changed after it was opened.
        """
        begin = 0
        for path in sorted((self.release.path / "released").glob("*.parquet")):
            table = open_table(path, "released")
            for batch in table.blocks(range(len(table.groups)), ["person", "record"]):
                end = begin + batch.num_rows
                low, high = np.searchsorted(self._gone, (begin, end))
                yield _without(batch, self._gone[low:high] - begin) if low < high else batch
                begin = end


def open_release(
    path: Path,
    *,
    log_key: VerifierKey,
    trusted: TrustedCheckpoint | None,
    recipient: str,
    clock: Clock,
    later: Iterable[Correction] = (),
) -> OpenedRelease:
    """Open a release for its recipient.

    ``trusted`` is a log state known from elsewhere, to be thought of: with ``None`` the log's own word is all
    there is. ``recipient`` is the caller's own id. ``later``: corrections the caller knows of beyond the
    release's journal.

    Raises ``Misuse`` (``release.not-a-release``: unfinished, or something else); ``Refused``:
    ``release.simulation``, ``release.manifest-malformed``, ``release.not-in-log``, ``release.file-differs``,
    ``release.bitmap-malformed``, ``release.journal-damaged``, ``opening.not-sealed``,
    ``opening.seal-malformed``, ``opening.seal-of-another``, ``opening.other-recipient``,
    ``opening.retention-over``, ``membership.seal-*``, ``membership.checkpoint-differs``, ``log.*``;
    ``Undetermined``: ``membership.checkpoint-not-comparable``; ``Trouble``: ``clock.implausible``.
    """
    # 1. Decided, in the log, and no simulation.
    release = read_release(path, key=log_key)
    # 2. Sealed, in the log, and this very manifest: its people can prove that they are in it.
    seal = read_seal(release, key=log_key)
    # 3. The log that says so is the one everybody else sees.
    evidence = compare_states(seal.logged.checkpoint, trusted)
    # 4. For this recipient, and not for ever.
    if seal.seal.recipient != recipient:
        raise Refused("opening.other-recipient", "the release was decided for another recipient")
    if clock.now() >= seal.seal.opens_until:
        raise Refused("opening.retention-over", f"it could be opened until {seal.seal.open_until}")
    # 5. Every file is what was logged.
    require_files(release)
    # 6. What was taken out since is out.
    gone = _gone(release, later)
    released = sum(
        open_table(file, "released").rows for file in sorted((path / "released").glob("*.parquet"))
    )
    return OpenedRelease(release, seal, released - len(gone), len(gone), evidence, gone)


def _gone(release: VerifiedRelease, later: Iterable[Correction]) -> NDArray[np.int64]:
    """Return which of the released rows, counted from 0, were taken out; rising."""
    decided = read_bitmap((release.path / BITMAP).read_bytes(), records=release.records)
    out = decided - effective_released(release, later)
    return np.fromiter((decided.rank(position) - 1 for position in out), np.int64, len(out))


def _without(batch: pa.RecordBatch, rows: NDArray[np.int64]) -> pa.RecordBatch:
    kept = np.ones(batch.num_rows, dtype=bool)
    kept[rows] = False
    return batch.filter(pa.array(kept))
