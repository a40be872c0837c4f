"""From a box to the recogniser's crop: five points, then 150 x 150 pixels with the eyes where they belong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import dlib
import numpy as np

from dongui.biometrics.detection import Box
from dongui.biometrics.pixels import Pixels

__all__ = ["CROP_EYE_DISTANCE_PIXELS", "CROP_PADDING", "CROP_SIDE_PIXELS", "Aligner", "FivePoints"]

CROP_SIDE_PIXELS = 150
CROP_PADDING = 0.25
# The distance between the eyes inside that crop. A picture with fewer pixels between the eyes is enlarged,
# and so blurred, on its way into the recogniser.
CROP_EYE_DISTANCE_PIXELS = 54


@dataclass(frozen=True, slots=True)
class FivePoints:
    """Both corners of both eyes and the point under the nose, ``(x, y)`` in pixels.

    Left and right are the person's own: ``right_*`` stands on the picture's left.
    """

    left_outer: tuple[float, float]
    left_inner: tuple[float, float]
    right_outer: tuple[float, float]
    right_inner: tuple[float, float]
    under_nose: tuple[float, float]

    @property
    def left_eye(self) -> tuple[float, float]:
        """The middle of the person's left eye, from its corners."""
        return _middle(self.left_outer, self.left_inner)

    @property
    def right_eye(self) -> tuple[float, float]:
        """The middle of the person's right eye, from its corners."""
        return _middle(self.right_outer, self.right_inner)

    @property
    def inter_eye_distance(self) -> float:
        """Pixels between the middles of the eyes."""
        return math.dist(self.left_eye, self.right_eye)


class Aligner:
    """dlib's five-point shape predictor. It keeps nothing between calls and may be shared by threads."""

    def __init__(self, weights: Path) -> None:
        """``weights``: the checked file of :func:`dongui.biometrics.recognisers.weights.locate`."""
        self._predictor = dlib.shape_predictor(str(weights))

    def points(self, pixels: Pixels, face: Box) -> FivePoints:
        """Return the five points of the face in ``face``, in pixels of ``pixels``."""
        shape = self._predictor(pixels, _rectangle(face))
        return FivePoints(*((float(part.x), float(part.y)) for part in shape.parts()))

    def crop(self, pixels: Pixels, points: FivePoints, face: Box) -> Pixels:
        """Return 150 x 150 x 3 pixels: turned, scaled and padded by a quarter, as the recogniser was trained.

        The caller owns the crop and overwrites it.
        """
        parts = dlib.points(
            [
                dlib.point(round(x), round(y))
                for x, y in (
                    points.left_outer,
                    points.left_inner,
                    points.right_outer,
                    points.right_inner,
                    points.under_nose,
                )
            ]
        )
        shape = dlib.full_object_detection(_rectangle(face), parts)
        return np.asarray(
            dlib.get_face_chip(pixels, shape, size=CROP_SIDE_PIXELS, padding=CROP_PADDING), dtype=np.uint8
        )


def _middle(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _rectangle(box: Box) -> dlib.rectangle:
    return dlib.rectangle(box.left, box.top, box.right - 1, box.bottom - 1)
