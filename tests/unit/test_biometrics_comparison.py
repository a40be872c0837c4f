"""A decision at a named operating point, and nothing else."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import date

import numpy as np
import pytest

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.attack_detection.parallax import TurnAssessment
from dongui.biometrics.comparison import ComparisonDecision, compare
from dongui.biometrics.operating_points import Measured, OperatingPoint, operating_point, operating_points
from dongui.biometrics.pixels import Features
from dongui.biometrics.probe import Probe
from dongui.biometrics.reference import Reference
from dongui.biometrics.templates import Template
from dongui.errors import Misuse

PIPELINE = bytes(range(32))
TURN = TurnAssessment(Challenge(Side.PICTURE_LEFT), 15, 38, ())
EVERYONE = Measured("everyone", 51, 102, 0, 51, 0, 0, 5100, 0, 43)
POINT = OperatingPoint(
    "test", "dlib-resnet-v1", 0.42, 0.60, PIPELINE, False, "a set", date(2026, 11, 22), EVERYONE
)


def template(*first: float) -> Template:
    features = np.zeros(128, np.float32)
    features[: len(first)] = first
    return Template(features)


def decide(distance: float, point: OperatingPoint = POINT, *, accept: bool = True) -> ComparisonDecision:
    reference, probe = Reference(template(1.0), PIPELINE), Probe(template(1.0 + distance), TURN, PIPELINE)
    return compare(reference, probe, operating_point=point, accept_unassessed=accept)


@pytest.mark.parametrize(
    ("distance", "decision"),
    [
        (0.0, ComparisonDecision.MATED),
        (0.4199, ComparisonDecision.MATED),
        (0.4201, ComparisonDecision.UNDETERMINED),
        (0.5999, ComparisonDecision.UNDETERMINED),
        (0.6001, ComparisonDecision.NON_MATED),
        (1.5, ComparisonDecision.NON_MATED),
    ],
)
def test_the_bounds_decide(distance: float, decision: ComparisonDecision) -> None:
    """Up to the lower bound mated, from the upper one on non-mated, between neither."""
    assert decide(distance) is decision


@pytest.mark.parametrize("decision", ComparisonDecision)
def test_a_decision_is_neither_true_nor_false(decision: ComparisonDecision) -> None:
    """``if compare(...)`` fails instead of letting everybody in."""
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(decision)


def test_a_decision_carries_no_score() -> None:
    """Two comparisons at different distances under one bound give the very same object."""
    assert decide(0.1) is decide(0.3)
    assert {type(decision.value) for decision in ComparisonDecision} == {str}


def test_an_unassessed_point_wants_the_callers_word() -> None:
    """A point that is not assessed for use decides nothing until the caller says that it knows."""
    with pytest.raises(Misuse) as caught:
        decide(0.1, accept=False)
    assert caught.value.name == "operating-point.not-assessed"
    assert decide(0.1, dataclasses.replace(POINT, assessed_for_use=True), accept=False) is not None


def test_a_point_of_another_pipeline_decides_nothing() -> None:
    """Bounds measured with other instruments are misuse, assessed or not."""
    other = dataclasses.replace(POINT, pipeline_digest=bytes(32), assessed_for_use=True)
    with pytest.raises(Misuse, match="measured with the pipeline 0000") as caught:
        decide(0.1, other)
    assert caught.value.name == "operating-point.other-pipeline"


def test_a_wiped_template_matches_nobody() -> None:
    """Two overwritten templates are zeros at distance zero: comparing them fails, it does not mate."""
    reference, probe = Reference(template(1.0), PIPELINE), Probe(template(1.0), TURN, PIPELINE)
    features = reference.template.features
    with reference, probe:
        pass
    assert not features.any()
    with pytest.raises(ValueError, match="wiped"):
        compare(reference, probe, operating_point=POINT, accept_unassessed=True)


def test_a_probe_serves_one_comparison() -> None:
    """Attack: hold one probe against one reference after another, and the one-to-one core searches.

    Law: a comparison overwrites both, a refused one too.
    """
    reference, probe = Reference(template(0.0), PIPELINE), Probe(template(0.1), TURN, PIPELINE)
    compare(reference, probe, operating_point=POINT, accept_unassessed=True)
    with pytest.raises(ValueError, match="wiped"):
        compare(Reference(template(0.0), PIPELINE), probe, operating_point=POINT, accept_unassessed=True)
    fresh = Probe(template(0.1), TURN, PIPELINE)
    with pytest.raises(Misuse, match="not-assessed"):
        compare(Reference(template(0.0), PIPELINE), fresh, operating_point=POINT, accept_unassessed=False)
    with pytest.raises(ValueError, match="wiped"):
        _ = fresh.template.features


@pytest.mark.parametrize("broken", [np.full(128, np.nan, np.float32), np.zeros(127, np.float32)])
def test_a_template_is_128_finite_numbers(broken: Features) -> None:
    """Numbers that compare with nothing (a NaN is neither near nor far) make no template."""
    with pytest.raises(ValueError, match="template"):
        Template(broken)


def test_a_template_shows_and_writes_nothing() -> None:
    """``repr`` holds no number of it, and pickling it fails."""
    kept = template(0.123)
    assert repr(kept) == "Template(128 numbers)"
    assert "0.123" not in repr(Reference(kept, PIPELINE)) + repr(Probe(kept, TURN, PIPELINE))
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(kept)


def test_what_ships_says_that_it_is_not_assessed() -> None:
    """Every point that ships names its set, its people and its date, and claims no assessment."""
    assert operating_points()
    for point in operating_points().values():
        assert not point.assessed_for_use
        assert point.everyone.people == 51
        assert point.everyone.people == sum(
            group.people for group in point.by_group if group.group in ("female", "male")
        )
        assert (point.mated_at_most, point.non_mated_from) == (0.42, 0.60)


def test_an_unknown_point_names_those_there_are() -> None:
    """A misspelt name is misuse and the message lists the names."""
    with pytest.raises(Misuse, match="dlib-resnet-v1-london"):
        operating_point("london")


@pytest.mark.parametrize(
    "change",
    [{"mated_at_most": 0.7}, {"mated_at_most": 0.0}, {"pipeline_digest": b"short"}],
)
def test_a_point_that_makes_no_sense_is_not_made(change: dict[str, object]) -> None:
    """Bounds out of order and digests of another length make no point."""
    with pytest.raises(ValueError, match="bounds|digest"):
        dataclasses.replace(POINT, **change)  # type: ignore[arg-type]
