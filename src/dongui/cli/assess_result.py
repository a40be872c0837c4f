"""An assessment on the terminal: the worst group first, then every group, then what it would take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from dongui.assessment.error_rates import Kind, Rate
from dongui.cli.output import choose, printable, table

if TYPE_CHECKING:
    from dongui.assessment.result import AssessmentResult, Need

__all__ = ["drawn", "percent"]

_KINDS = (
    (Kind.FMR, "FMR", "FMR"),
    (Kind.FNMR, "FNMR", "FNMR"),
    (Kind.UNDETERMINED_NON_MATED, "undetermined, two people", "판단 불가(다른 사람)"),
    (Kind.UNDETERMINED_MATED, "undetermined, one person", "판단 불가(같은 사람)"),
    (Kind.FAILURE_TO_ACQUIRE, "failure to acquire", "획득 실패"),
)


def drawn(result: AssessmentResult) -> RenderableType:
    """Return the figures as tables, percent with the governing interval."""
    columns = (
        choose("group", "집단"),
        choose("people", "사람 수"),
        *(choose(en, ko) for _, en, ko in _KINDS),
    )
    rows = [
        (one.name, str(one.people), *(percent(one.rates.get(kind)) for kind, _, _ in _KINDS))
        for one in result.groups
    ]
    return Group(
        Text(printable(_heading(result)) + "\n", style="bold"),
        table(columns, rows),
        Text("\n" + choose(*_READ) + "\n", style="dim"),
        Text(_verdict(result), style="bold"),
        _wanted([need for need in result.needs if not (need.fmr_holds and need.fnmr_holds)]),
    )


_READ = (
    "Percent, with the interval to answer for: the widest of the exact one over comparisons, the bootstrap "
    "over people, and, where few erred, the exact one over people or pairs that share nobody.",
    "백분율과 책임질 수 있는 구간: 비교 횟수에 대한 정확한 구간, 사람에 대한 부트스트랩, 오류가 적을 때 "
    "서로 겹치지 않는 사람 또는 쌍에 대한 정확한 구간 가운데 가장 넓은 것입니다.",
)


def percent(rate: Rate | None) -> str:
    """Return a rate and its governing interval in percent; a dash where there is none to show."""
    if rate is None:
        return "-"
    low, high = rate.governing.low, rate.governing.high
    return f"{100 * rate.value:.2f} ({100 * low:.2f}-{100 * high:.2f})"


def _heading(result: AssessmentResult) -> str:
    trials = result.trials
    at = result.operating_point or choose("bounds chosen on these people", "이 사람들에게서 정한 값")
    return choose(
        f"{result.recogniser.name} at {at}: {trials.people} people, {trials.pictures} "
        f"pictures, {trials.mated} mated and {trials.non_mated} non-mated comparisons",
        f"{result.recogniser.name}, 판정 기준 {at}: {trials.people}명, 사진 "
        f"{trials.pictures}장, 같은 사람 비교 {trials.mated}회, 다른 사람 비교 {trials.non_mated}회",
    )


def _verdict(result: AssessmentResult) -> str:
    limits = f"FMR {result.max_fmr:g}, FNMR {result.max_fnmr:g}"
    if result.assessed_for_use:
        return choose(f"Every group keeps {limits}.", f"모든 집단이 {limits}를 지킵니다.")
    failing = sum(not (need.fmr_holds and need.fnmr_holds) for need in result.needs)
    return choose(
        f"NOT ASSESSED FOR USE: {failing} of {len(result.needs)} groups cannot be shown to keep {limits}. "
        "What it would take, if no further error is seen:",
        f"사용 평가를 거치지 않음: {len(result.needs)}개 집단 가운데 {failing}개가 {limits}를 지킨다는 것을 "
        "보일 수 없습니다. 오류가 더 나오지 않는다면 필요한 인원:",
    )


def _wanted(needs: Sequence[Need]) -> RenderableType:
    columns = (choose("group", "집단"), choose("people", "사람 수"), choose("more people", "추가 인원"))
    other = choose("other bounds", "다른 기준")
    rows = [
        (need.group, str(need.people), other if need.more_people is None else f"{need.more_people:,}")
        for need in needs
    ]
    return table(columns, rows) if rows else Text()
