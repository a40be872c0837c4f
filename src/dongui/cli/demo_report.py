"""What the demo says in the terminal: one row a visit, and what is left."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from dongui.cli.output import JsonValue, choose, note, settings, show, table
from dongui.cli.receipt_result import operating_point_result
from dongui.demo.page import Ending
from dongui.demo.stages import STAGES
from dongui.demo.story import Scene

__all__ = ["VisitsTable", "report_story"]

_COLOURS = {"VERIFIED": "green", "REFUSED": "red", "UNDETERMINED": "blue"}
_WIDTH_FOR_STAGES = 110  # columns of a terminal in which the visits still have room beside the stages
_GAP = 2  # blanks between the columns of a narrower one


@dataclass(frozen=True, slots=True)
class VisitsTable:
    """One row a visit: outcome, named reason, milliseconds, and how long each stage took.

    The stages are columns where the terminal is wide enough, else a line of words below the visit's own.
    ``brief`` leaves them away there: while the story plays, the screen is short, too.
    """

    scenes: Sequence[Scene]
    brief: bool = False

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it for the width at hand."""
        if options.max_width >= _WIDTH_FOR_STAGES:
            yield _with_columns(self.scenes)
        else:
            yield from _with_lines(self.scenes, options.max_width, brief=self.brief)


def _with_columns(scenes: Sequence[Scene]) -> Table:
    shorts = [stage.short[settings().language.value] for stage in STAGES]
    columns = [choose("visit, times in ms", "방문, 시간은 ms"), *_words(), *shorts, choose("all", "합계")]
    rows = []
    for scene in scenes:
        *row, total = _row(scene)
        rows.append([*row, *map(_time, _spent(scene)), total])
    drawn = table(columns, rows)
    drawn.padding = (0, 1, 0, 0)
    for column in drawn.columns[1:]:
        column.no_wrap = True  # a failure's name is searched for whole; the visit's title gives way
    for column in drawn.columns[3:]:
        column.justify = "right"
    return drawn


def _with_lines(scenes: Sequence[Scene], width: int, *, brief: bool) -> Iterator[RenderableType]:
    first = choose("visit", "방문") if brief else choose("visit; its stages, in ms", "방문; 단계별 시간, ms")
    heads: list[str | Text] = [first, *_words(), choose("all, ms", "합계 ms")]
    rows = [_row(scene) for scene in scenes]
    widths = [max(cell_len(str(cell)) for cell in column) for column in zip(heads, *rows, strict=True)]
    widths[0] = max(1, min(widths[0], width - sum(widths[1:]) - _GAP * (len(widths) - 1)))
    yield _line([Text(str(head), style="bold") for head in heads], widths)
    for scene, row in zip(scenes, rows, strict=True):
        yield _line(row, widths)
        if not brief:
            yield Text(f"  {_stages(scene)}")


def _line(cells: Sequence[str | Text], widths: Sequence[int]) -> Table:
    """Return one visit's row, as wide as every other; the title alone is folded, never a failure's name."""
    drawn = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    for place, width in enumerate(widths):
        last = place == len(widths) - 1
        drawn.add_column(width=width, no_wrap=place > 0, justify="right" if last else "left")
    drawn.add_row(*cells)
    return drawn


def _stages(scene: Scene) -> str:
    """Name each stage the visit got to with its time: read aloud it says as much as it shows."""
    language = settings().language.value
    times = zip(STAGES, _spent(scene), strict=True)
    return ", ".join(f"{stage.short[language]} {_time(spent)}" for stage, spent in times if spent)


def _words() -> list[str]:
    return [choose("outcome", "결과"), choose("reason", "이유")]


def _row(scene: Scene) -> list[str | Text]:
    """Title, outcome, reason and the time of the whole visit."""
    outcome = scene.outcome.name
    said = outcome.lower() if scene.kept else f"{outcome.lower()} (!)"
    return [
        scene.scenario.title[settings().language.value],
        Text(said, style=f"bold {_COLOURS[outcome]}"),
        scene.reason or "",
        _time(sum(_spent(scene))),
    ]


def _spent(scene: Scene) -> list[float]:
    return [stage.spent(scene.verification.milliseconds) for stage in STAGES]


def _time(milliseconds: float) -> str:
    if not milliseconds:
        return ""
    return f"{milliseconds:.0f}" if milliseconds >= 1 else "<1"


