"""FMR below what was counted: a fit to the tail, and how little it knows.

Scores far below a threshold follow a generalised Pareto distribution (Pickands, 1975; Balkema and de Haan,
1974) *if the tail goes on as it begins*. Twins, siblings and look-alikes that are not in the set do not
follow it. So every figure here is an extrapolation and says so, with an interval over people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.score_store import EDGES, Tail

__all__ = ["FEWEST_EXCEEDANCES", "Extrapolation", "TailFit", "extrapolate", "fit_tail"]

FEWEST_EXCEEDANCES: Final = 100
# Enough for two digits of the shape; more would only begin the tail higher, where it is none yet.
_MOST_EXCEEDANCES: Final = 20_000
_FEWEST_PEOPLE: Final = 20
_LARGEST_SHARE: Final = 0.05
_DRAWS: Final = 400
_NUMBERS_AT_ONCE: Final = 2**20

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TailFit:
    """A generalised Pareto distribution over how far scores lie below ``below``.

    ``shape`` and ``scale`` (distances); ``share`` of all comparisons lie below. ``below`` is the edge of a
    bin, so that it is nobody's score.
    """

    below: float
    share: float
    shape: float
    scale: float

    def fmr(self, at: float) -> float:
        """Return the modelled FMR at the bound ``at``; ``ValueError`` above ``below``."""
        if at > self.below:
            raise ValueError("the tail says nothing above where it begins")
        return float(
            _survival(np.array([self.shape]), np.array([self.scale]), self.below - at)[0] * self.share
        )

    def bound(self, fmr: float) -> float:
        """Return the bound at which the modelled FMR is ``fmr``; never below zero."""
        ratio = fmr / self.share
        if abs(self.shape) < 1e-9:
            depth = -self.scale * float(np.log(ratio))
        else:
            depth = self.scale / self.shape * (ratio**-self.shape - 1)
        return max(0.0, self.below - depth)


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """The modelled FMR at one bound, extrapolated, with its interval over people."""

    at: float
    fmr: float
    interval: tuple[float, float]


def fit_tail(depths: Vector, weights: Vector) -> tuple[float, float]:
    """Return shape and scale by probability-weighted moments (Hosking and Wallis, 1987).

    ``depths`` are ascending, 0 upwards, each counted ``weights`` times.
    """
    shape, scale = _moments(depths, weights[None])
    return float(shape[0]), float(scale[0])


def extrapolate(
    tail: Tail,
    *,
    comparisons: int,
    people: int,
    bounds: Sequence[float],
    seed: Sequence[int],
    confidence: float,
) -> tuple[TailFit, tuple[Extrapolation, ...]] | None:
    """Return the fit and the modelled FMR at each of ``bounds`` below it.

    ``None`` where fewer than 100 scores or 20 people make the tail: then there is nothing to go on.
    """
    below = _beginning(tail, comparisons)
    if below is None or people < _FEWEST_PEOPLE:
        return None
    order = np.argsort(np.where(tail.scores <= below, below - tail.scores, np.inf))
    order = order[: int(np.count_nonzero(tail.scores <= below))]
    depths, pairs = below - tail.scores[order], tail.people[order]
    shape, scale = fit_tail(depths, np.ones(len(depths)))
    fit = TailFit(below, len(depths) / comparisons, shape, scale)
    asked = [at for at in bounds if at <= below]
    if not asked:
        return fit, ()
    drawn = _drawn(fit, depths, pairs, people, asked, seed)
    tail_risk = 100 * (1 - confidence) / 2
    intervals = np.nanpercentile(drawn, [tail_risk, 100 - tail_risk], axis=0)
    return fit, tuple(
        Extrapolation(at, fit.fmr(at), (float(low), float(high)))
        for at, low, high in zip(asked, *intervals, strict=True)
    )


def _beginning(tail: Tail, comparisons: int) -> float | None:
    """The highest edge below which lie at most 5% of the comparisons, at least 100, at most 20,000."""
    counts = np.searchsorted(np.sort(tail.scores), EDGES, side="right")
    fits = (counts >= FEWEST_EXCEEDANCES) & (counts <= _LARGEST_SHARE * comparisons)
    fits &= (counts <= _MOST_EXCEEDANCES) & (tail.complete_to >= EDGES)
    return float(EDGES[fits][-1]) if fits.any() else None


def _drawn(
    fit: TailFit,
    depths: Vector,
    pairs: NDArray[np.int32],
    people: int,
    bounds: Sequence[float],
    seed: Sequence[int],
) -> Vector:
    """Return draws x bounds: the modelled FMR where people are drawn anew."""
    generator = np.random.default_rng(list(seed))
    found: list[Vector] = []
    at_once = max(1, _NUMBERS_AT_ONCE // max(len(depths), people))
    for begin in range(0, _DRAWS, at_once):
        drawn = generator.integers(people, size=(min(at_once, _DRAWS - begin), people))
        times = np.stack([np.bincount(row, minlength=people) for row in drawn]).astype(np.float64)
        weights = times[:, pairs[:, 0]] * times[:, pairs[:, 1]]
        # Pairs of one person drawn twice are no comparison: as many weights fall away from the whole.
        whole = (people**2 - (times**2).sum(axis=1)) / (people * (people - 1))
        share = fit.share * weights.mean(axis=1) / whole
        shape, scale = _moments(depths, weights)
        found.append(np.stack([share * _survival(shape, scale, fit.below - at) for at in bounds], axis=1))
    return np.concatenate(found)


def _moments(depths: Vector, weights: Vector) -> tuple[Vector, Vector]:
    whole = weights.sum(axis=1)
    passed = (np.cumsum(weights, axis=1) - weights / 2) / whole[:, None]
    mean = weights @ depths / whole
    upper = ((weights * (1 - passed)) @ depths) / whole
    apart = mean - 2 * upper
    return 2 - mean / apart, 2 * mean * upper / apart


def _survival(shape: Vector, scale: Vector, depth: float) -> Vector:
    """The share of the tail deeper than ``depth``; 0 beyond the end of a tail that ends."""
    flat = np.abs(shape) < 1e-9
    safe = np.where(flat, 1.0, shape)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        inner = np.maximum(1 + safe * depth / scale, 0)
        return np.asarray(np.where(flat, np.exp(-depth / scale), inner ** (-1 / safe)))
