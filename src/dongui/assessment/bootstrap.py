"""The bootstrap over people: whoever is drawn comes with all their pictures.

A non-mated comparison belongs to two people, so a drawn set of people with weights w counts it w(i) * w(j)
times (a two-sample cluster bootstrap: mated and non-mated rates each over people, not over comparisons).
Where too many pairs erred to hold each of them, the first-order term of the same expression is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_PEOPLE", "LinearShare", "PairShare", "PersonShare", "Share", "bootstrap"]

FEWEST_PEOPLE: Final = 5
_NUMBERS_AT_ONCE: Final = 2**19

Vector = NDArray[np.float64]
Weights = NDArray[np.float64]


class Share(Protocol):
    """A rate as a function of how often each person was drawn. ``width``: numbers it needs for one draw."""

    @property
    def width(self) -> int:
        """Numbers held for each draw."""

    def under(self, weights: Weights) -> Vector:
        """Return the rate for each row of ``weights`` (draws x people); NaN where nothing was tried."""


@dataclass(frozen=True, slots=True)
class PersonShare:
    """A rate over people's own trials: ``hits`` of ``trials``, a number each a person."""

    hits: Vector = field(repr=False)
    trials: Vector = field(repr=False)

    @property
    def width(self) -> int:
        """One number a person."""
        return len(self.hits)

    def under(self, weights: Weights) -> Vector:
        """Return the rate for each row of ``weights``."""
        return _divided(weights @ self.hits, weights @ self.trials)


@dataclass(frozen=True, slots=True)
class PairShare:
    """A rate over pairs of people: ``hits[k]`` comparisons of ``one[k]`` with ``other[k]`` counted.

    ``pictures`` gives each person's pictures: every two people were compared, picture by picture.
    """

    one: NDArray[np.int64] = field(repr=False)
    other: NDArray[np.int64] = field(repr=False)
    hits: Vector = field(repr=False)
    pictures: Vector = field(repr=False)

    @property
    def width(self) -> int:
        """A number for each pair that counted, and one a person."""
        return max(len(self.hits), len(self.pictures))

    def under(self, weights: Weights) -> Vector:
        """Return the rate for each row of ``weights``. A person drawn twice is not compared with themself."""
        counted = (weights[:, self.one] * weights[:, self.other]) @ self.hits
        shown = weights * self.pictures
        return _divided(counted, (shown.sum(axis=1) ** 2 - (shown**2).sum(axis=1)) / 2)


@dataclass(frozen=True, slots=True)
class LinearShare:
    """As :class:`PairShare` to first order: ``value`` plus each person's ``influence`` times (weight - 1)."""

    value: float
    influence: Vector = field(repr=False)

    @property
    def width(self) -> int:
        """One number a person."""
        return len(self.influence)

    def under(self, weights: Weights) -> Vector:
        """Return the rate for each row of ``weights``, cut to 0.0 to 1.0."""
        return np.asarray(np.clip(self.value + (weights - 1) @ self.influence, 0, 1))


def bootstrap(
    shares: Sequence[Share], *, people: int, draws: int, seed: Sequence[int], confidence: float
) -> list[tuple[float, float] | None]:
    """Return a percentile interval for each share; ``None`` for all where fewer than 5 people are there.

    ``seed`` fixes the draws: the same people are drawn for every share.
    """
    if people < FEWEST_PEOPLE:
        return [None] * len(shares)
    generator = np.random.default_rng(list(seed))
    found: list[list[Vector]] = [[] for _ in shares]
    # The draws depend on the seed and the number of people alone, whatever they are asked for.
    at_once = max(1, _NUMBERS_AT_ONCE // people)
    for begin in range(0, draws, at_once):
        weights = _weights(generator, min(at_once, draws - begin), people)
        for values, share in zip(found, shares, strict=True):
            rows = max(1, _NUMBERS_AT_ONCE // max(share.width, 1))
            values += [share.under(weights[first : first + rows]) for first in range(0, len(weights), rows)]
    return [_percentiles(np.concatenate(values), confidence) for values in found]


def _weights(generator: np.random.Generator, draws: int, people: int) -> Weights:
    drawn = generator.integers(people, size=(draws, people))
    drawn += np.arange(draws)[:, None] * people
    counted = np.bincount(drawn.reshape(-1), minlength=draws * people)
    return counted.reshape(draws, people).astype(np.float64)


def _percentiles(values: Vector, confidence: float) -> tuple[float, float] | None:
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _divided(hits: Vector, trials: Vector) -> Vector:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(trials > 0, hits / trials, np.nan))
