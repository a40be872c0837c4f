"""Everything that looks at a face, loaded once and shared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dongui.biometrics.alignment import (
    CROP_EYE_DISTANCE_PIXELS,
    CROP_PADDING,
    CROP_SIDE_PIXELS,
    Aligner,
    FivePoints,
)
from dongui.biometrics.cards import ModelCard, card
from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, Box, Detector, FaceDetector
from dongui.biometrics.landmarks import Landmarker, Landmarks
from dongui.biometrics.marks import cut, marks_of
from dongui.biometrics.operating_points import OperatingPoint
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.recognisers import Recogniser
from dongui.biometrics.recognisers.onnx_resnet import OnnxResnet
from dongui.biometrics.recognisers.weights import FIVE_POINTS, locate
from dongui.biometrics.sample import DECODED_SIDE_PIXELS
from dongui.errors import Misuse

__all__ = ["ONE_PERSON_AT_MOST_DONGUI_2026_11", "PIPELINE_VERSION", "Instruments", "pipeline_digest"]

# Raised whenever code or a library between decoder and template changes what comes out: a test holds
# distances between known pictures, and whoever moves them measures the operating point anew.
PIPELINE_VERSION = 1
# The mated bound that ships, used within a clip: its frontal crops lie far closer together than a portrait
# and a probe do.
ONE_PERSON_AT_MOST_DONGUI_2026_11 = 0.42


@dataclass(frozen=True, slots=True)
class Instruments:
    """Detector, aligner, recogniser, landmarker; ``pipeline_digest`` is that of :func:`pipeline_digest`.

    ``cut_by_marks``: the recogniser takes a cut of its own by five marks, not the aligned crop that quality
    is judged on. ``one_person_at_most``: the distance within which two frames of one clip surely show one
    person; ``None`` for a recogniser that nobody has chosen an operating point for.
    """

    detector: Detector
    aligner: Aligner
    recogniser: Recogniser
    landmarker: Landmarker
    pipeline_digest: bytes
    cut_by_marks: bool = False
    one_person_at_most: float | None = ONE_PERSON_AT_MOST_DONGUI_2026_11

    @classmethod
    def load(cls, *, cache: Path, progress: Callable[[str], None]) -> Instruments:
        """Load and check every model; ``progress`` is told each step.

        Takes a quarter of a second; half a second more the first time, when the recogniser is exported into
        ``cache``. Raises ``Trouble`` ``recogniser.*`` and as :meth:`Landmarker.load`.
        """
        progress("Loading the detector.")
        detector = FaceDetector()
        detector.of_this_thread()
        progress("Loading the alignment model.")
        aligner = Aligner(locate(FIVE_POINTS))
        progress("Loading the recogniser.")
        recogniser = OnnxResnet.load(cache=cache, progress=progress)
        progress("Loading the landmarker.")
        return cls(detector, aligner, recogniser, Landmarker.load(), pipeline_digest(recogniser.card))

    def recognised(self, aligned: Pixels, pixels: Pixels, face: Box) -> Pixels:
        """Return what the recogniser takes of a face: ``aligned`` itself, or its cut of ``pixels``.

        By the detector's marks, or the landmarker's where it gives none. The caller overwrites both.
        """
        if not self.cut_by_marks:
            return aligned
        marks = face.marks or marks_of(self.landmarker.locate(pixels, face))
        return cut(pixels, marks)

    def crop(self, pixels: Pixels, points: FivePoints, face: Box, shown: Landmarks) -> Pixels:
        """Return what the recogniser takes of a face whose quality nobody judges."""
        if self.cut_by_marks:
            return cut(pixels, marks_of(shown))
        return self.aligner.crop(pixels, points, face)

    def require_bound(self) -> float:
        """Return ``one_person_at_most``. Raises ``Misuse`` (``operating-point.none-chosen``)."""
        if self.one_person_at_most is None:
            name = self.recogniser.card.name
            raise Misuse("operating-point.none-chosen", f"no operating point was chosen for {name}")
        return self.one_person_at_most

    def at(self, point: OperatingPoint) -> Instruments:
        """Return these instruments for verifying at ``point``: its mated bound holds within a clip too.

        Raises ``Misuse`` (``operating-point.other-pipeline``).
        """
        point.require_pipeline(self.pipeline_digest)
        return replace(self, one_person_at_most=min(point.mated_at_most, self.one_person_at_most or 2.0))


def pipeline_digest(recogniser: ModelCard) -> bytes:
    """Return the SHA-256 of everything a comparison score depends on between two pictures.

    The landmarker is not in it: it decides whether a turn was made, and which frames are looked at, but no
    score between two given pictures hangs on it.
    """
    facts = (
        f"pipeline {PIPELINE_VERSION}",
        f"decoded to {DECODED_SIDE_PIXELS} pixels, eyes {CROP_EYE_DISTANCE_PIXELS} apart",
        f"detector {card('dlib-frontal-detector').weights_sha256} at {DETECTION_SIDES_PIXELS}",
        f"alignment {card(FIVE_POINTS).weights_sha256}",
        f"crop {CROP_SIDE_PIXELS} padded {CROP_PADDING}",
        f"recogniser {recogniser.weights_sha256}",
    )
    return hashlib.sha256("\n".join(facts).encode()).digest()
