"""An assessment's result as JSON and back: format 1 of spec/assessment-report.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from dongui.assessment.det_curve import Bar
from dongui.assessment.error_discard_json import error_discard_json
from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.result import (
    FORMAT,
    AcrossResult,
    AssessmentResult,
    DataSetFacts,
    DifferentialResult,
    GroupResult,
    Need,
    TailResult,
    Trials,
)

__all__ = ["JsonValue", "to_json", "write_result"]

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""What JSON holds."""

_DIGITS = 12


def write_result(result: AssessmentResult) -> str:
    """Return the JSON text, ending in a newline."""
    return json.dumps(to_json(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def to_json(result: AssessmentResult) -> dict[str, JsonValue]:
    """Return the result as format 1 has it; ``error_discard`` stands in it where it was measured."""
    discarded = result.error_discard
    return _measured(result) | ({} if discarded is None else {"error_discard": error_discard_json(discarded)})


def _measured(result: AssessmentResult) -> dict[str, JsonValue]:
    return {
        "format": FORMAT,
        "kind": "assessment",
        "made_at": result.made_at.isoformat(),
        "recogniser": {
            "name": result.recogniser.name,
            "card_sha256": result.recogniser.card_sha256,
            "weights_sha256": result.recogniser.weights_sha256,
            "pipeline_sha256": result.recogniser.pipeline_sha256,
        },
        "bounds": {
            "mated_at_most": result.bounds.mated_at_most,
            "non_mated_from": result.bounds.non_mated_from,
            "operating_point": result.operating_point,
        },
        "data_set": _data_set(result.data_set),
        "method": {
            "confidence": result.method.confidence,
            "draws": result.method.draws,
            "seed": result.method.seed,
        },
        "trials": _trials(result.trials),
        "groups": [_group(group) for group in result.groups],
        "across": [_across(across) for across in result.across],
        "differentials": [_differential(one) for one in result.differentials],
        "extrapolation": None if result.tail is None else _tail(result.tail),
        "limits": {"max_fmr": result.max_fmr, "max_fnmr": result.max_fnmr},
        "needs": [_need(need) for need in result.needs],
        "assessed_for_use": result.assessed_for_use,
    }


def _data_set(facts: DataSetFacts) -> dict[str, JsonValue]:
    declarations: list[JsonValue] = [
        {
            "name": one.name,
            "holder": one.holder,
            "data_set": one.data_set,
            "signer": one.signer,
            "sha256": one.sha256,
            "pictures": one.pictures,
        }
        for one in facts.declarations
    ]
    return {
        "title": facts.title,
        "table_sha256": facts.table_sha256,
        "columns": list(facts.columns),
        "consent_records": facts.consent_records,
        "declarations": declarations,
    }


def _trials(trials: Trials) -> dict[str, JsonValue]:
    sessions = trials.sessions
    return {
        "people": trials.people,
        "pictures": trials.pictures,
        "not_acquired": dict(trials.not_acquired),
        "mated": trials.mated,
        "non_mated": trials.non_mated,
        "mated_across_sessions": None
        if sessions is None
        else {
            "trials": sessions.mated,
            "rejected": sessions.rejected,
            "undetermined": sessions.undetermined,
        },
    }


def _group(group: GroupResult) -> dict[str, JsonValue]:
    return {
        "name": group.name,
        "columns": list(group.columns),
        "values": list(group.values),
        "people": group.people,
        "pictures": group.pictures,
        "rates": _rates(group.rates),
        "mated_scores": [_bar(bar) for bar in group.mated],
        "non_mated_scores": [_bar(bar) for bar in group.non_mated],
        "det": [{"at": point.at, "fmr": _n(point.fmr), "fnmr": _n(point.fnmr)} for point in group.det],
    }


def _across(across: AcrossResult) -> dict[str, JsonValue]:
    return {
        "column": across.column,
        "values": list(across.values),
        "people": list(across.people),
        "rates": _rates(across.rates),
    }


def _rates(rates: Mapping[Kind, Rate]) -> dict[str, JsonValue]:
    return {kind.value: None if kind not in rates else _rate(rates[kind]) for kind in Kind}


def _rate(rate: Rate) -> dict[str, JsonValue]:
    governing = rate.governing
    return {
        "hits": rate.hits,
        "trials": rate.trials,
        "independent": rate.independent,
        "value": _n(rate.value),
        "comparisons": _interval(rate.comparisons),
        "bootstrap": None if rate.bootstrap is None else _interval(rate.bootstrap),
        "governing": {"low": _n(governing.low), "high": _n(governing.high), "by": governing.by},
    }


def _bar(bar: Bar) -> dict[str, JsonValue]:
    return {"above": bar.above, "up_to": bar.up_to, "count": bar.count}


def _differential(one: DifferentialResult) -> dict[str, JsonValue]:
    found = one.differential
    return {
        "columns": list(one.columns),
        "rate": one.kind.value,
        "groups": found.groups,
        "highest": found.highest,
        "max_to_min": _maybe(found.max_to_min),
        "max_to_geometric_mean": _maybe(found.max_to_geometric_mean),
        "gini": _maybe(found.gini),
        "withheld": found.withheld,
    }


def _tail(tail: TailResult) -> dict[str, JsonValue]:
    fit = tail.fit
    return {
        "extrapolated": True,
        "below": fit.below,
        "share": _n(fit.share),
        "shape": _n(fit.shape),
        "scale": _n(fit.scale),
        "figures": [
            {"at": one.at, "fmr": _n(one.fmr), "interval": _interval(one.interval)} for one in tail.figures
        ],
    }


def _need(need: Need) -> dict[str, JsonValue]:
    return {
        "group": need.group,
        "people": need.people,
        "fmr_holds": need.fmr_holds,
        "fnmr_holds": need.fnmr_holds,
        "more_people": need.more_people,
    }


def _interval(interval: tuple[float, float]) -> list[JsonValue]:
    return [_n(interval[0]), _n(interval[1])]


def _n(value: float) -> float:
    # Twelve digits say all there is to say, and the same on every processor.
    return float(f"{value:.{_DIGITS}g}")


def _maybe(value: float | None) -> float | None:
    return None if value is None else _n(value)
