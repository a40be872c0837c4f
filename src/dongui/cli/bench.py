"""``dongui bench``: how long a verification takes on this machine, stage by stage."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.demo.scenarios import SCENARIOS
from dongui.demo.story import CONTROLLER, Scene, Story
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.memory import forbid_core_dumps
from dongui.receipts.statement import Outcome

__all__ = ["bench"]

_STAGES = ("session", "terms", "document", "binding", "reference", "probe", "comparison", "receipt")


def bench(
    rounds: Annotated[
        int, typer.Option(min=3, max=200, help="Verifications to measure, after one more.")
    ] = 10,
) -> None:
    """Measure whole verifications of somebody who does not exist: median and p95 of each stage.

    Everything is real: document, confined process, a clip of 15 frames, durable log. Loading the models is
    reported apart.
    """
    forbid_core_dumps()
    with tempfile.TemporaryDirectory() as folder:
        scenes, warm_up = _measure(Path(folder) / "desk", rounds)
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
