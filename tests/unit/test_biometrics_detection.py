"""One detector a thread; one face or none; never a whole picture as a face."""

from __future__ import annotations

import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor

import dlib
import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.acquisition import Acquired, acquire
from dongui.biometrics.alignment import Aligner
from dongui.biometrics.cards import card
from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.recognisers.weights import FIVE_POINTS, locate
from dongui.biometrics.sample import EncodedPicture, Sample, Source
from dongui.errors import Undetermined
from simulators.biometric_data import person, view

PEOPLE = ("04", "05", "09", "12")


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(locate(FIVE_POINTS))


def pixels_of(number: str, picture: str = "portrait") -> Pixels:
    return (
        EncodedPicture.open(view(person(number, picture)), source=Source.CAPTURE, what="it")
        .decode(reduction=1)
        .pixels
    )


def jpeg(pixels: Pixels) -> memoryview:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92)
    return memoryview(stream.getvalue())


def taken(pixels: Pixels, detector: FaceDetector, aligner: Aligner) -> Acquired:
    picture = EncodedPicture.open(jpeg(pixels), source=Source.CAPTURE, what="frame 1")
    return acquire(picture, detector=detector, aligner=aligner)


def test_the_detector_carried_is_the_one_in_dlib(detector: FaceDetector) -> None:
    """The serialised detector of the package is, byte for byte, what the installed dlib would unpack."""
    (carried,) = detector.of_this_thread().__getstate__()
    assert (carried,) == dlib.get_frontal_face_detector().__getstate__()
    assert hashlib.sha256(carried).hexdigest() == card("dlib-frontal-detector").weights_sha256


def test_each_thread_has_its_own_detector(detector: FaceDetector) -> None:
    """A detector shared between threads returns another thread's boxes without failing; so none is shared."""
    barrier = threading.Barrier(4)

    def own(_: int) -> object:
        barrier.wait()
        assert detector.of_this_thread() is detector.of_this_thread()
        return detector.of_this_thread()

    with ThreadPoolExecutor(4) as pool:
        detectors = list(pool.map(own, range(4)))
    assert len({id(found) for found in detectors} | {id(detector.of_this_thread())}) == 5


def test_threads_find_what_one_thread_finds(detector: FaceDetector) -> None:
    """Four threads at once give the same boxes as one after another."""
    pictures = [pixels_of(number, f"turn-{frame:02}") for number in PEOPLE[:3] for frame in (0, 3, 9)]
    alone = [detector.find(pixels, side=270) for pixels in pictures]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            assert list(pool.map(lambda pixels: detector.find(pixels, side=270), pictures)) == alone


def test_no_face_is_no_face(detector: FaceDetector, aligner: Aligner) -> None:
    """A picture without a face is undetermined; the whole picture is not taken for one."""
    noise = np.random.default_rng(7).integers(90, 160, (480, 480, 3), dtype=np.uint8)
    with pytest.raises(Undetermined) as caught:
        taken(noise, detector, aligner)
    assert caught.value.name == "capture.no-face"


@pytest.mark.parametrize("scale", [1, 2])
def test_two_faces_are_undetermined(detector: FaceDetector, aligner: Aligner, scale: int) -> None:
    """Two people in view are never reduced to one of them, near or further away."""
    both = np.hstack([pixels_of("04"), pixels_of("05")])
    canvas = np.full((both.shape[0] * scale, both.shape[1] * scale, 3), 128, np.uint8)
    canvas[: both.shape[0], : both.shape[1]] = both
    with pytest.raises(Undetermined) as caught:
        taken(canvas, detector, aligner)
    assert caught.value.name == "capture.several-faces"


def test_a_small_face_is_found_further_up_the_ladder(detector: FaceDetector, aligner: Aligner) -> None:
    """A face an eighth of the picture wide is found, and its crop is cut from pixels fine enough for it."""
    face = pixels_of("04")
    canvas = np.full((2_400, 2_400, 3), 128, np.uint8)
    canvas[900:1500, 900:1500] = face
    with taken(canvas, detector, aligner) as acquired:
        alone = taken(face, detector, aligner)
        assert acquired.inter_eye_distance == pytest.approx(alone.inter_eye_distance, rel=0.05)
        assert acquired.points.inter_eye_distance >= 54


def test_a_small_portrait_is_found(detector: FaceDetector, aligner: Aligner) -> None:
    """A portrait of 160 pixels, as documents hold, is enlarged for the detector and measured as it is."""
    small = np.ascontiguousarray(pixels_of("04")[::4, ::4])
    with taken(small, detector, aligner) as acquired:
        assert acquired.inter_eye_distance < 40


def test_an_acquisition_that_fails_leaves_no_pixels(
    detector: FaceDetector, aligner: Aligner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong after decoding, every decoded sample is overwritten."""
    decoded: list[Sample] = []
    original = EncodedPicture.decode

    def remembering(self: EncodedPicture, *, reduction: int) -> Sample:
        sample = original(self, reduction=reduction)
        decoded.append(sample)
        return sample

    monkeypatch.setattr(EncodedPicture, "decode", remembering)
    both = np.hstack([pixels_of("04"), pixels_of("05")])
    decoded.clear()
    with pytest.raises(Undetermined):
        taken(both, detector, aligner)
    assert decoded
    assert not any(sample.pixels.any() for sample in decoded)
