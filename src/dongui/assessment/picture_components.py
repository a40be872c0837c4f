"""The components of ISO/IEC 29794-5 as the quality that error is told against."""

from __future__ import annotations

import math

from dongui.assessment.acquisition import Acquired
from dongui.assessment.error_discard import ErrorDiscard, PictureQuality, error_discard
from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.landmarks import Landmarker
from dongui.biometrics.quality.iso_29794_5.measuring import COMPONENTS, measure_picture
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Undetermined

__all__ = ["discarded_by_component", "quality_by_component"]


def quality_by_component(landmarker: Landmarker) -> PictureQuality:
    """Return what measures a picture by every component, before the scalar is rounded: fewer ties.

    With a detector of its own: a picture's quality must not depend on the recogniser it is assessed for.
    """
    detector = FaceDetector()

    def quality(view: memoryview) -> tuple[float, ...]:
        try:
            picture = EncodedPicture.open(view, source=Source.PORTRAIT, what="the picture")
            found = measure_picture(picture, detector=detector, landmarker=landmarker)
        except Undetermined:
            return (math.nan,) * len(COMPONENTS)
        return tuple(math.nan if one.quality is None else one.quality for one in found)

    return quality


def discarded_by_component(acquired: Acquired, *, mated_at_most: float) -> ErrorDiscard | None:
    """Return a curve for each component; ``None`` where quality was not measured.

    The templates must still be there.
    """
    if acquired.quality is None:
        return None
    names = [component.name for component in COMPONENTS]
    return error_discard(acquired, acquired.quality, names, mated_at_most=mated_at_most)
