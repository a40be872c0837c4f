"""Intervals of a rate: exact over comparisons, bootstrap over people, and which of them governs.

Comparisons that share a person are not independent, so the exact interval over all comparisons is too narrow.
The bootstrap over people knows that, but it cannot see what nobody in the set did: with no error it says 0 to
0, and with an error by one or two people it says little more. There the number of *independent* trials
limits what can be said: people for rates of one person's pictures, pairs that share nobody for the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import betaincinv

__all__ = [
    "BOOTSTRAP_FROM_DONGUI_2026_11",
    "Governing",
    "clopper_pearson",
    "governing",
    "independent_needed",
]

#: From this many independent people or pairs with an error on, the bootstrap is believed by itself. Below,
#: the interval over independent trials governs too: seeing one error must not make a limit lower than seeing
#: none did.
BOOTSTRAP_FROM_DONGUI_2026_11: Final = 10

Interval = tuple[float, float]


def clopper_pearson(hits: float, trials: float, *, confidence: float) -> Interval:
    """Return the exact two-sided interval (Clopper and Pearson, 1934); (0, 1) where nothing was tried.

    ``hits`` and ``trials`` may be fractions: an effective number of trials (Korn and Graubard, 1998).
    ``ValueError`` unless 0 <= hits <= trials and 0 < confidence < 1.
    """
    if not 0 <= hits <= trials or not 0 < confidence < 1:
        raise ValueError(f"{hits} of {trials} at {confidence} has no interval")
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1 - tail))
    return low, high


def independent_needed(limit: float, *, confidence: float, hits: float = 0.0) -> int:
    """Return how many independent trials keep the interval's upper end at most ``limit``.

    ``hits`` errors stand among them (or an effective number of them), and no further one is seen.
    """
    enough = max(1, math.ceil(hits))
    while clopper_pearson(hits, enough, confidence=confidence)[1] > limit:
        enough *= 2
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if middle >= hits and clopper_pearson(hits, middle, confidence=confidence)[1] <= limit:
            enough = middle
        else:
            too_few = middle
    return enough


@dataclass(frozen=True, slots=True)
class Governing:
    """The interval to answer for, 0.0 to 1.0, and which of the three made its upper end."""

    low: float
    high: float
    by: Literal["comparisons", "bootstrap", "independent"]


def governing(
    *,
    value: float,
    comparisons: Interval,
    bootstrap: Interval | None,
    independent: int,
    independent_with_error: int,
    confidence: float,
) -> Governing:
    """Return the widest of the intervals that apply."""
    candidates: list[tuple[Interval, Literal["comparisons", "bootstrap", "independent"]]] = [
        (comparisons, "comparisons")
    ]
    if bootstrap is not None:
        candidates.append((bootstrap, "bootstrap"))
    if bootstrap is None or independent_with_error < BOOTSTRAP_FROM_DONGUI_2026_11:
        limit = clopper_pearson(value * independent, independent, confidence=confidence)
        candidates.append((limit, "independent"))
    highest, by = max(candidates, key=lambda candidate: candidate[0][1])
    return Governing(float(np.min([low for (low, _), _ in candidates])), highest[1], by)
