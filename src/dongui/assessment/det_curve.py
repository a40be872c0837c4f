"""What is published of score distributions: coarse bars and the curve over them, never a single score.

A curve through every score is every score. So bars are 0.05 wide, a bar with fewer than ten comparisons is
joined with its neighbours, and the DET curve (ISO/IEC 19795-1) has points at the ends of bars alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.score_store import BIN_WIDTH, EDGES

__all__ = ["FEWEST_IN_A_BAR", "Bar", "DetPoint", "bars", "det_curve"]

FEWEST_IN_A_BAR: Final = 10
_BINS_IN_A_BAR: Final = 10

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bar:
    """``count`` comparisons with a score above ``above`` up to ``up_to`` (``None``: without end)."""

    above: float
    up_to: float | None
    count: int


@dataclass(frozen=True, slots=True)
class DetPoint:
    """Calling scores up to ``at`` mated: the FMR, and the share of mated comparisons beyond."""

    at: float
    fmr: float
    fnmr: float


def bars(counts: Counts) -> tuple[Bar, ...]:
    """Return the histogram that may be shown of ``counts`` by bin; empty where there are too few."""
    if counts.sum() < FEWEST_IN_A_BAR:
        return ()
    joined = _joined(_coarse(counts))
    places = np.cumsum([0, *(width for width, _ in joined)])
    return tuple(
        Bar(_edge(begin) or 0.0, _edge(end), count)
        for begin, end, (_, count) in zip(places, places[1:], joined, strict=False)
    )


def det_curve(mated: Sequence[Bar], non_mated: Sequence[Bar]) -> tuple[DetPoint, ...]:
    """Return the curve through the ends that both histograms share; empty where one is."""
    if not mated or not non_mated:
        return ()
    one, other = sum(bar.count for bar in mated), sum(bar.count for bar in non_mated)
    return tuple(
        DetPoint(end, _up_to(non_mated, end) / other, 1 - _up_to(mated, end) / one)
        for end in sorted(_ends(mated) & _ends(non_mated))
    )


def _ends(shown: Sequence[Bar]) -> set[float]:
    """Where bars end, and every step inside an empty one: the curve is flat there."""
    steps = [float(edge) for edge in EDGES[_BINS_IN_A_BAR::_BINS_IN_A_BAR]]
    return {
        step
        for step in steps
        for bar in shown
        if step == bar.up_to
        or (not bar.count and bar.above <= step and (bar.up_to is None or step <= bar.up_to))
    }


def _up_to(shown: Sequence[Bar], end: float) -> int:
    return sum(bar.count for bar in shown if bar.up_to is not None and bar.up_to <= end)


def _coarse(counts: Counts) -> list[int]:
    """Sum bins into steps of 0.05. The first bin holds the score zero alone and goes with the first step."""
    inside = counts[1 : len(EDGES)].reshape(-1, _BINS_IN_A_BAR).sum(axis=1).tolist()
    return [inside[0] + int(counts[0]), *inside[1:], int(counts[-1])]


def _joined(coarse: Sequence[int]) -> list[tuple[int, int]]:
    """Join steps into (width, count) until every count is zero or large enough."""
    found: list[tuple[int, int]] = []
    width = count = 0
    last = max((place for place, step in enumerate(coarse) if step), default=-1)
    for step in coarse[: last + 1]:
        if step and width and not count:
            found.append((width, 0))
            width = 0
        width, count = width + 1, count + step
        if count >= FEWEST_IN_A_BAR:
            found.append((width, count))
            width = count = 0
    # What is left at the end is too few for a bar of its own: it joins those before it.
    while 0 < count < FEWEST_IN_A_BAR:
        before = found.pop()
        width, count = width + before[0], count + before[1]
    if width:
        found.append((width, count))
    return [*found, (len(coarse) - last - 1, 0)] if last + 1 < len(coarse) else found


def _edge(step: int) -> float | None:
    place = int(step) * _BINS_IN_A_BAR
    return round(place * BIN_WIDTH, 3) if place < len(EDGES) else None
