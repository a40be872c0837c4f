"""Every component of one picture, in the standard's order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, Box, FaceDetector
from dongui.biometrics.landmarks import Landmarker
from dongui.biometrics.quality.iso_29794_5.component import Component
from dongui.biometrics.quality.iso_29794_5.dynamic_range import DYNAMIC_RANGE
from dongui.biometrics.quality.iso_29794_5.eyes_open import EYES_OPEN
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView, view_face
from dongui.biometrics.quality.iso_29794_5.head_pose import PITCH, ROLL, YAW
from dongui.biometrics.quality.iso_29794_5.head_size import HEAD_SIZE
from dongui.biometrics.quality.iso_29794_5.illumination_uniformity import ILLUMINATION_UNIFORMITY
from dongui.biometrics.quality.iso_29794_5.inter_eye_distance import INTER_EYE_DISTANCE
from dongui.biometrics.quality.iso_29794_5.leftward_crop import LEFTWARD_CROP
from dongui.biometrics.quality.iso_29794_5.luminance_mean import LUMINANCE_MEAN
from dongui.biometrics.quality.iso_29794_5.luminance_variance import LUMINANCE_VARIANCE
from dongui.biometrics.quality.iso_29794_5.margin_above import MARGIN_ABOVE
from dongui.biometrics.quality.iso_29794_5.margin_below import MARGIN_BELOW
from dongui.biometrics.quality.iso_29794_5.natural_colour import NATURAL_COLOUR
from dongui.biometrics.quality.iso_29794_5.over_exposure_prevention import OVER_EXPOSURE_PREVENTION
from dongui.biometrics.quality.iso_29794_5.rightward_crop import RIGHTWARD_CROP
from dongui.biometrics.quality.iso_29794_5.single_face_present import SINGLE_FACE_PRESENT
from dongui.biometrics.quality.iso_29794_5.under_exposure_prevention import UNDER_EXPOSURE_PREVENTION
from dongui.biometrics.sample import EncodedPicture, Sample

__all__ = ["COMPONENTS", "MeasuredComponent", "measure_picture", "measure_view"]

COMPONENTS: Final[tuple[Component, ...]] = (
    ILLUMINATION_UNIFORMITY,
    LUMINANCE_MEAN,
    LUMINANCE_VARIANCE,
    UNDER_EXPOSURE_PREVENTION,
    OVER_EXPOSURE_PREVENTION,
    DYNAMIC_RANGE,
    NATURAL_COLOUR,
    SINGLE_FACE_PRESENT,
    EYES_OPEN,
    INTER_EYE_DISTANCE,
    HEAD_SIZE,
    LEFTWARD_CROP,
    RIGHTWARD_CROP,
    MARGIN_ABOVE,
    MARGIN_BELOW,
    YAW,
    PITCH,
    ROLL,
)
# The components look at a picture of 616 pixels, in which a head takes two thirds.
_MEASURED_SIDE_PIXELS = 1080


@dataclass(frozen=True, slots=True)
class MeasuredComponent:
    """A component and what was found; ``native`` is ``None`` where the points leave nothing to measure."""

    component: Component
    native: float | None

    @classmethod
    def of(cls, component: Component, native: float) -> MeasuredComponent:
        """Take NaN and infinities for nothing."""
        return cls(component, native if math.isfinite(native) else None)

    @property
    def scalar(self) -> int | None:
        """Quality from 0 (worst) to 100 (best), ``None`` where nothing was measured."""
        return None if self.native is None else self.component.scalar(self.native)

    @property
    def quality(self) -> float | None:
        """The scalar before it was rounded."""
        return None if self.native is None else self.component.quality(self.native)


def measure_view(view: FaceView) -> tuple[MeasuredComponent, ...]:
    """Return every component of :data:`COMPONENTS`, in that order."""
    return tuple(MeasuredComponent.of(one, one.native(view)) for one in COMPONENTS)


def measure_picture(
    picture: EncodedPicture, *, detector: FaceDetector, landmarker: Landmarker
) -> tuple[MeasuredComponent, ...]:
    """Decode a picture, measure its largest face, and overwrite what was decoded.

    Several faces are no failure here: *single face present* tells of them. Raises ``Undetermined``
    ``<source>.no-face``, and as :meth:`EncodedPicture.decode`.
    """
    reduction = picture.reduction_for(_MEASURED_SIDE_PIXELS)
    with picture.decode(reduction=reduction) as sample:
        boxes = _largest_first(detector, sample)
        if not boxes:
            raise picture.source.faces(0, picture.what)
        landmarks = landmarker.locate(sample.pixels, boxes[0])
        areas = tuple(float(box.width * box.height) for box in boxes)
        with view_face(sample.pixels, landmarks, reduction=reduction, areas=areas) as view:
            return measure_view(view)


def _largest_first(detector: FaceDetector, sample: Sample) -> list[Box]:
    """Every face found; those half as large as the smallest a scale can show are looked for as well."""
    found: tuple[Box, ...] = ()
    for side in DETECTION_SIDES_PIXELS:
        finer = detector.find(sample.pixels, side=side)
        enough = bool(found)
        found = max(found, finer, key=len)
        if enough or sample.longer_side <= side:
            break
    return sorted(found, key=lambda box: box.width * box.height, reverse=True)
