"""``dongui bench``: how long a verification takes on this machine, stage by stage; or a release."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.demo.scenarios import SCENARIOS
from dongui.demo.story import CONTROLLER, Scene, Story
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.extras import require_extra
from dongui.memory import forbid_core_dumps
from dongui.receipts.statement import Outcome

__all__ = ["bench"]

_STAGES = ("session", "terms", "document", "binding", "reference", "probe", "comparison", "receipt")


class Subject(StrEnum):
    """What can be measured."""

    VERIFICATION = "verification"
    RELEASE = "release"


def bench(
    what: Annotated[Subject, typer.Argument(help="What to measure.")] = Subject.VERIFICATION,
    rounds: Annotated[
        int, typer.Option(min=3, max=200, help="Verifications to measure, after one more.")
    ] = 10,
    records: Annotated[
        int, typer.Option(min=1000, help="release: made-up records to decide over.")
    ] = 1_000_000,
    folder: Annotated[
        Path | None, typer.Option(help="release: where the tables go meanwhile; some 20 bytes a record.")
    ] = None,
    postgresql: Annotated[
        str | None, typer.Option(help="release: address of a PostgreSQL server to compare with.")
    ] = None,
) -> None:
    """Measure whole verifications of somebody who does not exist: median and p95 of each stage.

    Everything is real: document, confined process, a clip of 15 frames, durable log. Loading the models is
    reported apart. Or measure a whole release over made-up records, beside what it is compared with.
    """
    if what is Subject.RELEASE:
        _bench_release(records, folder, postgresql)
        return
    forbid_core_dumps()
    with tempfile.TemporaryDirectory() as desk:
        scenes, warm_up = _measure(Path(desk) / "desk", rounds)
    wrong = [scene for scene in scenes if scene.outcome is not Outcome.VERIFIED]
    if wrong:
        raise Misuse("bench.not-verified", f"{len(wrong)} of {len(scenes)} visits were not verified")
    stages = {
        stage: _figures([scene.verification.milliseconds[stage] for scene in scenes]) for stage in _STAGES
    }
    stages["all"] = _figures([sum(scene.verification.milliseconds.values()) for scene in scenes])
    result: dict[str, JsonValue] = {
        "verifications": rounds,
        "frames": len(scenes[0].frames),
        "warm_up_seconds": round(warm_up, 2),
        "stages": {name: {"median_ms": median, "p95_ms": p95} for name, (median, p95) in stages.items()},
    }
    rows = [(name, f"{median:.1f}", f"{p95:.1f}") for name, (median, p95) in stages.items()]
    rows.append((choose("loading models, once", "모델 불러오기, 한 번"), f"{1000 * warm_up:.0f}", ""))
    columns = (choose("stage", "단계"), choose("median, ms", "중앙값 ms"), "p95, ms")
    show(result, lambda: table(columns, rows))


def _bench_release(records: int, folder: Path | None, postgresql: str | None) -> None:
    require_extra("custody")
    from dongui.cli.bench_bounds import bounds
    from dongui.cli.bench_release import measure  # numpy, Arrow, DuckDB: not for a verification

    with progress("Measuring.", "측정하고 있습니다.") as say:
        figures = measure(
            records, folder=folder or Path(tempfile.gettempdir()), postgresql=postgresql, say=say
        )
    rows = [(name.replace("_", " "), f"{value:,.4g}") for name, value in figures.items()]
    judged = bounds(figures)
    holds = {True: choose("holds", "충족"), False: choose("does not hold", "미충족")}
    rows += [(one.text, f"{one.found}: {holds[one.holds]}") for one in judged]
    result: dict[str, JsonValue] = {name: round(value, 4) for name, value in figures.items()}
    result["bounds"] = [{"bound": one.text, "found": one.found, "holds": one.holds} for one in judged]
    show(result, lambda: table((choose("figure", "항목"), choose("value", "값")), rows))


def _measure(path: Path, rounds: int) -> tuple[list[Scene], float]:
    """Return the visits and the seconds of warming up."""
    right_person = SCENARIOS[0]
    visits = [replace(right_person, key=f"{right_person.key}-{number}") for number in range(rounds + 1)]
    create_desk(path, CONTROLLER, entropy=SystemEntropy())
    with (
        Desk(path, clock=SystemClock(), entropy=SystemEntropy()) as desk,
        progress("Measuring.", "측정하고 있습니다.") as say,
        desk.start_examiner(progress=say) as examiner,
    ):
        story = Story(desk, examiner, entropy=SystemEntropy())
        playing = story.play(visits)
        next(playing)  # the first visit fills caches nobody measures
        scenes = []
        for number, scene in enumerate(playing, 1):
            scenes.append(scene)
            say(f"{number} / {rounds}")
        return scenes, examiner.warm_up_seconds


def _figures(milliseconds: Sequence[float]) -> tuple[float, float]:
    p95 = statistics.quantiles(milliseconds, n=20, method="inclusive")[-1]
    return round(statistics.median(milliseconds), 2), round(p95, 2)
