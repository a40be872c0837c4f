"""From a recogniser's name, or from operating points, to the instruments around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from dongui.biometrics.alignment import Aligner
from dongui.biometrics.cards import card
from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, Detector, FaceDetector
from dongui.biometrics.detection_yunet import (
    NMS_OVERLAP_OPENCV_4_10,
    SCORE_OPENCV_4_10,
    YuNet,
)
from dongui.biometrics.instruments import PIPELINE_VERSION, Instruments
from dongui.biometrics.landmarks import LANDMARKER, Landmarker
from dongui.biometrics.marks import CUT_SIDE_PIXELS, MARKS_OF_THE_CUT_INSIGHTFACE_2018
from dongui.biometrics.operating_points import OperatingPoint
from dongui.biometrics.recognisers.arcface_onnx import ArcFaceOnnx
from dongui.biometrics.recognisers.brought import DLIB_DETECTOR, BroughtCard
from dongui.biometrics.recognisers.model_folder import ModelFolder
from dongui.biometrics.recognisers.onnx_model import OnnxModel
from dongui.biometrics.recognisers.published import SFACE, YUNET
from dongui.biometrics.recognisers.sface import sface
from dongui.biometrics.recognisers.weights import FIVE_POINTS, RESNET, locate
from dongui.biometrics.sample import DECODED_SIDE_PIXELS
from dongui.errors import Misuse, Trouble

__all__ = [
    "around",
    "load_brought",
    "load_for_points",
    "load_instruments",
    "marked_pipeline_digest",
    "recogniser_names",
]

# Raised whenever code between decoder and template changes what comes out of a cut by marks.
CUT_VERSION = 1

Told = Callable[[str], None]


def recogniser_names(cache: Path) -> tuple[str, ...]:
    """Return what can be loaded, once its file is there: what ships, is published, or was brought."""
    return tuple(sorted({RESNET, SFACE, *ModelFolder(cache).brought()}))


def load_instruments(name: str, *, cache: Path, progress: Told) -> Instruments:
    """Load the pipeline around one recogniser; :meth:`Instruments.at` makes it fit to verify with.

    Raises ``Misuse``: ``recogniser.unknown``, ``recogniser.model-unfit``, ``recogniser.card-malformed``;
    ``Trouble``: ``recogniser.not-fetched``, ``recogniser.weights-*``.
    """
    if name == RESNET:
        return Instruments.load(cache=cache, progress=progress)
    folder = ModelFolder(cache)
    brought = folder.brought()
    if name == SFACE:
        progress("Loading the recogniser.")
        recogniser = sface(OnnxModel(folder.published(SFACE), pinned=True))
        return around(recogniser, YUNET, _detector(YUNET, folder, progress), progress=progress)
    if name in brought:
        one = brought[name]
        progress("Loading the recogniser.")
        recogniser = load_brought(folder.read(name, one.file_bytes), one)
        return around(recogniser, one.detector, _detector(one.detector, folder, progress), progress=progress)
    folder.card(name)
    known = ", ".join(recogniser_names(cache))
    raise Misuse("recogniser.unknown", f"{name} is no recogniser; there are: {known}")


def load_brought(data: bytes, brought: BroughtCard) -> ArcFaceOnnx:
    """Return the recogniser if ``data`` is what the card names and takes what the card says.

    Raises ``Trouble`` (``recogniser.weights-altered``); ``Misuse`` (``recogniser.model-unfit``).
    """
    found = hashlib.sha256(data).hexdigest()
    if len(data) != brought.file_bytes or found != brought.card.weights_sha256:
        raise Trouble(
            "recogniser.weights-altered",
            f"the file of {brought.card.name} has {len(data)} bytes and the SHA-256 {found[:16]}; its card "
            f"says {brought.file_bytes} and {brought.card.weights_sha256[:16]}",
        )
    return ArcFaceOnnx(OnnxModel(data), card=brought.card, form=brought.form)


def load_for_points(points: Sequence[OperatingPoint], *, cache: Path, progress: Told) -> Instruments:
    """Load the pipeline that ``points`` were measured with; the one that ships where there are none.

    Raises as :func:`load_instruments`, and ``Misuse`` (``operating-point.other-pipeline``) for a point that
    was measured with other instruments, and for points of several recognisers: one process runs one.
    """
    names = sorted({point.recogniser for point in points}) or [RESNET]
    if len(names) > 1:
        detail = f"these points were measured with several recognisers: {', '.join(names)}"
        raise Misuse("operating-point.other-pipeline", detail)
    instruments = load_instruments(names[0], cache=cache, progress=progress)
    for point in points:
        point.require_pipeline(instruments.pipeline_digest)
        # Nobody chose a bound for a recogniser that does not ship; that of its points holds within a clip.
        if names != [RESNET]:
            instruments = instruments.at(point)
    return instruments


def around(recogniser: ArcFaceOnnx, detector: str, finder: Detector, *, progress: Told) -> Instruments:
    """Put aligner and landmarker around a recogniser that takes a cut by five marks.

    ``detector`` is the name of ``finder``'s card. Nobody has chosen bounds for what is returned.
    """
    progress("Loading the alignment model.")
    aligner = Aligner(locate(FIVE_POINTS))
    progress("Loading the landmarker.")
    digest = marked_pipeline_digest(recogniser, detector)
    return Instruments(
        finder,
        aligner,
        recogniser,
        Landmarker.load(),
        digest,
        cut_by_marks=True,
        one_person_at_most=None,
    )


def marked_pipeline_digest(recogniser: ArcFaceOnnx, detector: str) -> bytes:
    """Return the SHA-256 of everything a score depends on; the landmarker's points may be the marks."""
    facts = (
        f"pipeline {PIPELINE_VERSION}, cut {CUT_VERSION}",
        f"decoded to {DECODED_SIDE_PIXELS} pixels",
        f"detector {card(detector).weights_sha256} at {DETECTION_SIDES_PIXELS}",
        f"score {SCORE_OPENCV_4_10}, overlap {NMS_OVERLAP_OPENCV_4_10}" if detector == YUNET else "as it is",
        f"alignment {card(FIVE_POINTS).weights_sha256}",
        f"landmarker {card(LANDMARKER).weights_sha256}",
        f"cut {CUT_SIDE_PIXELS} by {MARKS_OF_THE_CUT_INSIGHTFACE_2018}",
        recogniser.form.describe(),
        f"recogniser {recogniser.card.weights_sha256}",
    )
    return hashlib.sha256("\n".join(facts).encode()).digest()


def _detector(name: str, folder: ModelFolder, progress: Told) -> Detector:
    progress("Loading the detector.")
    if name == DLIB_DETECTOR:
        detector = FaceDetector()
        detector.of_this_thread()
        return detector
    return YuNet(OnnxModel(folder.published(YUNET), pinned=True))
