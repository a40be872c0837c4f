"""The biometric core: each stage over the London faces, the whole, and a clip; beside face_recognition.

Times are CPU times, so that a busy machine does not make them longer than they are. Nothing about one picture
or one pair is written: medians, 95th percentiles and the separation of all pairs together.

The package ``face_recognition`` is measured with its defaults, as its users run it. Importing it loads the
68-point model, whose training data may not be used commercially: it is part of this comparison alone.
"""

from __future__ import annotations

import io
import itertools
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from dongui.biometrics.acquisition import Acquired, acquire
from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.attack_detection.parallax import assess_turn
from dongui.biometrics.comparison import compare
from dongui.biometrics.detection import DETECTION_SIDES_PIXELS
from dongui.biometrics.face_in_clip import FaceInClip
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import operating_point
from dongui.biometrics.pixels import Features, Pixels
from dongui.biometrics.probe import take_probe
from dongui.biometrics.quality.gate import measure
from dongui.biometrics.recognisers.dlib_resnet import DlibResnet
from dongui.biometrics.reference import take_reference
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Source

DATA = os.environ.get("DONGUI_TEST_DATA")
PEOPLE = Path(__file__).parents[1] / "src" / "dongui" / "demo" / "people"
CHALLENGE = Challenge(Side.PICTURE_LEFT)
POINT = operating_point("dlib-resnet-v1-london")
AT_MOST_OF_FACE_RECOGNITION = 1 / 20
needs_london = pytest.mark.skipif(DATA is None, reason="DONGUI_TEST_DATA unset: London faces not measured")
pytestmark = pytest.mark.benchmark(group="biometrics", timer=time.process_time)


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    @property
    def stats(self) -> Metadata:
        """The measurement, once made."""

    def pedantic(
        self,
        target: Callable[..., object],
        *,
        setup: Callable[[], tuple[tuple[object, ...], dict[str, object]]],
        rounds: int,
        warmup_rounds: int,
    ) -> object:
        """Call ``target`` with what ``setup`` returns, so many times, each a round."""


class Metadata(Protocol):
    """A finished measurement."""

    stats: Stats


class Stats(Protocol):
    """Seconds a round."""

    median: float
    sorted_data: Sequence[float]


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory) -> Instruments:
    """All models, loaded before anything is measured."""
    return Instruments.load(cache=tmp_path_factory.mktemp("models"), progress=lambda _: None)


@pytest.fixture(scope="module")
def pictures() -> list[EncodedPicture]:
    """The London faces, their headers read."""
    paths = sorted(Path(DATA or ".", "faces", "london").glob("*.jpg"))
    return [
        EncodedPicture.open(memoryview(path.read_bytes()), source=Source.CAPTURE, what="a picture")
        for path in paths
    ]


@pytest.fixture(scope="module")
def acquired(pictures: list[EncodedPicture], instruments: Instruments) -> list[tuple[Acquired, Pixels]]:
    """Every London face found, with its crop."""
    found = [acquire(one, detector=instruments.detector, aligner=instruments.aligner) for one in pictures]
    return [(one, instruments.aligner.crop(one.sample.pixels, one.points, one.face)) for one in found]


def over(benchmark: Benchmark, target: Callable[..., object], inputs: Sequence[tuple[object, ...]]) -> float:
    """Measure ``target`` once on each input; return the median and put the 95th percentile beside it."""
    left: Iterator[tuple[object, ...]] = itertools.chain([inputs[0]] * 3, inputs)
    benchmark.pedantic(target, setup=lambda: (next(left), {}), rounds=len(inputs), warmup_rounds=3)
    times = benchmark.stats.stats.sorted_data
    benchmark.extra_info["95th percentile, ms"] = round(1000 * times[int(0.95 * len(times))], 2)
    return benchmark.stats.stats.median


def decoded(picture: EncodedPicture) -> Pixels:
    """The picture as the pipeline decodes it."""
    return picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS)).pixels


@needs_london
def test_decode(benchmark: Benchmark, pictures: list[EncodedPicture]) -> None:
    """A JPEG of 1000 x 1000 pixels, at half its size."""
    over(benchmark, decoded, [(picture,) for picture in pictures])


@needs_london
def test_detect(
    benchmark: Benchmark, acquired: list[tuple[Acquired, Pixels]], instruments: Instruments
) -> None:
    """The first rung of the ladder."""

    def detect(pixels: Pixels) -> object:
        return instruments.detector.find(pixels, side=DETECTION_SIDES_PIXELS[0])

    over(benchmark, detect, [(one.sample.pixels,) for one, _ in acquired])


@needs_london
def test_align(
    benchmark: Benchmark, acquired: list[tuple[Acquired, Pixels]], instruments: Instruments
) -> None:
    """Five points and the crop."""

    def align(one: Acquired) -> Pixels:
        points = instruments.aligner.points(one.sample.pixels, one.face)
        return instruments.aligner.crop(one.sample.pixels, points, one.face)

    over(benchmark, align, [(one,) for one, _ in acquired])


