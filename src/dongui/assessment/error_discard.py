"""Error versus discard (ISO/IEC 29794-1): what a quality measure says about false non-matches.

The pictures a measure finds worst are discarded, more and more of them, and at each step the share of mated
comparisons beyond a fixed distance is counted over what is left. A measure that tells which pictures will
fail makes that share fall faster than discarding by chance would.

Only aggregates leave: two points of a curve lie ten comparisons apart at least, or what lies between them
would be somebody's; the last has ten comparisons of two people left.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.det_curve import FEWEST_IN_A_BAR

if TYPE_CHECKING:
    from dongui.assessment.acquisition import Acquired

__all__ = [
    "DiscardCurve",
    "DiscardPoint",
    "ErrorDiscard",
    "ErrorDiscardAt",
    "PictureQuality",
    "discard_curve",
    "error_discard",
]

#: A curve is asked for at every twentieth of the pictures.
STEP: Final = 0.05
#: The second distance is one that this share of all mated comparisons lies beyond.
STARTING_SHARE: Final = 0.2

PictureQuality = Callable[[memoryview], Sequence[float]]
"""Quality of an encoded picture by each measure, larger is better; NaN where it cannot be told."""

Values = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DiscardPoint:
    """``discarded``: the share of pictures left out, 0.0 to 1.0. ``missed`` of ``comparisons`` lay beyond."""

    discarded: float
    comparisons: int
    missed: int

    @property
    def fnmr(self) -> float:
        """The share of the comparisons left that lay beyond the distance."""
        return self.missed / self.comparisons


@dataclass(frozen=True, slots=True)
class DiscardCurve:
    """One measure's curve; the first point discards nothing. Empty where too few comparisons stand behind."""

    measure: str
    points: tuple[DiscardPoint, ...]


@dataclass(frozen=True, slots=True)
class ErrorDiscardAt:
    """Every measure's curve at one distance: mated comparisons ``beyond`` it are missed."""

    beyond: float
    curves: tuple[DiscardCurve, ...]


@dataclass(frozen=True, slots=True)
class ErrorDiscard:
    """Curves at the mated bound, and at the stricter distance that a fifth of the mated comparisons miss."""

    at: tuple[ErrorDiscardAt, ...]


def error_discard(
    acquired: Acquired, quality: Values, measures: Sequence[str], *, mated_at_most: float
) -> ErrorDiscard:
    """Count the curves of the mated comparisons among ``acquired``; ``quality`` is pictures x measures.

    Must be called before the templates are overwritten.
    """
    one, other = _mated_pairs(acquired.person)
    scores = acquired.scores(one, other) if len(one) else np.zeros(0)
    strict = _starting_distance(scores)
    distances = [mated_at_most] if strict is None or strict >= mated_at_most else [mated_at_most, strict]
    people = acquired.person[one]
    return ErrorDiscard(
        tuple(
            ErrorDiscardAt(
                beyond,
                tuple(
                    DiscardCurve(name, discard_curve(quality[:, column], one, other, people, scores > beyond))
                    for column, name in enumerate(measures)
                ),
            )
            for beyond in distances
        )
    )


def discard_curve(
    quality: Values, one: Indices, other: Indices, people: Indices, missed: NDArray[np.bool_]
) -> tuple[DiscardPoint, ...]:
    """Return one curve. Comparison k is of pictures ``one[k]`` and ``other[k]`` of person ``people[k]``.

    Pictures of equal quality are discarded together or not at all, those without a quality first; a
    comparison is left while both of its pictures are.
    """
    known = np.where(np.isnan(quality), -np.inf, quality)
    ordered = np.sort(known)
    points: list[DiscardPoint] = []
    for step in range(round(1 / STEP)):
        # The worst that is kept; whatever equals it is kept as well.
        worst = ordered[int(step * STEP * len(ordered) + 1e-9)] if len(ordered) else np.inf
        left = (known[one] >= worst) & (known[other] >= worst)
        count = int(left.sum())
        if count < FEWEST_IN_A_BAR or len(np.unique(people[left])) < 2:
            break
        if points and points[-1].comparisons - count < FEWEST_IN_A_BAR:
            continue
        discarded = float((known < worst).mean())
        points.append(DiscardPoint(discarded, count, int((missed & left).sum())))
    return tuple(points)


def _mated_pairs(person: Indices) -> tuple[Indices, Indices]:
    """Every pair of acquired pictures that the labels call one person's, once."""
    pairs: list[tuple[int, int]] = []
    for label in np.unique(person):
        pairs.extend(itertools.combinations(np.flatnonzero(person == label).tolist(), 2))
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _starting_distance(scores: Values) -> float | None:
    """The largest whole hundredth that a fifth of the scores lies beyond, and ten; ``None`` where too few."""
    needed = max(FEWEST_IN_A_BAR, round(STARTING_SHARE * len(scores)))
    if len(scores) < 2 * needed:
        return None
    hundredths = (number / 100 for number in range(199, 0, -1))
    return next((beyond for beyond in hundredths if int((scores > beyond).sum()) >= needed), None)
