"""Exact intervals, checked against published values and against the definition."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.biometrics.intervals import Proportion


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (1, 20, 0.0013, 0.2487),
        (0, 51, 0.0, 0.0698),
    ],
)
def test_known_intervals(hits: int, trials: int, low: float, high: float) -> None:
    """The values of Clopper's and Pearson's tables come out."""
    assert Proportion(hits, trials).interval() == pytest.approx((low, high), abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_each_bound_leaves_a_fortieth_beyond_it(counted: tuple[int, int]) -> None:
    """At the lower bound as many hits or more have the chance 2.5%; at the upper bound as many or fewer."""
    hits, trials = counted
    low, high = Proportion(hits, trials).interval()

    def chance(counts: range, p: float) -> float:
        return sum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in counts)

    assert low <= hits / trials <= high
    assert low == 0 if hits == 0 else chance(range(hits, trials + 1), low) == pytest.approx(0.025, rel=1e-6)
    assert high == 1 if hits == trials else chance(range(hits + 1), high) == pytest.approx(0.025, rel=1e-6)


def test_nothing_tried_is_nothing_known() -> None:
    """Of no trials there is no proportion, and the interval is everything."""
    assert (Proportion(0, 0).value, Proportion(0, 0).interval()) == (None, (0.0, 1.0))


@pytest.mark.parametrize(("hits", "trials"), [(-1, 3), (4, 3)])
def test_an_impossible_count_is_refused(hits: int, trials: int) -> None:
    """More hits than trials, or fewer than none, make no proportion."""
    with pytest.raises(ValueError, match="no proportion"):
        Proportion(hits, trials)
