"""One face through a clip: what a search at the known face's size must not miss."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from PIL import Image

from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.face_in_clip import FaceInClip
from dongui.biometrics.landmarks import Landmarker, Landmarks
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Source
from dongui.demo.cast import recording, turn
from dongui.errors import Undetermined

Eyes = tuple[FaceDetector, Landmarker]


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    return FaceDetector(), Landmarker.load()


def look(eyes: Eyes, frames: Sequence[bytes]) -> list[Landmarks | None]:
    face = FaceInClip(*eyes)
    for number, frame in enumerate(frames):
        picture = EncodedPicture.open(memoryview(frame), source=Source.CAPTURE, what=f"frame {number}")
        with picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS)) as sample:
            face.see(picture, sample, last=number == len(frames) - 1)
    return face.landmarks


def scene(*people: tuple[str, int, float]) -> bytes:
    """Frontal heads in one view of 480 x 480: each with its middle's way from the left, and its scale."""
    view = Image.new("RGB", (480, 480), "grey")
    for person, middle, scale in people:
        head = Image.open(io.BytesIO(turn(person)[0])).crop((90, 0, 390, 480))
        head = head.resize((round(300 * scale), round(480 * scale)))
        view.paste(head, (middle - head.width // 2, 240 - head.height // 2))
    stream = io.BytesIO()
    view.save(stream, "JPEG", quality=92)
    return stream.getvalue()


@pytest.mark.parametrize("frame", [7, 14])
def test_somebody_who_comes_to_stand_beside_is_noticed(frame: int, eyes: Eyes) -> None:
    """A second face as large as the first ends the clip, also where the first is known already."""
    alone, beside = scene(("04", 120, 0.8)), scene(("04", 120, 0.8), ("05", 360, 0.8))
    frames = [alone] * 15
    assert all(look(eyes, frames))
    frames[frame] = beside
    with pytest.raises(Undetermined) as caught:
        look(eyes, frames)
    assert caught.value.name == "capture.several-faces"


def test_somebody_who_stepped_back_is_found_again(eyes: Eyes) -> None:
    """A face too small for the search at its former size is searched in full: its frames stay its own."""
    near, far = scene(("04", 240, 1.0)), scene(("04", 240, 0.6))
    assert all(look(eyes, [near] * 7 + [far]))


@pytest.mark.parametrize("person", ["04", "05", "09", "12"])
def test_a_head_that_moves_quickly_keeps_its_frames(person: str, eyes: Eyes) -> None:
    """The detector is held against where the face was a frame ago, not two: fifteen frames, a quarter of the
    face's width from one to the next, and none is disowned, from either side.
    """
    for take in (1, 2):
        film = recording(turn(person), take=take)
        assert all(look(eyes, film))
        assert all(look(eyes, film[::-1]))