def report_story(scenes: Sequence[Scene], ending: Ending, page: Path) -> None:
    """Print the table, the other way of whoever needed it, the checked receipt, and what is on disk."""
    show(_result(scenes, ending, page), lambda: VisitsTable(scenes))
    if settings().json:
        return
    sys.stdout.write("\n")
    show({}, "\n".join([*_other_ways(scenes), _set_points(scenes), _ending(ending), _place(page)]))
    note(
        "Nobody in this story exists. Add --open to see it.",
        "이 이야기 속 사람들은 존재하지 않습니다. --open을 붙이면 화면이 열립니다.",
    )


def _result(scenes: Sequence[Scene], ending: Ending, page: Path) -> dict[str, JsonValue]:
    visits: list[JsonValue] = [
        {
            "visit": scene.scenario.key,
            "outcome": scene.outcome.name.lower(),
            "reason": scene.reason,
            "as_promised": scene.kept,
            **operating_point_result(scene.verification.receipt.statement()),
            "milliseconds": {name: round(time, 2) for name, time in scene.verification.milliseconds.items()},
        }
        for scene in scenes
    ]
    return {
        "warm_up_seconds": round(ending.warm_up_seconds, 2),
        "visits": visits,
        "receipt_checked": ending.receipt_id,
        "receipt_log_size": ending.receipt_log_size,
        "log_size": ending.log_size,
        "on_disk": {file.path: file.size for file in ending.files},
        "pictures_on_disk": list(ending.pictures),
        "page": str(page),
    }


def _other_ways(scenes: Sequence[Scene]) -> list[str]:
    """Whoever got no answer is told the other way first; the demo says it for the one it was built for."""
    return [
        choose(
            f"For {scene.scenario.title.en} the other way was named first: {scene.other_way.name.en}.",
            f"{scene.scenario.title.ko}에게는 다른 방법을 먼저 안내했습니다: {scene.other_way.name.ko}.",
        )
        for scene in scenes
        if scene.scenario.key == "cannot-turn"
    ]


def _set_points(scenes: Sequence[Scene]) -> str:
    """What every receipt says of the operating point, those included that ended before any comparison."""
    statements = [scene.verification.receipt.statement() for scene in scenes]
    points = {point for statement in statements if (point := statement.operating_point)}
    early = sum(statement.comparison is None for statement in statements)
    en = ", ".join(f"{p.name} ({'assessed' if p.assessed else 'not assessed'} for use)" for p in points)
    ko = ", ".join(f"{p.name}(사용 적합성 평가를 {'받음' if p.assessed else '받지 않음'})" for p in points)
    return choose(
        f"Operating point on each of the {len(statements)} receipts:\n  {en};\n"
        f"  nothing was compared in {early} of the visits.",
        f"영수증 {len(statements)}개 모두에 적힌 판정 기준:\n  {ko}\n"
        f"  그중 {early}번의 방문에서는 비교하지 않았습니다.",
    )


def _place(page: Path) -> str:
    return f"{choose('The story', '이야기')}: {page}"


def _ending(ending: Ending) -> str:
    files = "\n".join(f"  {file.size:>9,}  {file.path}" for file in ending.files)
    found = ", ".join(ending.pictures)
    seconds = f"{ending.warm_up_seconds:.1f}"
    size, earlier = ending.log_size, ending.receipt_log_size
    return choose(
        f"Loading the models before the first visit took {seconds} s.\n"
        f"Receipt {ending.receipt_id} checked offline:\n"
        f"  signed by the operator, and in the log of {size} entries,\n"
        f"  proved to extend the {earlier} of its own checkpoint.\n"
        f"On disk at this desk: {found or 'no face, no piece of any picture of the story'}.\n{files}",
        f"첫 방문 전에 모델을 불러오는 데 {seconds}초 걸렸습니다.\n"
        f"영수증 {ending.receipt_id} 오프라인 확인: 운영자의 서명이 있고,\n"
        f"  항목 {size}개의 로그에 들어 있습니다.\n"
        f"  이 로그는 영수증의 체크포인트({earlier}개)를 이어 갑니다.\n"
        f"이 창구의 디스크: {found or '얼굴 없음, 이야기 속 어느 사진의 조각도 없음'}.\n{files}",
    )
