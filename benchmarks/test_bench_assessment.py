"""Error rates over ten million non-mated comparisons, beside scikit-learn's curves on the same scores.

The same scores go through Dongui's counting (bins, exact counts at the bounds, tail) and through
``roc_curve`` and ``det_curve``. Equal results are asserted at every bin's edge, exact ones at the bounds.
What a whole assessment takes besides, scoring included, is measured from templates of made-up people.
``peak_MB`` is what was allocated at most during the measured part, the scores themselves not counted.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import det_curve, roc_curve

from dongui.assessment.acquisition import Acquired
from dongui.assessment.consent_ground import ConsentedTable
from dongui.assessment.error_rates import Kind
from dongui.assessment.groups import grouping_of
from dongui.assessment.limits import Limits
from dongui.assessment.measurement import Measurement, compare_pairs
from dongui.assessment.people_table import PeopleTable
from dongui.assessment.result import AssessmentResult, Method, RecogniserFacts
from dongui.assessment.score_store import EDGES, Bounds, ScoreStore
from dongui.assessment.trials import PAIRS_AT_ONCE

NON_MATED, MATED = 10_000_000, 20_000
BOUNDS = Bounds(0.42, 0.6)
PEOPLE, PICTURES = 2_237, 2  # ten million non-mated comparisons
pytestmark = pytest.mark.benchmark(group="assessment")


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    def pedantic(self, target: Callable[[], object], *, rounds: int, warmup_rounds: int) -> object:
        """Call ``target`` so many times, each a round."""


Scores = tuple[NDArray[np.float64], NDArray[np.float64]]
Curve = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture(scope="module")
def scores() -> Scores:
    """Mated and non-mated scores with tails as a recogniser's have."""
    generator = np.random.default_rng(1)
    return generator.normal(0.27, 0.06, MATED).clip(0), generator.normal(0.85, 0.09, NON_MATED).clip(0)


def table(people: int) -> PeopleTable:
    """A table of people in two columns of groups."""
    said = tuple((("a", "b")[number % 2], "cdef"[number % 7 % 4]) for number in range(people))
    return PeopleTable((), ("one", "other"), said, "00" * 32, False)


def counted(scores: Scores) -> ScoreStore:
    """Stream the scores through, as they come from comparing."""
    people = 4_000
    store = ScoreStore(grouping_of(table(people)), BOUNDS)
    for kind, values in enumerate(scores):
        for begin in range(0, len(values), PAIRS_AT_ONCE):
            some = values[begin : begin + PAIRS_AT_ONCE]
            one = np.arange(begin, begin + len(some)) % people
            other = (one + kind * (1 + begin // PAIRS_AT_ONCE % (people - 1))) % people
            store.add(some, one, other, same_session=np.zeros(len(some), dtype=np.bool_))
    return store


def joined(scores: Scores) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """What scikit-learn takes: labels, and scores that rise with similarity."""
    mated, non_mated = scores
    labels = np.zeros(len(mated) + len(non_mated), dtype=np.int8)
    labels[: len(mated)] = 1
    return labels, -np.concatenate(scores)


def peak_of(work: Callable[[], object]) -> float:
    """Return the most that was allocated at once while ``work`` ran, in megabytes."""
    tracemalloc.start()
    try:
        work()
        return round(tracemalloc.get_traced_memory()[1] / 1e6, 1)
    finally:
        tracemalloc.stop()


def fmr_at(curve: Curve, bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read the false positive rate of an ROC curve at each bound: the last threshold that is not stricter."""
    rate, _, thresholds = curve
    place = np.searchsorted(-thresholds, bounds, side="right") - 1
    return np.asarray(rate[place])


def test_dongui_counts_ten_million_scores(benchmark: Benchmark, scores: Scores) -> None:
    """Equal to scikit-learn at every edge, and exact at the bounds."""
    store = benchmark.pedantic(lambda: counted(scores), rounds=3, warmup_rounds=0)
    assert isinstance(store, ScoreStore)
    benchmark.extra_info["peak_MB"] = peak_of(lambda: counted(scores))
    mated, non_mated = scores
    labels, similar = joined(scores)
    roc = roc_curve(labels, similar, drop_intermediate=False)
    bins = store.non_mated.sum(axis=(0, 1))
    found = np.cumsum(bins)[: len(EDGES)] / len(non_mated)
    assert np.array_equal(found, fmr_at(roc, EDGES))
    decided = store.non_mated_decided.sum(axis=(0, 1))
    assert decided[0] == np.count_nonzero(non_mated <= BOUNDS.mated_at_most)
    assert decided[2] == np.count_nonzero(non_mated >= BOUNDS.non_mated_from)
    assert store.mated_decided.sum(axis=0)[2] == np.count_nonzero(mated >= BOUNDS.non_mated_from)


@pytest.mark.parametrize("curve", [roc_curve, det_curve], ids=["roc_curve", "det_curve"])
def test_scikit_learn(
    benchmark: Benchmark, scores: Scores, curve: Callable[[NDArray[np.int8], NDArray[np.float64]], Curve]
) -> None:
    """The same scores, already in memory, in one call."""
    labels, similar = joined(scores)
    benchmark.pedantic(lambda: curve(labels, similar), rounds=3, warmup_rounds=0)
    benchmark.extra_info["peak_MB"] = peak_of(lambda: curve(labels, similar))


def whole() -> AssessmentResult:
    """Compare, count and judge: everything after the pictures were taken."""
    generator = np.random.default_rng(2)
    faces = generator.normal(size=(PEOPLE, 128))
    shown = np.repeat(faces, PICTURES, axis=0) + 0.25 * generator.normal(size=(PEOPLE * PICTURES, 128))
    features = (0.65 * shown / np.linalg.norm(shown, axis=1, keepdims=True)).astype(np.float32)
    person = np.repeat(np.arange(PEOPLE), PICTURES)
    consented = ConsentedTable(table(PEOPLE), 0, {}, (), {})
    grouping = grouping_of(consented.table)
    store = ScoreStore(grouping, Bounds(0.75, 0.85))
    with Acquired.of(
        features,
        person=person,
        session=np.full(len(person), -1),
        pictures=np.full(PEOPLE, PICTURES),
        reasons={},
        at_once=PAIRS_AT_ONCE,
    ) as acquired:
        compare_pairs(acquired, store, progress=lambda _said: None)
    facts = RecogniserFacts("made-up", "00" * 32, "00" * 32, "00" * 32)
    return Measurement(consented, grouping, acquired, store, facts).result(
        method=Method(0.95, 1000, "00" * 16),
        limits=Limits(1e-3, 1e-2, 0.95),
        title="made-up people",
        operating_point=None,
        made_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def test_dongui_assesses_two_thousand_people(benchmark: Benchmark) -> None:
    """Ten million non-mated comparisons scored and counted; 15 groups, 1,000 draws, the tail's fit."""
    result = benchmark.pedantic(whole, rounds=2, warmup_rounds=0)
    assert isinstance(result, AssessmentResult)
    assert result.everyone.rates[Kind.FMR].trials > NON_MATED
    benchmark.extra_info["groups"] = len(result.groups)
    benchmark.extra_info["peak_MB"] = peak_of(whole)
