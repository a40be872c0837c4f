"""``dongui recogniser compare``: two recognisers on the same people, in one report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from dongui.cli import assess_inputs as inputs
from dongui.cli.assess_report import write_files
from dongui.cli.desk_option import OptionalDesk
from dongui.cli.output import choose, printable, progress, show, table
from dongui.cli.recogniser_models import Cache, cache_of
from dongui.environment import SystemClock
from dongui.errors import Misuse
from dongui.extras import require_extra

if TYPE_CHECKING:
    from dongui.assessment.consent_ground import ConsentedTable
    from dongui.assessment.error_rates import Kind, Rate
    from dongui.assessment.limits import Limits
    from dongui.assessment.result import Method
    from dongui.assessment.side_by_side import SideBySide

__all__ = ["COMPARISON", "compare"]

COMPARISON = "comparison.json"
_NO_POINT = (
    "These bounds were chosen on the people they are judged by. They are no operating point.",
    "이 기준은 평가 대상인 바로 그 사람들에게서 정한 것이므로 판정 기준으로 쓸 수 없습니다.",
)


def compare(
    one: Annotated[str, typer.Argument(metavar="A", help="Name of a recogniser.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Name of another.")],
    people: inputs.People,
    out: Annotated[Path, typer.Option(help="Folder for the report; made if need be, nothing is replaced.")],
    desk: OptionalDesk = None,
    declaration: inputs.Declarations = None,
    declaration_key: inputs.DeclarationKeys = None,
    data_set: inputs.DataSet = None,
    max_fmr: inputs.MaxFmr = 1e-3,
    max_fnmr: inputs.MaxFnmr = 1e-2,
    confidence: inputs.Confidence = 0.95,
    draws: inputs.Draws = 1000,
    seed: inputs.Seed = None,
    cache: Cache = None,
) -> None:
    """Assess two recognisers on the same consenting people, both at bounds chosen by one rule, in one report.

    The bounds hold for this comparison alone: they are no operating point.
    """
    require_extra("assessment")
    from dongui.assessment.report.files import file_names, side_by_side_pages
    from dongui.assessment.side_by_side import side_by_side_json
    from dongui.cli.writing import require_absent

    if one == other:
        raise Misuse("cli.usage", "a recogniser compared with itself shows nothing; name two")
    method = inputs.method_of(confidence=confidence, draws=draws, seed=seed)
    limits = inputs.limits_of(max_fmr=max_fmr, max_fnmr=max_fnmr, confidence=confidence)
    require_absent(*(out / name for name in file_names("comparison")))
    consented = inputs.read_consented(people, desk=desk, declarations=declaration, keys=declaration_key)
    title = inputs.data_set_title(data_set, consented)
    both = _assessed((one, other), consented, limits, method, title=title, folder=cache_of(cache))
    content = side_by_side_json(both)
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    write_files(out, {COMPARISON: text.encode()} | side_by_side_pages(*both.results))
    show(content, lambda: _drawn(both))


def _assessed(
    names: tuple[str, str],
    consented: ConsentedTable,
    limits: Limits,
    method: Method,
    *,
    title: str,
    folder: Path,
) -> SideBySide:
    from dongui.assessment.recogniser_choice import load_instruments
    from dongui.assessment.side_by_side import SideBySide, assess_alike

    moment = SystemClock().now().replace(microsecond=0)
    with progress("Loading.", "불러오고 있습니다.") as say:
        # Both before either is measured: a model that is missing is missed at once.
        loaded = [load_instruments(name, cache=folder, progress=say) for name in names]
        first, second = (
            assess_alike(
                consented,
                instruments=instruments,
                limits=limits,
                method=method,
                title=title,
                made_at=moment,
                progress=say,
            )
            for instruments in loaded
        )
    return SideBySide(moment, limits, (first, second), (loaded[0].recogniser.card, loaded[1].recogniser.card))


def _drawn(both: SideBySide) -> RenderableType:
    from dongui.assessment.error_rates import Kind
    from dongui.assessment.side_by_side import missed

    names = [result.recogniser.name for result in both.results]
    columns = [choose("group", "집단"), choose("people", "사람 수")]
    for name in names:
        columns += [f"{name}: FMR", choose(f"{name}: missed", f"{name}: 놓침")]
        columns.append(choose(f"{name}: not acquired", f"{name}: 획득 실패"))
    rows = []
    for groups in zip(*(result.groups for result in both.results), strict=True):
        row = [groups[0].name, str(groups[0].people)]
        for group in groups:
            row += [_counted(_hits(group.rates, Kind.FMR)), _counted(missed(group))]
            row.append(_counted(_hits(group.rates, Kind.FAILURE_TO_ACQUIRE)))
        rows.append(row)
    return Group(table(columns, rows), Text(printable(_note(both)), style="dim"), Text(choose(*_NO_POINT)))


def _hits(rates: Mapping[Kind, Rate], kind: Kind) -> tuple[int, int] | None:
    rate = rates.get(kind)
    return None if rate is None else (rate.hits, rate.trials)


def _counted(counted: tuple[int, int] | None) -> str:
    return "-" if counted is None else f"{counted[0]}/{counted[1]}"


def _note(both: SideBySide) -> str:
    bounds = "; ".join(
        f"{result.recogniser.name} {result.bounds.mated_at_most:g} / {result.bounds.non_mated_from:g}"
        for result in both.results
    )
    limits = f"FMR {both.limits.max_fmr:g}, FNMR {both.limits.max_fnmr:g}"
    return choose(
        f"\nBounds by one rule, the widest that keep {limits} over everyone here: {bounds}. Missed: "
        "comparisons of one person's pictures that did not end in mated.",
        f"\n기준은 같은 규칙으로 정했습니다. 여기 전체에서 {limits}를 지키는 가장 넓은 값: {bounds}. "
        "놓침: 같은 사람의 사진 비교가 일치로 끝나지 않은 경우.",
    )
