"""The estimators against counting by hand, against published forms and against other libraries."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dongui.assessment.bootstrap import LinearShare, PairShare, PersonShare, bootstrap
from dongui.assessment.det_curve import FEWEST_IN_A_BAR, bars, det_curve
from dongui.assessment.differentials import differential
from dongui.assessment.extreme_values import TailFit, extrapolate, fit_tail
from dongui.assessment.intervals import clopper_pearson, governing, independent_needed
from dongui.assessment.score_store import BINS, EDGES, Bounds, Tail
from dongui.assessment.trials import pairs
from dongui.biometrics.comparison import pair_distances
from dongui.biometrics.intervals import Proportion


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 60))
def test_the_exact_interval_is_the_one_operating_points_use(hits: int, more: int) -> None:
    """Two ways to Clopper and Pearson's interval, by the beta distribution and by bisection, agree."""
    low, high = clopper_pearson(hits, hits + more, confidence=0.95)
    expected = Proportion(hits, hits + more).interval()
    assert (low, high) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-4, 0.3), st.sampled_from([0.0, 0.3, 1.0, 4.0]))
def test_the_number_asked_for_is_the_least_that_is_enough(limit: float, hits: float) -> None:
    """One independent trial fewer would leave the interval above the limit."""
    enough = independent_needed(limit, confidence=0.95, hits=hits)
    assert clopper_pearson(hits, enough, confidence=0.95)[1] <= limit
    if enough - 1 >= max(hits, 1):
        assert clopper_pearson(hits, enough - 1, confidence=0.95)[1] > limit


def test_without_an_error_people_limit_what_is_said_and_not_pairs() -> None:
    """None in five thousand comparisons of 51 people is none in 25 pairs that share nobody."""
    none = governing(
        value=0.0,
        comparisons=clopper_pearson(0, 5100, confidence=0.95),
        bootstrap=(0.0, 0.0),
        independent=25,
        independent_with_error=0,
        confidence=0.95,
    )
    assert none.by == "independent"
    assert none.high == pytest.approx(0.1372, abs=1e-4)


@given(st.floats(0, 0.01), st.floats(0, 0.02))
def test_the_widest_interval_governs(low: float, width: float) -> None:
    """However many erred, the governing interval holds both others that apply."""
    judged = governing(
        value=low,
        comparisons=(low / 2, low + width),
        bootstrap=(low / 3, low + width / 2),
        independent=1000,
        independent_with_error=50,
        confidence=0.95,
    )
    assert judged.low <= low / 3
    assert judged.high >= low + width


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_drawn_rate_is_what_counting_the_drawn_people_gives(data: st.DataObject) -> None:
    """The weights' expression equals comparing every two drawn people, copies of one person left out."""
    count = data.draw(st.integers(2, 7))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    pictures = generator.integers(0, 4, count)
    hits = np.triu(generator.integers(0, 3, (count, count)), 1)
    drawn = generator.integers(0, count, count)
    one, other = np.nonzero(hits)
    share = PairShare(one, other, hits[one, other].astype(float), pictures.astype(float))
    counted = tried = 0
    for first, second in itertools.combinations(drawn.tolist(), 2):
        if first != second:
            counted += int(hits[min(first, second), max(first, second)])
            tried += int(pictures[first] * pictures[second])
    (found,) = share.under(np.bincount(drawn, minlength=count).astype(float)[None])
    assert found == pytest.approx(counted / tried) if tried else math.isnan(found)


def test_the_first_order_form_is_close_to_the_whole() -> None:
    """For three hundred people the interval by influence is the interval by pairs, within a tenth."""
    generator = np.random.default_rng(5)
    count = 300
    tendency = generator.gamma(1.0, 0.02, count)
    hits = np.triu(generator.random((count, count)) < tendency[:, None] + tendency, 1)
    one, other = np.nonzero(hits)
    ones = np.ones(count)
    whole = PairShare(one, other, np.ones(len(one)), ones)
    trials = count * (count - 1) / 2
    value = len(one) / trials
    totals = (hits + hits.T).sum(axis=1)
    linear = LinearShare(value, (totals - value * (count - 1)) / trials)
    by_pairs, by_influence = bootstrap([whole, linear], people=count, draws=2000, seed=[1], confidence=0.95)
    assert by_pairs is not None
    assert by_influence is not None
    assert by_influence == pytest.approx(by_pairs, rel=0.1)