@needs_london
def test_quality(benchmark: Benchmark, acquired: list[tuple[Acquired, Pixels]]) -> None:
    """All measures."""

    def judge(one: Acquired, crop: Pixels) -> object:
        return measure(crop, one.points, inter_eye_pixels=one.inter_eye_distance)

    over(benchmark, judge, acquired)


@needs_london
def test_recognise(
    benchmark: Benchmark, acquired: list[tuple[Acquired, Pixels]], instruments: Instruments
) -> None:
    """The crop's template, by ONNX Runtime."""
    over(benchmark, instruments.recogniser.template, [(crop,) for _, crop in acquired])


@needs_london
def test_recognise_with_dlib(benchmark: Benchmark, acquired: list[tuple[Acquired, Pixels]]) -> None:
    """The same weights on the same crops, by dlib."""
    over(benchmark, DlibResnet().template, [(crop,) for _, crop in acquired])


@needs_london
def test_landmarks(
    benchmark: Benchmark, acquired: list[tuple[Acquired, Pixels]], instruments: Instruments
) -> None:
    """The 26 points the turn is judged by."""
    inputs = [(one.sample.pixels, one.face) for one, _ in acquired]
    over(benchmark, instruments.landmarker.locate, inputs)


@needs_london
def test_a_picture_beside_face_recognition(
    benchmark: Benchmark, pictures: list[EncodedPicture], instruments: Instruments
) -> None:
    """Decode, detect, align, embed: at most a twentieth of face_recognition's time, at equal separation."""
    with warnings.catch_warnings():  # its models' package asks for pkg_resources, which warns of its end
        warnings.simplefilter("ignore")
        import face_recognition

    ours: list[Features] = []
    theirs: list[Features] = []
    their_times: list[float] = []
    ratios: list[float] = []

    def reference(picture: EncodedPicture) -> None:
        ours.append(take_reference(picture.data, instruments=instruments).template.features)

    over(benchmark, reference, [(picture,) for picture in pictures])
    # Picture by picture, one after the other: the machine's speed wanders, the ratio of neighbours does not.
    ours.clear()
    for picture in pictures:
        began = time.process_time()
        reference(picture)
        own_time = time.process_time() - began
        began = time.process_time()
        image = face_recognition.load_image_file(io.BytesIO(picture.data))
        (features,) = face_recognition.face_encodings(image)
        their_times.append(time.process_time() - began)
        theirs.append(features)
        ratios.append(own_time / their_times[-1])
    ratio = statistics.median(ratios)
    benchmark.extra_info["face_recognition, median ms"] = round(1000 * statistics.median(their_times), 1)
    benchmark.extra_info["of face_recognition's time, 1 in"] = round(1 / ratio, 1)
    benchmark.extra_info["separation"] = round(separation(ours), 2)
    benchmark.extra_info["face_recognition's separation"] = round(separation(theirs), 2)
    assert ratio <= AT_MOST_OF_FACE_RECOGNITION
    assert separation(ours) >= 0.97 * separation(theirs)


def separation(templates: Sequence[Features]) -> float:
    """Means of mated and non-mated distances, apart, in standard deviations (d'). Two pictures a person."""
    pairs = [
        (float(np.linalg.norm(first - second)), one // 2 == other // 2)
        for (one, first), (other, second) in itertools.combinations(enumerate(templates), 2)
    ]
    mated = [distance for distance, same in pairs if same]
    non_mated = [distance for distance, same in pairs if not same]
    spread = (statistics.pvariance(mated) + statistics.pvariance(non_mated)) / 2
    return float((statistics.fmean(non_mated) - statistics.fmean(mated)) / spread**0.5)


class Verification:
    """A portrait and a turn of a person who does not exist."""

    def __init__(self, folder: Path) -> None:
        self.portrait = memoryview((folder / "portrait.jpg").read_bytes())
        self.frames = [memoryview(path.read_bytes()) for path in sorted(folder.glob("turn-*.jpg"))]

    def run(self, instruments: Instruments) -> None:
        """Reference, probe, decision."""
        with (
            take_reference(self.portrait, instruments=instruments) as reference,
            take_probe(self.frames, challenge=CHALLENGE, instruments=instruments) as probe,
        ):
            compare(reference, probe, operating_point=POINT, accept_unassessed=True)


def test_portrait_clip_and_comparison(benchmark: Benchmark, instruments: Instruments) -> None:
    """One portrait, one clip of 15 frames, one decision; the document and the receipt are measured apart."""
    everybody = [Verification(folder) for folder in sorted(PEOPLE.iterdir()) if folder.is_dir()]
    over(benchmark, lambda one: one.run(instruments), [(one,) for one in everybody * 6])


def test_judge_the_turn(benchmark: Benchmark, instruments: Instruments) -> None:
    """The turn of 15 frames, from their landmarks."""
    clips = []
    for folder in sorted(PEOPLE.iterdir()):
        if folder.is_dir():
            face = FaceInClip(instruments.detector, instruments.landmarker)
            for frame in Verification(folder).frames:
                picture = EncodedPicture.open(frame, source=Source.CAPTURE, what="a frame")
                face.see(picture, picture.decode(reduction=1), last=False)
            clips.append(face.landmarks)
    over(benchmark, lambda clip: assess_turn(clip, challenge=CHALLENGE), [(clip,) for clip in clips * 6])
