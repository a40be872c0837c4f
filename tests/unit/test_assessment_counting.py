"""One pass counts what counting by hand counts, for every group, within and across."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.assessment import error_rates
from dongui.assessment.error_rates import Kind
from dongui.assessment.limits import Limits
from dongui.assessment.result import AssessmentResult, Method
from dongui.assessment.result_json import write_result
from dongui.assessment.result_reading import read_result
from dongui.assessment.score_store import BINS, Bounds
from dongui.errors import Misuse
from simulators.assessment_people import MOMENT, made_up, made_up_people

METHOD = Method(confidence=0.95, draws=100, seed="cd" * 16)
LIMITS = Limits(max_fmr=0.01, max_fnmr=0.05, confidence=0.95)
BOUNDS = Bounds(0.75, 0.85)
COLUMNS = ("first", "second")


def assessed(
    values: Sequence[tuple[str, ...]], pictures: int = 2, seed: int = 1
) -> tuple[AssessmentResult, dict[Kind, list[tuple[int, int]]]]:
    """Assess people who said ``values``; return the result and, by kind, each counted trial's two people."""
    features, person, _ = made_up_people({"x": len(values)}, spread={"x": 0.8}, seed=seed, pictures=pictures)
    counted: dict[Kind, list[tuple[int, int]]] = {kind: [] for kind in Kind}
    for (i, one), (j, other) in itertools.combinations(enumerate(person), 2):
        distance = float(np.linalg.norm(features[i] - features[j]))
        between = BOUNDS.mated_at_most < distance < BOUNDS.non_mated_from
        if one == other and (between or distance >= BOUNDS.non_mated_from):
            counted[Kind.UNDETERMINED_MATED if between else Kind.FNMR].append((one, other))
        elif one != other and (between or distance <= BOUNDS.mated_at_most):
            counted[Kind.UNDETERMINED_NON_MATED if between else Kind.FMR].append((one, other))
    measured = made_up(features, person, values, bounds=BOUNDS, columns=COLUMNS)
    result = measured.result(
        method=METHOD, limits=LIMITS, title="A set", operating_point=None, made_at=MOMENT
    )
    return result, counted


ANSWERS = st.lists(
    st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(["c", "d", "e"])), min_size=2, max_size=14
)


@settings(max_examples=15, deadline=None)
@given(ANSWERS, st.integers(1, 3), st.integers(0, 1000))
def test_every_group_counts_its_own_comparisons(
    values: Sequence[tuple[str, ...]], pictures: int, seed: int
) -> None:
    """Hits and trials of each group and rate are those of its own people; an empty answer groups nobody."""
    result, counted = assessed(values, pictures, seed)
    for group in result.groups:
        inside = {
            person
            for person, said in enumerate(values)
            if all(said[COLUMNS.index(c)] == v for c, v in zip(group.columns, group.values, strict=True))
        }
        assert group.people == len(inside)
        assert "" not in group.values
        trials = {
            Kind.FMR: len(inside) * (len(inside) - 1) // 2 * pictures**2,
            Kind.FNMR: len(inside) * pictures * (pictures - 1) // 2,
        }
        for kind, rate in group.rates.items():
            hits = sum(one in inside and other in inside for one, other in counted[kind])
            assert rate.hits == hits, (group.name, kind)
            of_two = kind in (Kind.FMR, Kind.UNDETERMINED_NON_MATED)
            assert rate.independent == (len(inside) // 2 if of_two else len(inside))
        for kind, number in trials.items():
            shown = group.rates.get(kind)
            assert (shown.trials if shown else 0) == (number if number >= 2 and len(inside) >= 2 else 0)


@settings(max_examples=10, deadline=None)
@given(ANSWERS, st.integers(0, 1000))
def test_comparisons_across_groups_are_theirs(values: Sequence[tuple[str, ...]], seed: int) -> None:
    """Between two groups of a column only comparisons of one's people with the other's count."""
    result, counted = assessed(values, 2, seed)
    for across in result.across:
        column = COLUMNS.index(across.column)
        for kind, rate in across.rates.items():
            hits = sum(
                {values[one][column], values[other][column]} == set(across.values)
                for one, other in counted[kind]
            )
            assert rate.hits == hits
            assert rate.trials == across.people[0] * across.people[1] * 4


def test_the_figures_do_not_hang_on_how_errors_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many pairs to hold each, counts stay and the bootstrap's interval moves little."""
    values = [("a" if index % 3 else "b", "c") for index in range(90)]
    exact, _ = assessed(values)
    monkeypatch.setattr(error_rates, "MAX_PAIRS_HELD", 0)
    linear, _ = assessed(values)
    for one, other in zip(exact.groups, linear.groups, strict=True):
        first, second = one.rates[Kind.FMR], other.rates[Kind.FMR]
        assert (first.hits, first.trials) == (second.hits, second.trials)
        assert first.bootstrap is not None
        assert second.bootstrap is not None
        assert second.bootstrap == pytest.approx(first.bootstrap, rel=0.35, abs=0.004)


def test_a_figure_of_one_person_is_not_shown() -> None:
    """A group of one has no rates: they would be that person's own."""
    result, _ = assessed([("a", "c"), ("a", "c"), ("b", "c")])
    alone = next(group for group in result.groups if group.values == ("b",))
    assert alone.people == 1
    assert alone.rates == {}


def test_templates_are_gone_when_the_figures_are_there() -> None:
    """Once the last pair is scored every buffer that held features is zero, what was handed over too."""
    features, person, values = made_up_people({"x": 20}, spread={}, seed=1)
    measured = made_up(features, person, values, bounds=BOUNDS)
    assert not features.any()
    acquired = measured.acquired
    assert not acquired._features.any()
    assert not acquired._one.any()
    assert not acquired._other.any()


def test_a_measurement_is_not_written_anywhere() -> None:
    """It holds the tails of the scores: pickling it fails."""
    import pickle

    features, person, values = made_up_people({"x": 5}, spread={}, seed=1)
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(made_up(features, person, values, bounds=BOUNDS))


def test_histograms_hold_every_comparison_once() -> None:
    """All cells' bins together are all comparisons."""
    features, person, values = made_up_people({"x": 12, "y": 8}, spread={}, seed=2)
    store = made_up(features, person, values, bounds=BOUNDS).store
    assert store.mated.shape[-1] == store.non_mated.shape[-1] == BINS
    assert store.mated.sum() == 20
    assert store.non_mated.sum() == 20 * 19 // 2 * 4
    assert store.mated_decided.sum() == 20
    assert store.non_mated_decided.sum() == 20 * 19 // 2 * 4


def test_a_result_comes_back_from_its_json() -> None:
    """What was written is read, to the last digit that is written; what is added or missing is refused."""
    result, _ = assessed([("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")] * 30)
    assert result.tail is not None
    text = write_result(result)
    again = read_result(text)
    assert write_result(again) == text
    assert replace(again, groups=(), across=(), differentials=(), tail=None) == replace(
        result, groups=(), across=(), differentials=(), tail=None
    )
    for broken in (
        text.replace('"format": 1', '"format": 2', 1),
        text.replace('"kind": "assessment"', '"kind": "assessment", "scores": [0.4]', 1),
        text.replace('"pictures"', '"photos"', 1),
        text.replace('"by": "', '"by": "un', 1),
        "[]",
        "",
        "[" * 100_000,
    ):
        with pytest.raises(Misuse) as refused:
            read_result(broken)
        assert refused.value.name == "assessment.result-malformed"