def test_pairs_that_share_people_make_the_interval_wider() -> None:
    """One person who is taken for everybody: over comparisons a narrow interval, over people a wide one."""
    count = 60
    one, other = np.zeros(count - 1, dtype=np.int64), np.arange(1, count)
    share = PairShare(one, other, np.ones(count - 1), np.ones(count))
    (found,) = bootstrap([share], people=count, draws=1000, seed=[2], confidence=0.95)
    exact = clopper_pearson(count - 1, count * (count - 1) // 2, confidence=0.95)
    assert found is not None
    assert found[0] < exact[0]
    assert found[1] > exact[1]


def test_the_draws_hang_on_the_seed_alone() -> None:
    """Asking for more figures at once changes none of them."""
    share = PersonShare(np.arange(20.0), np.full(20, 30.0))
    pair = PairShare(np.array([0]), np.array([1]), np.ones(1), np.ones(20))
    alone = bootstrap([share], people=20, draws=300, seed=[7], confidence=0.9)
    beside = bootstrap([pair, share], people=20, draws=300, seed=[7], confidence=0.9)
    assert alone[0] == beside[1]
    assert bootstrap([share], people=20, draws=300, seed=[8], confidence=0.9) != alone
    assert bootstrap([share], people=4, draws=300, seed=[7], confidence=0.9) == [None]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(1, 97))
def test_every_pair_is_tried_once(pictures: int, at_once: int) -> None:
    """However it is cut into pieces, each two pictures meet once, and none meets itself."""
    found = [
        (int(i), int(j))
        for one, other in pairs(pictures, at_once=at_once)
        for i, j in zip(one, other, strict=True)
    ]
    assert found == list(itertools.combinations(range(pictures), 2))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 70), st.integers(0, 2**32))
def test_a_pair_scores_the_same_alone_and_among_others(rows: int, seed: int) -> None:
    """A verification compares one pair, an assessment thousands at once: bit for bit the same score."""
    generator = np.random.default_rng(seed)
    one, other = (generator.normal(size=(rows, 128)).astype(np.float32) for _ in range(2))
    together = pair_distances(one.copy(), other.copy())
    alone = [pair_distances(one[[row]], other[[row]])[0] for row in range(rows)]
    assert together.tolist() == alone


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 2), min_size=1, max_size=300), st.integers(5, 60))
def test_the_tail_holds_the_lowest_scores(scores: list[float], size: int) -> None:
    """Up to ``complete_to`` none is missing and none was made up; each stays with its two people."""
    tail = Tail(size)
    for begin in range(0, len(scores), 17):
        some = np.array(scores[begin : begin + 17])
        numbers = np.arange(begin, begin + len(some))
        tail.add(some, numbers, numbers + 1000)
    expected = sorted(score for score in scores if score <= tail.complete_to)
    assert sorted(tail.scores.tolist()) == expected
    assert len(expected) == len(scores) or len(expected) <= 2 * size
    for score, (one, other) in zip(tail.scores.tolist(), tail.people.tolist(), strict=True):
        assert scores[one] == score
        assert other == one + 1000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, BINS - 1), st.integers(1, 25)), max_size=12))
def test_no_bar_is_about_a_few_comparisons(filled: list[tuple[int, int]]) -> None:
    """A bar holds none or at least ten, the bars follow one another, and together they hold all."""
    counts = np.zeros(BINS, dtype=np.int64)
    for place, count in filled:
        counts[place] += count
    shown = bars(counts)
    if counts.sum() < FEWEST_IN_A_BAR:
        assert shown == ()
        return
    assert sum(bar.count for bar in shown) == counts.sum()
    assert all(bar.count == 0 or bar.count >= 10 for bar in shown)
    assert shown[0].above == 0
    assert shown[-1].up_to is None
    for bar, following in itertools.pairwise(shown):
        assert bar.up_to == following.above
    for bar in shown:
        if bar.up_to is not None:
            inside = (bar.above < EDGES) & (bar.up_to >= EDGES)
            assert bar.count == counts[: len(EDGES)][inside].sum() + (counts[0] if bar.above == 0 else 0)


