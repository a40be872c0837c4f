"""Reading an assessment's JSON back, strictly: format 1 of spec/assessment-report.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal, get_args

from dongui.assessment.det_curve import Bar, DetPoint
from dongui.assessment.differentials import Differential
from dongui.assessment.error_discard_json import read_error_discard
from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.extreme_values import Extrapolation, TailFit
from dongui.assessment.intervals import Governing
from dongui.assessment.json_fields import Fields
from dongui.assessment.result import (
    FORMAT,
    AcrossResult,
    AssessmentResult,
    DataSetFacts,
    DeclarationFacts,
    DifferentialResult,
    GroupResult,
    Method,
    Need,
    RecogniserFacts,
    Sessions,
    TailResult,
    Trials,
)
from dongui.assessment.result_json import to_json
from dongui.assessment.score_store import Bounds
from dongui.errors import Misuse

__all__ = ["MAX_RESULT_BYTES", "read_result"]

MAX_RESULT_BYTES: Final = 16 * 2**20


def read_result(text: str) -> AssessmentResult:
    """Read what :func:`write_result` wrote.

    Raises ``Misuse`` (``assessment.result-malformed``) for anything else, another format among it.
    """
    try:
        content = json.loads(text)
        if content["format"] != FORMAT or content["kind"] != "assessment":
            raise Misuse("assessment.result-malformed", f"this reads format {FORMAT} of an assessment")
        result = _result(Fields(content))
        result = replace(result, error_discard=read_error_discard(content.get("error_discard")))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Misuse("assessment.result-malformed", f"it cannot be read: {type(error).__name__}") from None
    # What does not come back as it was read holds something that nobody looked at.
    if to_json(result) != content:
        raise Misuse("assessment.result-malformed", "it is not written as this format writes it")
    return result


_By = Literal["comparisons", "bootstrap", "independent"]


def _result(fields: Fields) -> AssessmentResult:
    bounds, method, limits = fields.fields("bounds"), fields.fields("method"), fields.fields("limits")
    recogniser, tail = fields.fields("recogniser"), fields.optional("extrapolation")
    return AssessmentResult(
        made_at=datetime.fromisoformat(fields.text("made_at")),
        recogniser=RecogniserFacts(
            recogniser.text("name"),
            recogniser.text("card_sha256"),
            recogniser.text("weights_sha256"),
            recogniser.text("pipeline_sha256"),
        ),
        bounds=Bounds(bounds.number("mated_at_most"), bounds.number("non_mated_from")),
        operating_point=bounds.optional_text("operating_point"),
        data_set=_read_data_set(fields.fields("data_set")),
        method=Method(method.number("confidence"), method.whole("draws"), method.text("seed")),
        trials=_read_trials(fields.fields("trials")),
        groups=tuple(_read_group(one) for one in fields.several("groups")),
        across=tuple(_read_across(one) for one in fields.several("across")),
        differentials=tuple(_read_differential(one) for one in fields.several("differentials")),
        tail=None if tail is None else _read_tail(tail),
        max_fmr=limits.number("max_fmr"),
        max_fnmr=limits.number("max_fnmr"),
        needs=tuple(_read_need(one) for one in fields.several("needs")),
    )


def _read_data_set(fields: Fields) -> DataSetFacts:
    declarations = tuple(
        DeclarationFacts(
            one.text("name"),
            one.text("holder"),
            one.text("data_set"),
            one.text("signer"),
            one.text("sha256"),
            one.whole("pictures"),
        )
        for one in fields.several("declarations")
    )
    return DataSetFacts(
        fields.text("title"),
        fields.text("table_sha256"),
        fields.texts("columns"),
        fields.whole("consent_records"),
        declarations,
    )


def _read_trials(fields: Fields) -> Trials:
    across = fields.optional("mated_across_sessions")
    sessions = None
    if across is not None:
        sessions = Sessions(across.whole("trials"), across.whole("rejected"), across.whole("undetermined"))
    return Trials(
        fields.whole("people"),
        fields.whole("pictures"),
        fields.counts("not_acquired"),
        fields.whole("mated"),
        fields.whole("non_mated"),
        sessions,
    )


def _read_group(fields: Fields) -> GroupResult:
    return GroupResult(
        fields.text("name"),
        fields.texts("columns"),
        fields.texts("values"),
        fields.whole("people"),
        fields.whole("pictures"),
        _read_rates(fields.fields("rates")),
        _read_bars(fields.several("mated_scores")),
        _read_bars(fields.several("non_mated_scores")),
        tuple(
            DetPoint(one.number("at"), one.number("fmr"), one.number("fnmr")) for one in fields.several("det")
        ),
    )


def _read_across(fields: Fields) -> AcrossResult:
    one, other = fields.texts("values")
    here, there = fields.pair("people")
    return AcrossResult(
        fields.text("column"), (one, other), (int(here), int(there)), _read_rates(fields.fields("rates"))
    )


def _read_rates(fields: Fields) -> dict[Kind, Rate]:
    found = {kind: fields.optional(kind.value) for kind in Kind}
    return {kind: _read_rate(one) for kind, one in found.items() if one is not None}


def _read_rate(fields: Fields) -> Rate:
    governing = fields.fields("governing")
    over_people = None if fields.is_null("bootstrap") else fields.pair("bootstrap")
    return Rate(
        fields.whole("hits"),
        fields.whole("trials"),
        fields.whole("independent"),
        fields.pair("comparisons"),
        over_people,
        Governing(governing.number("low"), governing.number("high"), _by(governing.text("by"))),
    )


def _by(text: str) -> _By:
    known: dict[str, _By] = {name: name for name in get_args(_By)}
    return known[text]


def _read_bars(several: Sequence[Fields]) -> tuple[Bar, ...]:
    return tuple(Bar(one.number("above"), one.maybe("up_to"), one.whole("count")) for one in several)


def _read_differential(fields: Fields) -> DifferentialResult:
    found = Differential(
        fields.whole("groups"),
        fields.text("highest"),
        fields.maybe("max_to_min"),
        fields.maybe("max_to_geometric_mean"),
        fields.maybe("gini"),
        fields.optional_text("withheld"),
    )
    return DifferentialResult(fields.texts("columns"), Kind(fields.text("rate")), found)


def _read_tail(fields: Fields) -> TailResult:
    fit = TailFit(
        fields.number("below"), fields.number("share"), fields.number("shape"), fields.number("scale")
    )
    figures = tuple(
        Extrapolation(one.number("at"), one.number("fmr"), one.pair("interval"))
        for one in fields.several("figures")
    )
    return TailResult(fit, figures)


def _read_need(fields: Fields) -> Need:
    more = None if fields.is_null("more_people") else fields.whole("more_people")
    return Need(
        fields.text("group"),
        fields.whole("people"),
        fields.flag("fmr_holds"),
        fields.flag("fnmr_holds"),
        more,
    )
