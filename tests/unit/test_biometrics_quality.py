"""Each measure follows the thing it is named for, and the gate's no is *undetermined*."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from dongui.biometrics.acquisition import Acquired, acquire
from dongui.biometrics.alignment import Aligner, FivePoints
from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.quality import Measure
from dongui.biometrics.quality.gate import QUALITY_LIMITS, measure, require_answerable
from dongui.biometrics.quality.pose import roll, yaw
from dongui.biometrics.recognisers.weights import FIVE_POINTS, locate
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Undetermined
from simulators.biometric_data import london, person, view

YAW_OF_TURN = {0: 0, 2: -17, 4: -34, 9: 22, 11: 36}


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(locate(FIVE_POINTS))


def taken(data: memoryview, detector: FaceDetector, aligner: Aligner) -> tuple[Acquired, Pixels]:
    picture = EncodedPicture.open(data, source=Source.CAPTURE, what="it")
    acquired = acquire(picture, detector=detector, aligner=aligner)
    return acquired, aligner.crop(acquired.sample.pixels, acquired.points, acquired.face)


@pytest.fixture(scope="module")
def face(detector: FaceDetector, aligner: Aligner) -> tuple[Acquired, Pixels]:
    return taken(view(person("04", "portrait")), detector, aligner)


def judged(face: tuple[Acquired, Pixels], crop: Pixels | None = None) -> dict[str, Measure]:
    acquired, own = face
    used = own if crop is None else crop
    measures = measure(used, acquired.points, inter_eye_pixels=acquired.inter_eye_distance)
    return {entry.name: entry for entry in measures}


def failure(measures: dict[str, Measure]) -> str:
    with pytest.raises(Undetermined) as caught:
        require_answerable(tuple(measures.values()), what="the crop")
    return caught.value.name


def test_a_good_portrait_passes(face: tuple[Acquired, Pixels]) -> None:
    """A portrait in even light is answerable, and every limit has a measure to hold against."""
    measures = judged(face)
    require_answerable(tuple(measures.values()), what="the portrait")
    assert {limit.measure for limit in QUALITY_LIMITS} == set(measures)


def changed(crop: Pixels, how: str) -> Pixels:
    picture = Image.fromarray(crop)
    match how:
        case "too-dark":
            return np.asarray(picture.point(lambda value: value // 24))
        case "too-bright":
            return np.asarray(picture.point(lambda value: min(255, value * 4)))
        case "blurred":
            return np.asarray(picture.filter(ImageFilter.GaussianBlur(6)))
        case _:
            half = crop.copy()
            half[:, :75] = half[:, :75] // 12 + 30
            half[:, 75:] = half[:, 75:] // 4 + 190
            return half


@pytest.mark.parametrize("how", ["too-dark", "too-bright", "blurred", "uneven-light"])
def test_a_spoilt_crop_is_undetermined_by_its_own_name(face: tuple[Acquired, Pixels], how: str) -> None:
    """What was done to the picture is what the failure says."""
    assert failure(judged(face, changed(face[1], how))) == f"quality.{how}"


def test_a_small_face_is_undetermined(face: tuple[Acquired, Pixels]) -> None:
    """Below 40 pixels between the eyes there is no answer, and the message says how many there were."""
    acquired, crop = face
    with pytest.raises(Undetermined, match=r"39.*pixels; at least 40") as caught:
        require_answerable(measure(crop, acquired.points, inter_eye_pixels=39.0), what="the portrait")
    assert caught.value.name == "quality.too-small"


@pytest.mark.parametrize(("frame", "degrees"), YAW_OF_TURN.items())
def test_yaw_follows_the_head(frame: int, degrees: int, detector: FaceDetector, aligner: Aligner) -> None:
    """On people whose pose is known the yaw is within 12 degrees and on the right side."""
    for number in ("04", "05", "09"):
        acquired, _ = taken(view(person(number, f"turn-{frame:02}")), detector, aligner)
        assert yaw(acquired.points).value == pytest.approx(degrees, abs=12)


def test_a_turned_head_is_undetermined(face: tuple[Acquired, Pixels]) -> None:
    """A crop of a head turned by 45 degrees answers nothing, to whichever side."""
    for side in (-0.6, 0.6):
        points = FivePoints((70, 50), (60, 50), (30, 50), (40, 50), (50 + 30 * side, 80))
        assert (
            failure({m.name: m for m in measure(face[1], points, inter_eye_pixels=90)})
            == "quality.turned-away"
        )


def test_roll_is_the_line_between_the_eyes() -> None:
    """Eyes on a line that falls to the right by 45 degrees are tilted by 45; coinciding eyes by nothing."""
    points = FivePoints((80, 80), (60, 60), (20, 20), (40, 40), (30, 70))
    assert roll(points).value == pytest.approx(45)
    one = (10.0, 10.0)
    assert yaw(FivePoints(one, one, one, one, (12.0, 20.0))).value == 0


def test_nobody_of_the_london_people_is_left_unanswered(detector: FaceDetector, aligner: Aligner) -> None:
    """In studio light every one of 51 people of every reported ethnicity is answerable, with room to spare.

    A gate that measured skin instead of light would fail here first.
    """
    for path in london()[::3]:
        acquired, crop = taken(view(path), detector, aligner)
        measures = {m.name: m.value for m in measure(crop, acquired.points, inter_eye_pixels=120)}
        assert measures["under-exposure"] < 0.1
        assert measures["over-exposure"] < 0.1
        assert measures["illumination-uniformity"] > 0.4
        assert measures["sharpness"] > 0.1
