"""What the demo says in the terminal: one row a visit, and what is left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from dongui.cli.output import JsonValue, choose, note, settings, show, table
from dongui.demo.page import Ending
from dongui.demo.story import Scene

__all__ = ["report_story", "visits_table"]

_COLOURS = {"VERIFIED": "green", "REFUSED": "red", "UNDETERMINED": "blue"}
_STAGES = (
    ("session", "terms"),
    ("document", "binding"),
    ("reference", "probe", "comparison"),
    ("receipt",),
)


def visits_table(scenes: Sequence[Scene]) -> Table:
    """Return one row a visit: outcome, named reason, milliseconds by stage."""
    columns = (
        choose("visit", "방문"),
        choose("outcome", "결과"),
        choose("reason", "이유"),
        choose("terms", "조건"),
        choose("document", "문서"),
        choose("face", "얼굴"),
        choose("receipt", "수령증"),
        choose("all, ms", "합계 ms"),
    )
    drawn = table(columns, (_row(scene) for scene in scenes))
    for column in drawn.columns[3:]:
        column.justify = "right"
    return drawn


def _row(scene: Scene) -> list[str | Text]:
    times = scene.verification.milliseconds
    spent = [sum(times.get(stage, 0.0) for stage in group) for group in _STAGES]
    outcome = scene.outcome.name
    said = outcome.lower() if scene.kept else f"{outcome.lower()} (!)"
    return [
        scene.scenario.title[settings().language.value],
        Text(said, style=f"bold {_COLOURS[outcome]}"),
        scene.reason or "",
        *(f"{part:.0f}" if part else "" for part in spent),
        f"{sum(spent):.0f}",
    ]


def report_story(scenes: Sequence[Scene], ending: Ending, page: Path) -> None:
    """Print the table, the other way of whoever needed it, the checked receipt, and what is on disk."""
    show(_result(scenes, ending, page), lambda: visits_table(scenes))
    if settings().json:
        return
    sys.stdout.write("\n")
    show({}, "\n".join([*_other_ways(scenes), _ending(ending), f"{choose('The story', '이야기')}: {page}"]))
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
            "milliseconds": {name: round(time, 2) for name, time in scene.verification.milliseconds.items()},
        }
        for scene in scenes
    ]
    return {
        "visits": visits,
        "receipt_checked": ending.receipt_id,
        "log_size": ending.log_size,
        "on_disk": {file.path: file.size for file in ending.files},
        "faces_on_disk": list(ending.faces),
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


def _ending(ending: Ending) -> str:
    files = "\n".join(f"  {file.size:>9,}  {file.path}" for file in ending.files)
    faces = ", ".join(ending.faces)
    return choose(
        f"Receipt {ending.receipt_id} checked offline: signed by the operator,\n"
        f"  and in the log of {ending.log_size} entries.\n"
        f"On disk at this desk, searched for every picture of the story: {faces or 'no face'}.\n{files}",
        f"수령증 {ending.receipt_id} 오프라인 확인: 운영자의 서명이 있고,\n"
        f"  항목 {ending.log_size}개의 로그에 들어 있습니다.\n"
        f"이 창구의 디스크에서 모든 사진을 찾은 결과: {faces or '얼굴 없음'}.\n{files}",
    )
