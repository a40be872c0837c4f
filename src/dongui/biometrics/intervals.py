"""Proportions with exact 95% intervals (Clopper and Pearson, 1934), as ISO/IEC 19795-1 asks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Proportion"]

_HALF_RISK = 0.025
_STEPS = 60  # bisections; each halves the error, from 1


@dataclass(frozen=True, slots=True)
class Proportion:
    """``hits`` of ``trials``. ``ValueError`` unless 0 <= hits <= trials."""

    hits: int
    trials: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.trials:
            raise ValueError(f"{self.hits} of {self.trials} is no proportion")

    @property
    def value(self) -> float | None:
        """The proportion, 0.0 to 1.0; ``None`` where nothing was tried."""
        return self.hits / self.trials if self.trials else None

    def interval(self) -> tuple[float, float]:
        """Return the exact two-sided 95% interval; (0.0, 1.0) where nothing was tried.

        Taken over independent trials. Comparisons that share a person are not: the true interval is wider.
        """
        if self.trials == 0:
            return 0.0, 1.0
        low = 0.0 if self.hits == 0 else _solve(lambda p: 1 - _at_most(self.hits - 1, self.trials, p))
        high = (
            1.0 if self.hits == self.trials else 1 - _solve(lambda q: _at_most(self.hits, self.trials, 1 - q))
        )
        return low, high


def _at_most(hits: int, trials: int, p: float) -> float:
    """The probability of at most ``hits`` in ``trials``, from the smaller of the binomial's two tails."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return 1.0 if hits >= trials else 0.0
    return math.fsum(_mass(count, trials, p) for count in range(hits + 1))


def _mass(count: int, trials: int, p: float) -> float:
    log_choose = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(log_choose + count * math.log(p) + (trials - count) * math.log1p(-p))


def _solve(rising: Callable[[float], float]) -> float:
    """Return where a function that rises from 0 to 1 on [0, 1] passes the risk of one tail."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rising(middle) < _HALF_RISK:
            low = middle
        else:
            high = middle
    return (low + high) / 2
