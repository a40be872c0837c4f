"""What the parts of a decision come to together: counts, reasons, bits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dongui.custody.decision import PartResult
from dongui.custody.schema import REASONS

__all__ = ["counts_by_reason", "laid_bits", "summed_counts"]


def summed_counts(results: Sequence[PartResult]) -> list[int]:
    """Return how many records have each code, 0 first."""
    nothing = [0 for _ in range(len(REASONS) + 1)]
    return [sum(column) for column in zip(*(result.counts for result in results), strict=True)] or nothing


def counts_by_reason(counts: Sequence[int]) -> dict[str, int]:
    """Return the number of records of each reason that some have."""
    return {name: counts[code] for code, name in enumerate(REASONS, 1) if counts[code]}


def laid_bits(folder: Path, results: Sequence[PartResult]) -> NDArray[np.uint8]:
    """Lay the parts' bits end to end: a part need not begin at a whole byte."""
    total = sum(result.bits.rows for result in results)
    whole = np.zeros(-(-total // 8), dtype=np.uint8)
    begin = 0
    for result in results:
        bits = np.fromfile(folder / result.bits.path, dtype=np.uint8)
        if begin % 8:
            loose = np.unpackbits(bits, count=result.bits.rows, bitorder="little")
            bits = np.packbits(np.pad(loose, (begin % 8, 0)), bitorder="little")
        whole[begin // 8 : begin // 8 + len(bits)] |= bits
        begin += result.bits.rows
    return whole
