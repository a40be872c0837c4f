"""Where the face is: boxes, and the detector that finds them.

The detector is dlib's frontal one (histograms of oriented gradients, five views). It is told apart from what
it is not: when it finds nothing, nothing was found. A whole picture never becomes "a face".
"""

from __future__ import annotations

import copy
import hashlib
import threading
from dataclasses import dataclass, field
from importlib import resources
from typing import Protocol

import dlib
import numpy as np

from dongui.biometrics.cards import require_digest
from dongui.biometrics.pixels import Pixels

__all__ = ["DETECTION_SIDES_PIXELS", "Box", "Detector", "FaceDetector"]

# The longer side the picture is brought to before detection, tried in this order until a face is found. The
# detector's window is 80 pixels, so the rungs find faces of at least 30%, 15% and 7.5% of the longer side.
DETECTION_SIDES_PIXELS = (270, 540, 1080)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels, half-open: columns ``left <= x < right``, rows ``top <= y < bottom``.

    In pixels of the array it was found in, which it may overhang: a face cut by the picture's edge has a
    negative ``left`` or ``top``. Never empty: ``ValueError`` if a side is not positive.
    ``marks`` are the face's five marks (:mod:`dongui.biometrics.marks`) where the detector finds them too.
    """

    left: int
    top: int
    right: int
    bottom: int
    marks: tuple[tuple[float, float], ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.right <= self.left or self.bottom <= self.top:
            raise ValueError(f"a box of {self.width} x {self.height} pixels holds nothing")

    @property
    def width(self) -> int:
        """Pixels from left to right, at least 1."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels from top to bottom, at least 1."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle as ``(x, y)``, in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def enlarged(self, factor: int) -> Box:
        """Return the box as it lies in a picture decoded ``factor`` times as large."""
        marks = self.marks and tuple(
            ((x + 0.5) * factor - 0.5, (y + 0.5) * factor - 0.5) for x, y in self.marks
        )
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor, marks)

    def overlap(self, other: Box) -> float:
        """Return the intersection over the union of both areas, 0.0 (apart) to 1.0 (equal)."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.width * self.height + other.width * other.height - shared)


class Detector(Protocol):
    """What finds faces."""

    def find(self, pixels: Pixels, *, side: int) -> tuple[Box, ...]:
        """Return every face found with the longer side brought to ``side`` pixels, in pixels of ``pixels``.

        Boxes reach from the brows to the chin, as the landmarker was trained to expect them.
        """


class FaceDetector:
    """dlib's frontal face detector, one for each thread that asks.

    dlib's object keeps its image pyramid inside itself. Shared between threads it does not fail: it returns
    boxes of another thread's picture. So each thread gets, on first use, a copy of its own (1 ms) of a
    prototype that is never run.
    """

    def __init__(self) -> None:
        """Load dlib's detector as dlib serialises it, checked against its card.

        The copy inside dlib is packed, and unpacking it takes 0.7 s; this one takes 2 ms.
        Raises ``Trouble`` ``recogniser.weights-altered``.
        """
        state = (resources.files("dongui.biometrics") / "models" / "frontal-detector.dlib").read_bytes()
        require_digest("dlib-frontal-detector", hashlib.sha256(state).hexdigest())
        self._prototype = dlib.fhog_object_detector.__new__(dlib.fhog_object_detector)
        self._prototype.__setstate__((state,))
        self._own = threading.local()

    def find(self, pixels: Pixels, *, side: int) -> tuple[Box, ...]:
        """Return every face found with the longer side brought to ``side`` pixels, in pixels of ``pixels``.

        ``pixels`` is rows x columns x 3, 0 to 255. Colour is kept: on dark skin the detector's margin was
        seen to be a third smaller without it.
        """
        rows, columns = pixels.shape[:2]
        factor = side / max(rows, columns)
        small = np.asarray(
            dlib.resize_image(pixels, max(1, round(rows * factor)), max(1, round(columns * factor)))
        )
        try:
            found = self.of_this_thread()(small)
        finally:
            small.fill(0)
        return tuple(_scaled(rectangle, 1 / factor) for rectangle in found)

    def of_this_thread(self) -> dlib.fhog_object_detector:
        """Return the calling thread's detector, never another's."""
        detector = getattr(self._own, "detector", None)
        if detector is None:
            detector = self._own.detector = copy.deepcopy(self._prototype)
        return detector


def _scaled(rectangle: dlib.rectangle, factor: float) -> Box:
    """dlib's rectangles include their last row and column; a :class:`Box` does not."""
    return Box(
        round(rectangle.left() * factor),
        round(rectangle.top() * factor),
        round((rectangle.right() + 1) * factor),
        round((rectangle.bottom() + 1) * factor),
    )
