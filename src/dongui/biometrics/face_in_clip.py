"""One face through the frames of one short clip of one person, who knows it is being taken.

The detector searches the first frame, every seventh and the last, each over its whole view; between, the box
moves with the landmarks found in the frame before. Nothing is carried from one clip into another, and nothing
is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dongui.biometrics.acquisition import one_face
from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, Box, Detector
from dongui.biometrics.landmarks import Landmarker, Landmarks
from dongui.biometrics.sample import EncodedPicture, Sample

__all__ = ["DETECT_EVERY_FRAMES", "FaceInClip", "Seen"]

DETECT_EVERY_FRAMES = 7
# Where the detector's box and the followed one overlap less, what was followed was not this face.
_MIN_OVERLAP = 0.3
# Once the face is known, the picture is brought to where it is this wide: the second smallest size the
# detector looks for. The smallest, 72 pixels, is left for a face that went back.
_KNOWN_FACE_PIXELS = 87


@dataclass(frozen=True, slots=True)
class Seen:
    """A face in one frame: its box and landmarks in pixels of the frame's sample.

    ``detected``: found by the detector at the ladder's own size, as in a single picture; otherwise it was
    followed from the frame before, or found at a smaller size.
    """

    face: Box
    landmarks: Landmarks
    detected: bool


class FaceInClip:
    """The face of one clip, from frame to frame."""

    def __init__(self, detector: Detector, landmarker: Landmarker) -> None:
        self._detector = detector
        self._landmarker = landmarker
        self._side = 0  # the rung of the ladder the face was found on; 0: not found yet
        self._last: tuple[tuple[int, ...], Seen] | None = None
        self._followed: list[int] = []
        self._offset = (0.0, 0.0)  # from the landmarks' middle to the box's, when it was last detected
        self.landmarks: list[Landmarks | None] = []

    def see(self, picture: EncodedPicture, sample: Sample, *, last: bool) -> Seen | None:
        """Find the face in the clip's next frame; ``None`` where there is none to be found.

        Raises ``Undetermined`` ``capture.several-faces``.
        """
        shape = sample.pixels.shape
        before = self._last[1] if self._last and self._last[0] == shape else None
        seen = self._look(picture, sample, before, last=last)
        self._last = None if seen is None else (shape, seen)
        self.landmarks.append(seen.landmarks if seen else None)
        return seen

    def detect(self, picture: EncodedPicture, sample: Sample) -> Box | None:
        """Try the rung that served before; the whole ladder until one has.

        Raises ``Undetermined`` ``capture.several-faces``.
        """
        for side in (self._side,) if self._side else DETECTION_SIDES_PIXELS:
            face = one_face(self._detector.find(sample.pixels, side=side), picture)
            if face is not None:
                self._side = side
                return face
            if sample.longer_side <= side:
                break
        return None

    def _look(
        self, picture: EncodedPicture, sample: Sample, before: Seen | None, *, last: bool
    ) -> Seen | None:
        number = len(self.landmarks)
        if before is not None and not last and number % DETECT_EVERY_FRAMES:
            self._followed.append(number)
            landmarks = self._landmarker.locate(sample.pixels, face := self._moved(before))
            return Seen(face, landmarks, detected=False)
        found, in_full = self._search(picture, sample, before)
        if found is None or (before is not None and found.overlap(self._moved(before)) < _MIN_OVERLAP):
            self._disown_followed()
        self._followed.clear()
        return None if found is None else self._located(sample, found, detected=in_full)

    def _search(
        self, picture: EncodedPicture, sample: Sample, before: Seen | None
    ) -> tuple[Box | None, bool]:
        """Search the whole view at the size that suits the face as it was; if that finds none, in full.

        Returns the face, and whether it was found in full. At the smaller size another face counts that is
        no more than a sixth narrower than this one; smaller ones count in the first frame, and in the frame
        the template is made of, which are searched in full whatever happens.
        """
        if before is not None:
            side = round(sample.longer_side * _KNOWN_FACE_PIXELS / before.face.width)
            if side < self._side:
                face = one_face(self._detector.find(sample.pixels, side=side), picture)
                if face is not None:
                    return face, False
        return self.detect(picture, sample), True

    def _located(self, sample: Sample, face: Box, *, detected: bool) -> Seen:
        landmarks = self._landmarker.locate(sample.pixels, face)
        (x, y), (middle_x, middle_y) = face.centre, _middle(landmarks)
        self._offset = (x - middle_x, y - middle_y)
        return Seen(face, landmarks, detected)

    def _moved(self, before: Seen) -> Box:
        """The box where the landmarks were last, lying around them as it did when it was detected."""
        middle_x, middle_y = _middle(before.landmarks)
        left = round(middle_x + self._offset[0] - before.face.width / 2)
        top = round(middle_y + self._offset[1] - before.face.height / 2)
        return Box(left, top, left + before.face.width, top + before.face.height)

    def _disown_followed(self) -> None:
        """Forget the landmarks of frames that were only followed: the detector does not confirm them."""
        for number in self._followed:
            self.landmarks[number] = None


def _middle(landmarks: Landmarks) -> tuple[float, float]:
    x, y = np.add.reduce(landmarks.points).tolist()
    return x / len(landmarks.points), y / len(landmarks.points)
