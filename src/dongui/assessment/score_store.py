"""Scores as they stream by: fixed bins, exact counts at two bounds, and the extreme tail. Memory is bounded.

Nothing here grows with the number of non-mated comparisons. A score stays only in one of the two tails, in
memory, beside the two people it belongs to: the bootstrap over people and the extreme-value fit need that.
Nothing of it is ever written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.groups import Grouping

__all__ = ["BIN_WIDTH", "EDGES", "TAIL_SCORES", "Bounds", "ScoreStore", "Tail"]

BIN_WIDTH: Final = 0.005
#: Upper edges of the bins: bin k holds the scores above edge k - 1 up to edge k, the last one all beyond 2.
EDGES: Final = np.round(np.arange(401) * BIN_WIDTH, 3)
BINS: Final = len(EDGES) + 1
TAIL_SCORES: Final = 2**18

Indices = NDArray[np.int64]
Scores = NDArray[np.float64]
MATED, UNDETERMINED, NON_MATED = range(3)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Up to ``mated_at_most`` mated, from ``non_mated_from`` on non-mated; distances, 0 upwards."""

    mated_at_most: float
    non_mated_from: float

    def __post_init__(self) -> None:
        if not 0 < self.mated_at_most < self.non_mated_from:
            raise ValueError("the bounds must satisfy 0 < mated_at_most < non_mated_from")

    def decide(self, scores: Scores) -> Indices:
        """Return 0 mated, 1 undetermined, 2 non-mated for each score: exactly as ``compare`` decides."""
        above = (scores > self.mated_at_most).astype(np.int64)
        above += scores >= self.non_mated_from
        return above


class Tail:
    """The smallest scores that passed, ``size`` of them or up to twice as many, with the two people of each.

    In no order. ``complete_to`` is the score up to which none is missing.
    """

    def __init__(self, size: int = TAIL_SCORES) -> None:
        self._size = size
        self._scores: Scores = np.empty(2 * size)
        self._people = np.empty((2 * size, 2), dtype=np.int32)
        self._held = 0
        self.complete_to = float("inf")

    def add(self, scores: Scores, one: Indices, other: Indices) -> None:
        """Let scores pass, each with its two people."""
        near = np.flatnonzero(scores <= self.complete_to)
        for begin in range(0, len(near), self._size):
            some = near[begin : begin + self._size]
            # Only when it is full: cutting costs as much as adding the whole.
            if self._held + len(some) > 2 * self._size:
                self._trim()
                some = some[scores[some] <= self.complete_to]
            place = slice(self._held, self._held + len(some))
            self._scores[place] = scores[some]
            self._people[place, 0] = one[some]
            self._people[place, 1] = other[some]
            self._held = place.stop

    def _trim(self) -> None:
        held = self._scores[: self._held]
        cut = float(np.partition(held, self._size)[self._size])
        # Scores equal to the first one that no longer fits go too: the tail is complete up to a score.
        kept = np.flatnonzero(held < cut)
        self._scores[: len(kept)] = held[kept]
        self._people[: len(kept)] = self._people[kept]
        self._held = len(kept)
        self.complete_to = float(np.nextafter(cut, -np.inf))

    @property
    def scores(self) -> Scores:
        """The scores held."""
        return self._scores[: self._held]

    @property
    def people(self) -> NDArray[np.int32]:
        """The two people of each score, n x 2."""
        return self._people[: self._held]


class ScoreStore:
    """Counts of one assessment's comparisons.

    ``mated`` is cells x bins, ``non_mated`` cells x cells x bins (the smaller cell first); ``*_decided`` the
    same by decision, exact. ``mated_people`` is people x 3 by decision; ``non_mated_people`` people x cells x
    2: how often a person's pictures were accepted (0), or undetermined (1), against somebody's of that cell.
    ``lowest`` holds the lowest non-mated scores, ``highest`` the highest mated ones, negated.
    """

    def __init__(self, grouping: Grouping, bounds: Bounds) -> None:
        cells, people = grouping.cell_count, len(grouping.cell_of)
        self.bounds = bounds
        self._cell_of = grouping.cell_of
        self.mated = np.zeros((cells, BINS), dtype=np.int64)
        self.non_mated = np.zeros((cells, cells, BINS), dtype=np.int64)
        self.mated_decided = np.zeros((cells, 3), dtype=np.int64)
        self.non_mated_decided = np.zeros((cells, cells, 3), dtype=np.int64)
        self.mated_people = np.zeros((people, 3), dtype=np.int64)
        self.non_mated_people = np.zeros((people, cells, 2), dtype=np.int32)
        self.mated_across_sessions = np.zeros(3, dtype=np.int64)
        self.lowest = Tail()
        self.highest = Tail()

    def add(self, scores: Scores, one: Indices, other: Indices, *, same_session: NDArray[np.bool_]) -> None:
        """Count comparisons: ``one[k]`` and ``other[k]`` are the people of score k."""
        decided = self.bounds.decide(scores)
        bins = np.searchsorted(EDGES, scores, side="left")
        mated = one == other
        if mated.any():
            chosen = np.flatnonzero(mated)
            self._add_mated(scores[chosen], one[chosen], decided[chosen], bins[chosen], ~same_session[chosen])
            chosen = np.flatnonzero(~mated)
            scores, one, other = scores[chosen], one[chosen], other[chosen]
            decided, bins = decided[chosen], bins[chosen]
        self._add_non_mated(scores, one, other, decided, bins)

    def _add_mated(
        self, scores: Scores, person: Indices, decided: Indices, bins: Indices, across: NDArray[np.bool_]
    ) -> None:
        cells = self._cell_of[person]
        np.add.at(self.mated, (cells, bins), 1)
        np.add.at(self.mated_decided, (cells, decided), 1)
        np.add.at(self.mated_people, (person, decided), 1)
        self.mated_across_sessions += np.bincount(decided[across], minlength=3)
        self.highest.add(-scores, person, person)

    def _add_non_mated(
        self, scores: Scores, one: Indices, other: Indices, decided: Indices, bins: Indices
    ) -> None:
        first, second = self._cell_of[one], self._cell_of[other]
        low, high = np.minimum(first, second), np.maximum(first, second)
        pair = low * len(self.mated) + high
        np.add.at(self.non_mated.reshape(-1), pair * BINS + bins, 1)
        np.add.at(self.non_mated_decided.reshape(-1), pair * 3 + decided, 1)
        short = np.flatnonzero(decided != NON_MATED)
        kind = decided[short]
        np.add.at(self.non_mated_people, (one[short], second[short], kind), 1)
        np.add.at(self.non_mated_people, (other[short], first[short], kind), 1)
        self.lowest.add(scores, one, other)
