"""From a measurement at chosen bounds to the operating point that a desk installs."""

from __future__ import annotations

from datetime import date

from dongui.assessment.error_rates import Kind, Rate, RatesWithin
from dongui.assessment.limits import Limits
from dongui.assessment.measurement import Measurement
from dongui.assessment.result import AssessmentResult, Method
from dongui.assessment.score_store import MATED, NON_MATED, UNDETERMINED
from dongui.biometrics.operating_points import Chosen, Measured, OperatingPoint
from dongui.errors import Misuse

__all__ = ["point_of", "require_same_measurement"]


def point_of(
    measurement: Measurement,
    result: AssessmentResult,
    *,
    name: str,
    method: Method,
    limits: Limits,
    measured_on: date,
) -> OperatingPoint:
    """Return the point of ``result``'s bounds: its counts, its governing intervals, its set and its day.

    It is assessed for use exactly where every group keeps the limits.
    """
    everyone, *groups = (
        _measured(measurement, measurement.rates_of(group, method=method))
        for group in measurement.grouping.groups
    )
    return OperatingPoint(
        name=name,
        recogniser=result.recogniser.name,
        mated_at_most=result.bounds.mated_at_most,
        non_mated_from=result.bounds.non_mated_from,
        pipeline_digest=bytes.fromhex(result.recogniser.pipeline_sha256),
        assessed_for_use=result.assessed_for_use,
        data_set=result.data_set.title,
        measured_on=measured_on,
        everyone=everyone,
        by_group=tuple(groups),
        chosen=Chosen(limits.max_fmr, limits.max_fnmr, limits.confidence),
    )


def require_same_measurement(point: OperatingPoint, result: AssessmentResult) -> None:
    """Refuse a report that is not of this point.

    Raises ``Misuse`` (``operating-point.other-assessment``): another recogniser, pipeline, bound, number of
    people or verdict.
    """
    pairs = {
        "recogniser": (point.recogniser, result.recogniser.name),
        "pipeline": (point.pipeline_digest.hex(), result.recogniser.pipeline_sha256),
        "bounds": ((point.mated_at_most, point.non_mated_from), _bounds(result)),
        "people": (point.everyone.people, result.trials.people),
        "verdict": (point.assessed_for_use, result.assessed_for_use),
    }
    other = [what for what, (one, of_report) in pairs.items() if one != of_report]
    if other:
        detail = f"the report differs from {point.name} in: {', '.join(other)}"
        raise Misuse("operating-point.other-assessment", detail)


def _bounds(result: AssessmentResult) -> tuple[float, float]:
    return result.bounds.mated_at_most, result.bounds.non_mated_from


def _measured(measurement: Measurement, one: RatesWithin) -> Measured:
    cells, store = one.group.cells, measurement.store
    mated = store.mated_decided[cells].sum(axis=0).tolist()
    non_mated = store.non_mated_decided[cells][:, cells].sum(axis=(0, 1)).tolist()
    return Measured(
        group=one.group.name,
        people=one.people,
        pictures=one.pictures,
        not_acquired=one.not_acquired,
        mated=sum(mated),
        mated_rejected=mated[NON_MATED],
        mated_undetermined=mated[UNDETERMINED],
        non_mated=sum(non_mated),
        non_mated_accepted=non_mated[MATED],
        non_mated_undetermined=non_mated[UNDETERMINED],
        fmr_interval=_interval(one.rates.get(Kind.FMR)),
        fnmr_interval=_interval(one.rates.get(Kind.FNMR)),
    )


def _interval(rate: Rate | None) -> tuple[float, float] | None:
    return None if rate is None else (rate.governing.low, rate.governing.high)
