"""``dongui recogniser``: the models that look at faces, their origin, and what was measured of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from dongui.biometrics.cards import ModelCard, cards
from dongui.biometrics.intervals import Proportion
from dongui.biometrics.operating_points import Measured, OperatingPoint, operating_points
from dongui.biometrics.recognisers.model_folder import ModelFolder
from dongui.biometrics.recognisers.published import PUBLISHED
from dongui.cli.output import JsonValue, choose, printable, show, table
from dongui.cli.recogniser_compare import compare
from dongui.cli.recogniser_models import Cache, add, cache_of, fetch

__all__ = ["app", "drawn_point", "point_json"]

app = typer.Typer(
    help="The models that look at faces: their cards, and what was measured.", no_args_is_help=True
)

_FIELDS = {
    "title": ("model", "모델"),
    "task": ("task", "하는 일"),
    "weights_sha256": ("weights (SHA-256)", "가중치(SHA-256)"),
    "weights_source": ("weights from", "가중치 출처"),
    "licence": ("licence", "이용 허락"),
    "year": ("year", "연도"),
    "training_data": ("training data", "학습 데이터"),
    "consent_of_its_people": ("consent of its people", "사진 속 사람들의 동의"),
    "intended_use": ("intended use", "용도"),
    "limits": ("limits", "한계"),
}
_CONSENT_KO = {
    "obtained": "받음",
    "not obtained": "받지 않음",
    "nobody depicted": "실존 인물 없음",
    "unknown": "알 수 없음",
}


app.command("fetch")(fetch)
app.command("add")(add)
app.command("compare")(compare)


@app.command("list")
def list_(cache: Cache = None) -> None:
    """List every model, whether it is here, and whether the people in its training pictures were asked."""
    folder = ModelFolder(cache_of(cache))
    columns = (
        "ID",
        choose("task", "하는 일"),
        choose("year", "연도"),
        choose("consent of its people", "사진 속 사람들의 동의"),
        choose("licence", "이용 허락"),
        choose("file", "파일"),
    )
    known = folder.cards().values()
    rows = [
        (one.name, one.task, one.year, _consent(one), one.licence, choose(*_ORIGINS[_origin(one, folder)]))
        for one in known
    ]
    models: list[JsonValue] = [{**asdict(one), "file": _origin(one, folder)} for one in known]
    show({"models": models}, lambda: table(columns, rows))


@app.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="Name of the model, as list shows it.")], cache: Cache = None
) -> None:
    """Show a model's card and the operating points measured with it, group by group."""
    folder = ModelFolder(cache_of(cache))
    found = folder.card(name)
    points = [point for point in operating_points().values() if point.recogniser == name]
    result: dict[str, JsonValue] = {**asdict(found), "file": _origin(found, folder)}
    result["operating_points"] = [point_json(point) for point in points]
    show(result, lambda: Group(_drawn(found), *(part for point in points for part in drawn_point(point))))


_ORIGINS = {
    "shipped": ("ships", "함께 배포"),
    "fetched": ("fetched", "받음"),
    "not fetched": ("not fetched", "받지 않음"),
    "brought": ("brought", "추가함"),
}


def _origin(one: ModelCard, folder: ModelFolder) -> str:
    """Whether the model's file is there; whether it is the right one is seen when it is loaded."""
    if one.name in PUBLISHED:
        return "fetched" if folder.has(one.name) else "not fetched"
    return "shipped" if one.name in cards() else "brought"


def _consent(one: ModelCard) -> str:
    return choose(one.consent_of_its_people, _CONSENT_KO[one.consent_of_its_people])


def _drawn(one: ModelCard) -> RenderableType:
    values = {**asdict(one), "consent_of_its_people": _consent(one)}
    rows = [(choose(*label), str(values[field])) for field, label in _FIELDS.items()]
    return table((one.name, ""), rows)


def drawn_point(point: OperatingPoint) -> tuple[RenderableType, ...]:
    """Return a point's heading and its groups as a table."""
    columns = (
        choose("group", "집단"),
        choose("people", "사람 수"),
        "FMR",
        "FNMR",
        choose("undetermined, one person", "판단 불가(같은 사람)"),
        choose("undetermined, two people", "판단 불가(다른 사람)"),
    )
    groups = (point.everyone, *point.by_group)
    rows = [
        (
            one.group,
            str(one.people),
            _percent(one.fmr, one.fmr_interval),
            _percent(one.fnmr, one.fnmr_interval),
            _percent(one.undetermined_mated),
            _percent(one.undetermined_non_mated),
        )
        for one in groups
    ]
    drawn = (Text("\n" + _heading(point), style="bold"), table(columns, rows))
    told = point.assessment
    if told is None:
        return drawn
    return (*drawn, Text("\n" + printable(choose(told.card_en, told.card_ko))))


def _heading(point: OperatingPoint) -> str:
    assessed = (
        choose("assessed for use", "사용 평가 완료")
        if point.assessed_for_use
        else choose("NOT ASSESSED FOR USE", "사용 평가를 거치지 않음")
    )
    return choose(
        f"operating point {point.name}: mated up to {point.mated_at_most:g}, non-mated from "
        f"{point.non_mated_from:g}, undetermined between; {assessed}\nmeasured on {point.measured_on}: "
        f"{point.data_set}; percent, with 95% intervals (undetermined: over comparisons alone, "
        "too narrow where they share people)",
        f"판정 기준 {point.name}: {point.mated_at_most:g} 이하 일치, {point.non_mated_from:g} 이상 불일치, "
        f"그 사이는 판단 불가; {assessed}\n측정일 {point.measured_on}: {point.data_set}; "
        "백분율과 95% 구간(판단 불가는 비교 건수로만 계산하여, 같은 사람이 여러 비교에 있으면 실제보다 좁음)",
    )


def _rates(one: Measured) -> dict[str, Proportion]:
    return {
        "fmr": one.fmr,
        "fnmr": one.fnmr,
        "undetermined_mated": one.undetermined_mated,
        "undetermined_non_mated": one.undetermined_non_mated,
    }


def _percent(rate: Proportion, answered_for: tuple[float, float] | None = None) -> str:
    """A rate with the interval an assessment answers for, else the exact one over comparisons."""
    if rate.value is None:
        return "-"
    low, high = answered_for or rate.interval()
    return f"{100 * rate.value:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def point_json(point: OperatingPoint) -> dict[str, JsonValue]:
    """Return a point as JSON shows it."""
    return {
        "name": point.name,
        "mated_at_most": point.mated_at_most,
        "non_mated_from": point.non_mated_from,
        "pipeline_sha256": point.pipeline_digest.hex(),
        "assessed_for_use": point.assessed_for_use,
        "data_set": point.data_set,
        "measured_on": point.measured_on.isoformat(),
        "assessment": None if point.assessment is None else dict(asdict(point.assessment)),
        "chosen": None if point.chosen is None else dict(asdict(point.chosen)),
        "groups": [_group(one) for one in (point.everyone, *point.by_group)],
    }


def _group(one: Measured) -> dict[str, JsonValue]:
    return {
        "group": one.group,
        "people": one.people,
        "pictures": one.pictures,
        "not_acquired": one.not_acquired,
        **{name: _counted(rate) for name, rate in _rates(one).items()},
        "fmr_interval": None if one.fmr_interval is None else list(one.fmr_interval),
        "fnmr_interval": None if one.fnmr_interval is None else list(one.fnmr_interval),
    }


def _counted(rate: Proportion) -> dict[str, JsonValue]:
    low, high = rate.interval()
    return {"hits": rate.hits, "trials": rate.trials, "interval": [low, high]}
