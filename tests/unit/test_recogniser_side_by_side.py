"""Two recognisers get their bounds by one rule: as wide as two limits allow, in hundredths."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from dongui.assessment.error_rates import Kind
from dongui.assessment.limits import Limits
from dongui.assessment.measurement import Measurement
from dongui.assessment.result import AssessmentResult, Method
from dongui.assessment.score_store import Bounds
from dongui.assessment.side_by_side import SideBySide, bounds_alike, missed, side_by_side_json
from dongui.biometrics.cards import card
from simulators.assessment_people import made_up, made_up_people

METHOD = Method(0.95, 100, "00" * 16)
LIMITS = Limits(1e-2, 2e-2, 0.95)


def people(bounds: Bounds, seed: int) -> Measurement:
    spread = {"one": 1.0, "other": 0.5}
    features, person, values = made_up_people({"one": 40, "other": 40}, spread=spread, seed=seed)
    return made_up(features, person, values, bounds=bounds)


def result_of(measurement: Measurement, method: Method = METHOD) -> AssessmentResult:
    made_at = datetime(2026, 11, 22, tzinfo=UTC)
    return measurement.result(method=method, limits=LIMITS, title="x", operating_point=None, made_at=made_at)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limits", [LIMITS, Limits(1e-3, 0.3, 0.95), Limits(0.3, 1e-3, 0.95)])
def test_the_bounds_are_the_widest_that_keep_both_limits(limits: Limits, seed: int) -> None:
    """Counted anew at the bounds both limits hold; a hundredth further one does not."""
    bounds = bounds_alike(people(Bounds(0.5, 1.0), seed).store, limits)
    for bound in (bounds.mated_at_most, bounds.non_mated_from):
        assert round(100 * bound, 6).is_integer()

    def rates(low: float, high: float) -> tuple[float, float]:
        store = people(Bounds(low, high), seed).store
        non_mated, mated = store.non_mated_decided.sum(axis=(0, 1)), store.mated_decided.sum(axis=0)
        return non_mated[0] / non_mated.sum(), mated[2] / mated.sum()

    low, high = bounds.mated_at_most, bounds.non_mated_from
    fmr, fnmr = rates(low, high)
    assert fmr <= limits.max_fmr
    assert fnmr <= limits.max_fnmr
    assert rates(round(low + 0.01, 2), 3.0)[0] > limits.max_fmr
    below = round(high - 0.01, 2)
    assert below <= low or rates(low, below)[1] > limits.max_fnmr


def test_where_nothing_keeps_the_fmr_the_strictest_is_taken() -> None:
    """Two people with one template: their comparison is accepted at every bound there is."""
    features = np.full((4, 128), 0.05, dtype=np.float32)
    store = made_up(features, [0, 0, 1, 1], [("a",), ("a",)], bounds=Bounds(0.5, 1.0)).store
    assert bounds_alike(store, LIMITS) == Bounds(0.01, 0.02)


def test_missed_is_what_did_not_end_in_mated() -> None:
    """Rejected and undetermined together, of the mated comparisons; nothing for a single person."""
    result = result_of(people(Bounds(0.2, 0.21), 1))
    rates = result.everyone.rates
    expected = rates[Kind.FNMR].hits + rates[Kind.UNDETERMINED_MATED].hits
    assert missed(result.everyone) == (expected, 80)
    assert missed(dataclasses.replace(result.everyone, rates={})) is None


def test_only_the_same_people_and_method_stand_side_by_side() -> None:
    """Another table or other draws would compare samples, not recognisers."""
    result = result_of(people(Bounds(0.5, 1.0), 1))
    cards = (card("dlib-resnet-v1"), card("sface-2021dec"))
    both = SideBySide(result.made_at, LIMITS, (result, result), cards)
    content = side_by_side_json(both)
    assert content["recognisers"] == ["made-up", "made-up"]
    groups = content["groups"]
    assert isinstance(groups, list)
    assert [group["name"] for group in groups] == ["everyone", "one", "other"]
    other = result_of(people(Bounds(0.5, 1.0), 1), Method(0.95, 100, "11" * 16))
    with pytest.raises(ValueError, match="same people"):
        SideBySide(result.made_at, LIMITS, (result, other), cards)


def test_a_result_without_a_point_is_never_assessed_for_use() -> None:
    """Bounds chosen on the people they are judged by hold there; nowhere else is anything shown."""
    result = result_of(people(Bounds(0.5, 1.0), 1))
    kept = tuple(dataclasses.replace(need, fmr_holds=True, fnmr_holds=True) for need in result.needs)
    assert not dataclasses.replace(result, needs=kept).assessed_for_use
    assert dataclasses.replace(result, needs=kept, operating_point="mine").assessed_for_use
