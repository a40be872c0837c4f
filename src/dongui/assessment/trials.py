"""Trials: which pictures are compared. Pairs come from the table's labels and from nowhere else.

A *mated* trial compares two pictures of one person, a *non-mated* one pictures of two people. One picture is
one attempt. Each pair is compared once, whichever picture is called the reference: the score is symmetric.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["PAIRS_AT_ONCE", "pairs"]

#: Two megabytes of features on each side of the comparison: both stay in a core's cache.
PAIRS_AT_ONCE = 4096

Indices = NDArray[np.int64]


def pairs(pictures: int, *, at_once: int = PAIRS_AT_ONCE) -> Iterator[tuple[Indices, Indices]]:
    """Yield every pair (i, j), i < j, of ``pictures`` once, as two arrays of at most ``at_once`` numbers."""
    rows = np.arange(pictures, dtype=np.int64)
    # Pair k lies in row i if starts[i] <= k < starts[i + 1]; row i has the pairs (i, i + 1) to (i, last).
    starts = rows * (pictures - 1) - rows * (rows - 1) // 2
    total = pictures * (pictures - 1) // 2
    for begin in range(0, total, at_once):
        numbers = np.arange(begin, min(begin + at_once, total), dtype=np.int64)
        one = np.searchsorted(starts, numbers, side="right") - 1
        yield one, numbers - starts[one] + one + 1
