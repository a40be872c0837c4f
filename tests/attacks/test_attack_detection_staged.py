"""Prints of people who do not exist, drawn by perspective and judged by the pipeline's own eyes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import pytest

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.attack_detection.parallax import assess_turn
from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.face_in_clip import FaceInClip
from dongui.biometrics.landmarks import Landmarker, Landmarks
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Source
from dongui.demo.staging import Print, still_clip, turned_print
from dongui.errors import Refused, Undetermined

_LEFT_FIRST = Challenge(Side.PICTURE_LEFT)
_LIFE_SIZE = 300.0  # mm: the width at which these portraits' eyes are about 63 mm apart


@pytest.fixture(scope="module")
def eyes() -> tuple[FaceDetector, Landmarker]:
    return FaceDetector(), Landmarker.load()


def _look(eyes: tuple[FaceDetector, Landmarker], frames: Sequence[bytes]) -> list[Landmarks | None]:
    face = FaceInClip(*eyes)
    for number, frame in enumerate(frames):
        picture = EncodedPicture.open(memoryview(frame), source=Source.CAPTURE, what=f"frame {number}")
        with picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS)) as sample:
            face.see(picture, sample, last=number == len(frames) - 1)
    return face.landmarks


def _portrait(person: str) -> bytes:
    return resources.files("dongui.demo").joinpath("people", person, "portrait.jpg").read_bytes()


def _turn(person: str) -> list[bytes]:
    folder = resources.files("dongui.demo").joinpath("people", person)
    return [folder.joinpath(f"turn-{number:02d}.jpg").read_bytes() for number in range(15)]


@pytest.mark.parametrize("person", ["04", "12"])
def test_somebody_turning_as_asked_is_live(eyes: tuple[FaceDetector, Landmarker], person: str) -> None:
    """Law: the attacks below fail for what they are, not because everybody fails."""
    assert assess_turn(_look(eyes, _turn(person)), challenge=_LEFT_FIRST).turn_degrees >= 25


def test_somebody_turning_the_other_way_round_is_asked_again(eyes: tuple[FaceDetector, Landmarker]) -> None:
    """Attack: play a recorded turn to a session that asks for the other order."""
    with pytest.raises(Undetermined) as caught:
        assess_turn(_look(eyes, _turn("04")), challenge=Challenge(Side.PICTURE_RIGHT))
    assert caught.value.name == "attack-detection.challenge-not-followed"


@pytest.mark.parametrize("person", ["04", "12"])
def test_flat_print_of_a_portrait_turned_before_the_camera_is_refused(
    eyes: tuple[FaceDetector, Landmarker], person: str
) -> None:
    """Attack: print the document's portrait life-size and turn it as the challenge asks."""
    frames = turned_print(_portrait(person), held=Print(width_mm=_LIFE_SIZE))
    with pytest.raises(Refused) as caught:
        assess_turn(_look(eyes, frames), challenge=_LEFT_FIRST)
    assert caught.value.name == "attack-detection.flat-surface"


@pytest.mark.parametrize("radius", [120.0, 80.0])
def test_bent_print_of_a_portrait_is_not_live(eyes: tuple[FaceDetector, Landmarker], radius: float) -> None:
    """Attack: bend the print around a tube so that its middle stands out."""
    frames = turned_print(_portrait("05"), held=Print(width_mm=_LIFE_SIZE, bend_radius_mm=radius))
    with pytest.raises((Refused, Undetermined)):
        assess_turn(_look(eyes, frames), challenge=_LEFT_FIRST)


def test_print_held_still_before_the_camera_is_undetermined(eyes: tuple[FaceDetector, Landmarker]) -> None:
    """Attack: hold the portrait up and do nothing."""
    with pytest.raises(Undetermined) as caught:
        assess_turn(_look(eyes, still_clip(_portrait("04"))), challenge=_LEFT_FIRST)
    assert caught.value.name == "attack-detection.turn-not-made"
