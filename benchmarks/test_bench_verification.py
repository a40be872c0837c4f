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

from dongui.biometrics.detection import Box
from dongui.biometrics.landmarks import Landmarker, Landmarks
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.sample import EncodedPicture, Sample, Source
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


class Meter:
    """Processor time spent in the clip's decoding and landmarks, while a verification runs."""

    def __init__(self) -> None:
        self.decoding = 0.0
        self.landmarks = 0.0

    def decode(self, picture: EncodedPicture, *, reduction: int = 1) -> Sample:
        """Decode, and count it where the picture is a frame."""
        begun = time.process_time()
        sample = _DECODE(picture, reduction=reduction)
        if picture.source is Source.CAPTURE:
            self.decoding += time.process_time() - begun
        return sample

    def locate(self, landmarker: Landmarker, pixels: Pixels, face: Box) -> Landmarks:
        """Place the landmarks, and count it."""
        begun = time.process_time()
        found = _LOCATE(landmarker, pixels, face)
        self.landmarks += time.process_time() - begun
        return found


_DECODE = EncodedPicture.decode
_LOCATE = Landmarker.locate


def test_a_whole_verification_with_its_document(
    benchmark: Benchmark, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One document, one clip of 15 frames: at most 60 ms of CPU beyond the clip's decoding and landmarks."""
    cache = str(models_cache()).encode()
    examiner = InProcess.start(PREPARE, arguments=cache, progress=lambda _message: None)
    spent: list[tuple[float, Meter]] = []
    stages: list[dict[str, float]] = []
    meter = Meter()
    monkeypatch.setattr(EncodedPicture, "decode", lambda picture, **how: meter.decode(picture, **how))
    monkeypatch.setattr(Landmarker, "locate", lambda own, *what: meter.locate(own, *what))

    def setup() -> tuple[tuple[Visit], dict[str, object]]:
        return (a_visit(desk, "05", recording(turn("05"), take=len(spent))),), {}

    def target(visit: Visit) -> None:
        nonlocal meter
        meter = Meter()
        begun = time.process_time()
        answer = visit.verify(examiner)
        spent.append((time.process_time() - begun, meter))
        stages.append(answer.milliseconds)
        assert answer.outcome is Outcome.VERIFIED

    benchmark.pedantic(target, setup=setup, rounds=ROUNDS)
    rest = statistics.median(whole - metered.decoding - metered.landmarks for whole, metered in spent)
    figures = {
        "whole": statistics.median(whole for whole, _ in spent),
        "clip's decoding": statistics.median(metered.decoding for _, metered in spent),
        "clip's landmarks": statistics.median(metered.landmarks for _, metered in spent),
        "the rest": rest,
    }
    for name, seconds in figures.items():
        benchmark.extra_info[f"{name}, CPU ms"] = round(1000 * seconds, 1)
    for stage in stages[0]:
        wall = statistics.median(times[stage] for times in stages)
        benchmark.extra_info[f"{stage}, wall ms"] = round(wall, 1)
    assert rest < AT_MOST_BEYOND_DECODING_AND_LANDMARKS