def test_the_curve_lies_on_the_counts() -> None:
    """Each point of the DET curve is the share of both kinds at its bound; it only ever rises and falls."""
    generator = np.random.default_rng(3)
    mated, non_mated = generator.normal(0.3, 0.05, 4000), generator.normal(0.8, 0.12, 40_000)
    shown = [
        bars(np.bincount(np.searchsorted(EDGES, scores), minlength=BINS)) for scores in (mated, non_mated)
    ]
    curve = det_curve(*shown)
    assert len(curve) > 5
    for point in curve:
        assert point.fmr == pytest.approx(np.mean(non_mated <= point.at))
        assert point.fnmr == pytest.approx(np.mean(mated > point.at))


def test_the_tail_of_a_known_distribution_is_found() -> None:
    """Shape and scale of 20,000 draws of scipy's generalised Pareto come back within a few hundredths."""
    from scipy.stats import genpareto  # here: it takes a second, and every worker reads every module

    for shape in (-0.3, 0.0001, 0.2):
        depths = np.sort(genpareto.rvs(shape, scale=0.1, size=20_000, random_state=4))
        found = fit_tail(depths, np.ones(len(depths)))
        assert found == pytest.approx((shape, 0.1), abs=0.04)
        fit = TailFit(0.6, 0.05, shape, 0.1)
        for depth in (0.0, 0.05, 0.2):
            assert fit.fmr(0.6 - depth) == pytest.approx(0.05 * genpareto.sf(depth, shape, scale=0.1))
        assert fit.fmr(fit.bound(0.01)) == pytest.approx(0.01)


def test_an_extrapolation_holds_the_rate_of_people_not_seen() -> None:
    """From 100 people the interval for a low FMR holds the FMR that 1,200 others show."""
    generator = np.random.default_rng(11)
    faces = generator.normal(size=(1300, 12)) / math.sqrt(12) / 2

    def distances(some: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Tail:
        tail = Tail()
        for one, other in pairs(len(some)):
            tail.add(np.linalg.norm(some[one] - some[other], axis=1), one, other)
        return tail

    small = distances(faces[:100])
    found = extrapolate(small, comparisons=4950, people=100, bounds=[0.2], seed=[1], confidence=0.95)
    assert found is not None
    (figure,) = found[1]
    others = distances(faces[100:])
    true = np.count_nonzero(others.scores <= 0.2) / (1200 * 1199 / 2)
    assert true > 0
    assert figure.interval[0] <= true <= figure.interval[1]
    assert extrapolate(small, comparisons=4950, people=10, bounds=[0.2], seed=[1], confidence=0.95) is None


def test_differentials_by_hand() -> None:
    """Two rates, one four times the other: max/min 4, max/geometric mean 2, Gini 0.6."""
    found = differential([("one", 0.01), ("other", 0.04)])
    assert found is not None
    assert found.highest == "other"
    assert found.max_to_min == pytest.approx(4)
    assert found.max_to_geometric_mean == pytest.approx(2)
    assert found.gini == pytest.approx(0.6)
    assert found.withheld is None


def test_nothing_is_divided_by_a_zero_that_a_small_group_gave() -> None:
    """Where a group shows no error the ratios are withheld and the reason is told."""
    for rates in ([("one", 0.0), ("other", 0.04)], [("one", 0.0), ("other", 0.0)]):
        found = differential(rates)
        assert found is not None
        assert (found.max_to_min, found.max_to_geometric_mean, found.gini) == (None, None, None)
        assert found.withheld
    assert differential([("one", 0.1)]) is None


@given(st.floats(0, 2))
@example(0.42)
@example(0.6)
def test_bounds_decide_as_a_verification_does(score: float) -> None:
    """Up to the lower mated, from the upper on non-mated, both bounds included."""
    bounds = Bounds(0.42, 0.6)
    (decided,) = bounds.decide(np.array([score]))
    assert decided == (0 if score <= 0.42 else 2 if score >= 0.6 else 1)
