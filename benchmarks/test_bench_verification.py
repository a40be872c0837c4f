"""The whole verification: document, clip, comparison, receipt and durable log entry, by processor time.

In process, so that the processor's time can be counted: the confined process costs beyond it are measured in
``test_bench_confinement.py``, and what a person waits for by ``dongui bench``.

Each of the demo's four people in turn, since not everybody costs the same: whose template does not reach the
frames that prove the turn costs one or two templates more. Judged is the median of all rounds, and it is
reported with its quartiles, beside the bound and whether it holds.

A shared machine's speed wanders by a third within minutes. So a yardstick is reported too: what one of the
verification's own searches for a face in full took, which is dlib's work alone. The report says whether the
plain 60 ms hold. Where a search takes longer than on the processor the bound was set on, the benchmark itself
fails only beyond a bound that has grown in proportion, and the report says beyond how many milliseconds.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

import pytest

from dongui import verification
from dongui.biometrics.alignment import Aligner
from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, FaceDetector
from dongui.biometrics.landmarks import Landmarker
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.recognisers.onnx_resnet import OnnxResnet
from dongui.biometrics.sample import EncodedPicture, Source
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
# What the processor the bound was set on takes for the yardstick, seconds.
YARDSTICK_AT_MOST = 0.0055
DECODING, LANDMARKS, FULL_SEARCH = "clip's decoding", "clip's landmarks", "searches in full"
PEOPLE = ("04", "05", "09", "12")
ROUNDS_A_PERSON = 15

P = ParamSpec("P")
T = TypeVar("T")

pytestmark = pytest.mark.benchmark(group="verification", timer=time.process_time)


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float | str]

    def pedantic(
        self,
        target: Callable[[Visit, str], None],
        *,
        setup: Callable[[], tuple[tuple[Visit, str], dict[str, object]]],
        rounds: int,
    ) -> None:
        """Measure ``target`` with what ``setup`` returns, once a round."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=SystemEntropy()) as opened:
        yield opened


class Meter:
    """Processor time of a verification's parts, in seconds, and of each of its searches in full."""

    def __init__(self) -> None:
        self.parts: defaultdict[str, float] = defaultdict(float)
        self.searches: list[float] = []

    def add(self, part: str, seconds: float) -> None:
        """Count ``seconds`` of ``part``."""
        self.parts[part] += seconds
        if part == FULL_SEARCH:
            self.searches.append(seconds)


def _metered(function: Callable[P, T], part: Callable[P, str], meter: Callable[[], Meter]) -> Callable[P, T]:
    """Return ``function``, which tells the meter of the moment how long it took, and as which part."""

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        begun = time.process_time()
        result = function(*args, **kwargs)
        meter().add(part(*args, **kwargs), time.process_time() - begun)
        return result

    return call


def _decoding(picture: EncodedPicture, **_reduction: int) -> str:
    return DECODING if picture.source is Source.CAPTURE else "the portrait's decoding"


def _search(_detector: FaceDetector, _pixels: Pixels, *, side: int) -> str:
    return FULL_SEARCH if side == DETECTION_SIDES_PIXELS[0] else "searches for the known face"


def _named(part: str) -> Callable[..., str]:
    return lambda *_args, **_kwargs: part


def _meter_parts(monkeypatch: pytest.MonkeyPatch, meter: Callable[[], Meter]) -> None:
    """Have each part counted that is a library's work, or the document's; all else is what is left."""
    for owner, name, part in (
        (EncodedPicture, "decode", _decoding),
        (FaceDetector, "find", _search),
        (Landmarker, "locate", _named(LANDMARKS)),
        (OnnxResnet, "template", _named("recogniser")),
        (OnnxResnet, "templates", _named("recogniser")),
        (Aligner, "points", _named("alignment")),
        (Aligner, "crop", _named("alignment")),
        (verification, "authenticate", _named("the document")),
    ):
        monkeypatch.setattr(owner, name, _metered(getattr(owner, name), part, meter))


@dataclass(frozen=True, slots=True)
class Round:
    """Processor time of one verification, and wall time of its stages in milliseconds."""

    person: str
    whole: float
    parts: Mapping[str, float]
    yardstick: float
    stages: Mapping[str, float]

    @property
    def rest(self) -> float:
        """What is left beyond the clip's decoding and landmarks."""
        return self.whole - self.parts[DECODING] - self.parts[LANDMARKS]


