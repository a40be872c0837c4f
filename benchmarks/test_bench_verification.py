"""The whole verification: document, clip, comparison, receipt and durable log entry, by processor time.

In process, so that the processor's time can be counted: the confined process costs beyond it are measured in
``test_bench_confinement.py``, and what a person waits for by ``dongui bench``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from dongui.biometrics.face_in_clip import FaceInClip
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Source
from dongui.confinement import InProcess
from dongui.demo.cast import recording, turn
from dongui.demo.story import CONTROLLER
from dongui.desk import Desk, create_desk
from dongui.desk.desk import models_cache
from dongui.environment import SystemClock, SystemEntropy
from dongui.receipts.statement import Outcome
from dongui.verification import PREPARE
from simulators.main_path import Visit, a_visit

AT_MOST_BEYOND_DECODING_AND_LANDMARKS = 0.060  # seconds of processor time
ROUNDS = 20

pytestmark = pytest.mark.benchmark(group="verification", timer=time.process_time)


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    def pedantic(
        self,
        target: Callable[[Visit], None],
        *,
        setup: Callable[[], tuple[tuple[Visit], dict[str, object]]],
        rounds: int,
    ) -> None:
        """Measure ``target`` with what ``setup`` returns, once a round."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=SystemEntropy()) as opened:
        yield opened


def test_a_whole_verification_with_its_document(benchmark: Benchmark, desk: Desk) -> None:
    """One document, one clip of 15 frames: at most 60 ms of CPU beyond the clip's decoding and landmarks."""
    examiner = InProcess.start(
        PREPARE, arguments=str(models_cache()).encode(), progress=lambda _message: None
    )
    spent: list[float] = []
    stages: list[dict[str, float]] = []

    def setup() -> tuple[tuple[Visit], dict[str, object]]:
        return (a_visit(desk, "05", recording(turn("05"), take=len(spent))),), {}

    def target(visit: Visit) -> None:
        begun = time.process_time()
        answer = visit.verify(examiner)
        spent.append(time.process_time() - begun)
        stages.append(answer.milliseconds)
        assert answer.outcome is Outcome.VERIFIED

    benchmark.pedantic(target, setup=setup, rounds=ROUNDS)
    decoding, landmarks = clip_costs()
    whole = statistics.median(spent[1:])
    rest = whole - decoding - landmarks
    benchmark.extra_info["whole, ms"] = round(1000 * whole, 1)
    benchmark.extra_info["clip's decoding, ms"] = round(1000 * decoding, 1)
    benchmark.extra_info["clip's landmarks, ms"] = round(1000 * landmarks, 1)
    benchmark.extra_info["the rest, ms"] = round(1000 * rest, 1)
    for stage in stages[0]:
        wall = statistics.median(times[stage] for times in stages[1:])
        benchmark.extra_info[f"{stage}, wall ms"] = round(wall, 1)
    assert rest < AT_MOST_BEYOND_DECODING_AND_LANDMARKS


def clip_costs() -> tuple[float, float]:
    """Processor seconds of decoding the clip's frames, and of placing their landmarks, medians of five."""
    instruments = Instruments.load(cache=models_cache(), progress=lambda _message: None)
    frames = [memoryview(frame) for frame in recording(turn("05"), take=99)]
    costs = [clip_cost(frames, instruments) for _ in range(5)]
    return statistics.median(cost[0] for cost in costs), statistics.median(cost[1] for cost in costs)


def clip_cost(frames: list[memoryview], instruments: Instruments) -> tuple[float, float]:
    decoding = landmarks = 0.0
    face = FaceInClip(instruments.detector, instruments.landmarker)
    for number, frame in enumerate(frames):
        begun = time.process_time()
        picture = EncodedPicture.open(frame, source=Source.CAPTURE, what="frame")
        sample = picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS))
        decoding += time.process_time() - begun
        seen = face.see(picture, sample, last=number == len(frames) - 1)
        if seen is not None:
            begun = time.process_time()
            instruments.landmarker.locate(sample.pixels, seen.face)
            landmarks += time.process_time() - begun
        sample.wipe()
    return decoding, landmarks
