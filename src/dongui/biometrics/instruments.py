"""Everything that looks at a face, loaded once and shared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dongui.biometrics.alignment import CROP_EYE_DISTANCE_PIXELS, CROP_PADDING, CROP_SIDE_PIXELS, Aligner
from dongui.biometrics.cards import ModelCard, card
from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, FaceDetector
from dongui.biometrics.landmarks import Landmarker
from dongui.biometrics.recognisers import Recogniser
from dongui.biometrics.recognisers.onnx_resnet import OnnxResnet
from dongui.biometrics.recognisers.weights import FIVE_POINTS, locate
from dongui.biometrics.sample import DECODED_SIDE_PIXELS

__all__ = ["PIPELINE_VERSION", "Instruments", "pipeline_digest"]

# Raised whenever code between decoder and template changes what comes out.
PIPELINE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Instruments:
    """Detector, aligner, recogniser, landmarker; ``pipeline_digest`` is that of :func:`pipeline_digest`."""

    detector: FaceDetector
    aligner: Aligner
    recogniser: Recogniser
    landmarker: Landmarker
    pipeline_digest: bytes

    @classmethod
    def load(cls, *, cache: Path, progress: Callable[[str], None]) -> Instruments:
        """Load and check every model; ``progress`` is told each step.

        Takes about a second; half a second more the first time, when the recogniser is exported into
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