def test_a_whole_verification_with_its_document(
    benchmark: Benchmark, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One document, one clip of 15 frames: under 60 ms of CPU beyond the clip's decoding and landmarks.

    Where one search for a face in full takes more than 5.5 ms, in proportion.
    """
    cache = str(models_cache()).encode()
    examiner = InProcess.start(PREPARE, arguments=cache, progress=lambda _message: None)
    rounds: list[Round] = []
    turns = count()
    meter = Meter()
    _meter_parts(monkeypatch, lambda: meter)

    def setup() -> tuple[tuple[Visit, str], dict[str, object]]:
        take, number = divmod(next(turns), len(PEOPLE))
        person = PEOPLE[number]
        return (a_visit(desk, person, recording(turn(person), take=take)), person), {}

    def target(visit: Visit, person: str) -> None:
        nonlocal meter
        meter = Meter()
        begun = time.process_time()
        answer = visit.verify(examiner)
        whole = time.process_time() - begun
        search = statistics.median(meter.searches)
        rounds.append(Round(person, whole, meter.parts, search, answer.milliseconds))
        assert answer.outcome is Outcome.VERIFIED

    for _ in PEOPLE:
        target(*setup()[0])  # not counted: the first in a process pays for the process
    rounds.clear()
    benchmark.pedantic(target, setup=setup, rounds=len(PEOPLE) * ROUNDS_A_PERSON)
    rest, bound = _median_rest(rounds), _bound(rounds)
    benchmark.extra_info |= _figures(rounds)
    assert rest < bound


def _median_rest(rounds: Iterable[Round]) -> float:
    return statistics.median(one.rest for one in rounds)


def _bound(rounds: Sequence[Round]) -> float:
    """60 ms; more on a processor whose searches for a face take longer than the one's it was set on."""
    slower = statistics.median(one.yardstick for one in rounds) / YARDSTICK_AT_MOST
    return AT_MOST_BEYOND_DECODING_AND_LANDMARKS * max(1.0, slower)


def _figures(rounds: Sequence[Round]) -> dict[str, float | str]:
    """Medians over all rounds; of the rest also the quartiles, and each person's median."""
    median = statistics.median
    cpu = {
        "whole": median(one.whole for one in rounds),
        DECODING: median(one.parts[DECODING] for one in rounds),
        LANDMARKS: median(one.parts[LANDMARKS] for one in rounds),
        "the rest": _median_rest(rounds),
        "one search for a face in full": median(one.yardstick for one in rounds),
    }
    figures: dict[str, float | str] = {f"{name}, CPU ms": round(1000 * one, 1) for name, one in cpu.items()}
    low, _, high = statistics.quantiles((1000 * one.rest for one in rounds), n=4)
    figures["the rest's quartiles"] = f"{low:.1f} to {high:.1f}"
    plainly = _median_rest(rounds) < AT_MOST_BEYOND_DECODING_AND_LANDMARKS
    figures["60 ms for the rest"] = "held" if plainly else "exceeded"
    figures["judged by, ms"] = round(1000 * _bound(rounds), 1)
    for person in PEOPLE:
        own = _median_rest(one for one in rounds if one.person == person)
        figures[f"the rest of person {person}"] = round(1000 * own, 1)
    for part, share in _where_the_rest_goes(rounds).items():
        figures[f"of the rest: {part}, CPU ms"] = round(1000 * share, 1)
    for stage in rounds[0].stages:
        figures[f"{stage}, wall ms"] = round(median(one.stages[stage] for one in rounds), 1)
    return figures


def _where_the_rest_goes(rounds: Sequence[Round]) -> dict[str, float]:
    """The median of each part in seconds, the largest first."""
    parts = {part for one in rounds for part in one.parts} - {DECODING, LANDMARKS}
    shares = {part: statistics.median(one.parts.get(part, 0.0) for one in rounds) for part in parts}
    shares["all else"] = statistics.median(one.whole - sum(one.parts.values()) for one in rounds)
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))
