"""An assessment's result as JSON and back: format 1 of spec/assessment-report.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias, TypeVar, get_args

from dongui.assessment.det_curve import Bar, DetPoint
from dongui.assessment.differentials import Differential
from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.extreme_values import Extrapolation, TailFit
from dongui.assessment.intervals import Governing
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
from dongui.assessment.score_store import Bounds
from dongui.errors import Misuse

__all__ = ["MAX_RESULT_BYTES", "JsonValue", "read_result", "to_json", "write_result"]

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""What JSON holds."""

MAX_RESULT_BYTES: Final = 16 * 2**20
_DIGITS = 12


def write_result(result: AssessmentResult) -> str:
    """Return the JSON text, ending in a newline."""
    return json.dumps(to_json(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def to_json(result: AssessmentResult) -> dict[str, JsonValue]:
    """Return the result as format 1 has it."""
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


def read_result(text: str) -> AssessmentResult:
    """Read what :func:`write_result` wrote.

    Raises ``Misuse`` (``assessment.result-malformed``) for anything else, another format among it.
    """
    try:
        content = json.loads(text)
        if content["format"] != FORMAT or content["kind"] != "assessment":
            raise Misuse("assessment.result-malformed", f"this reads format {FORMAT} of an assessment")
        result = _result(_Fields(content))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Misuse("assessment.result-malformed", f"it cannot be read: {type(error).__name__}") from None
    # What does not come back as it was read holds something that nobody looked at.
    if to_json(result) != content:
        raise Misuse("assessment.result-malformed", "it is not written as this format writes it")
    return result


class _Fields:
    """A JSON object, field by field; whatever else it holds is caught by writing it again."""

    def __init__(self, content: object) -> None:
        if not isinstance(content, dict):
            raise TypeError
        self._content = content

    def text(self, name: str) -> str:
        return _typed(self._content[name], str)

    def whole(self, name: str) -> int:
        return _typed(self._content[name], int)

    def number(self, name: str) -> float:
        return _number(self._content[name])

    def maybe(self, name: str) -> float | None:
        value = self._content[name]
        return None if value is None else _number(value)

    def flag(self, name: str) -> bool:
        return _typed(self._content[name], bool)

    def optional_text(self, name: str) -> str | None:
        value = self._content[name]
        return None if value is None else _typed(value, str)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_typed(item, str) for item in _typed(self._content[name], list))

    def pair(self, name: str) -> tuple[float, float]:
        low, high = _typed(self._content[name], list)
        return _number(low), _number(high)

    def fields(self, name: str) -> _Fields:
        return _Fields(self._content[name])

    def is_null(self, name: str) -> bool:
        return self._content[name] is None

    def optional(self, name: str) -> _Fields | None:
        return None if self._content[name] is None else self.fields(name)

    def several(self, name: str) -> list[_Fields]:
        return [_Fields(item) for item in _typed(self._content[name], list)]

    def counts(self, name: str) -> dict[str, int]:
        return {key: _typed(value, int) for key, value in _typed(self._content[name], dict).items()}


_Kind = TypeVar("_Kind", str, int, bool, list[object], dict[str, object])


def _typed(value: object, kind: type[_Kind]) -> _Kind:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


_By = Literal["comparisons", "bootstrap", "independent"]


def _result(fields: _Fields) -> AssessmentResult:
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


def _read_data_set(fields: _Fields) -> DataSetFacts:
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


def _read_trials(fields: _Fields) -> Trials:
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


def _read_group(fields: _Fields) -> GroupResult:
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


def _read_across(fields: _Fields) -> AcrossResult:
    one, other = fields.texts("values")
    here, there = fields.pair("people")
    return AcrossResult(
        fields.text("column"), (one, other), (int(here), int(there)), _read_rates(fields.fields("rates"))
    )


def _read_rates(fields: _Fields) -> dict[Kind, Rate]:
    found = {kind: fields.optional(kind.value) for kind in Kind}
    return {kind: _read_rate(one) for kind, one in found.items() if one is not None}


def _read_rate(fields: _Fields) -> Rate:
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


def _read_bars(several: Sequence[_Fields]) -> tuple[Bar, ...]:
    return tuple(Bar(one.number("above"), one.maybe("up_to"), one.whole("count")) for one in several)


def _read_differential(fields: _Fields) -> DifferentialResult:
    found = Differential(
        fields.whole("groups"),
        fields.text("highest"),
        fields.maybe("max_to_min"),
        fields.maybe("max_to_geometric_mean"),
        fields.maybe("gini"),
        fields.optional_text("withheld"),
    )
    return DifferentialResult(fields.texts("columns"), Kind(fields.text("rate")), found)


def _read_tail(fields: _Fields) -> TailResult:
    fit = TailFit(
        fields.number("below"), fields.number("share"), fields.number("shape"), fields.number("scale")
    )
    figures = tuple(
        Extrapolation(one.number("at"), one.number("fmr"), one.pair("interval"))
        for one in fields.several("figures")
    )
    return TailResult(fit, figures)


def _read_need(fields: _Fields) -> Need:
    more = None if fields.is_null("more_people") else fields.whole("more_people")
    return Need(
        fields.text("group"),
        fields.whole("people"),
        fields.flag("fmr_holds"),
        fields.flag("fnmr_holds"),
        more,
    )
