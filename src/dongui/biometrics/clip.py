"""What is kept of a clip while it is read: all landmarks, and the most frontal frame of each half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dongui.biometrics.acquisition import fine_enough
from dongui.biometrics.alignment import FivePoints
from dongui.biometrics.face_in_clip import FaceInClip, Seen
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.landmarks import POINT_NAMES, Landmarks
from dongui.biometrics.pixels import Pixels, wipe_arrays
from dongui.biometrics.quality import Measure
from dongui.biometrics.quality.gate import measure
from dongui.biometrics.quality.pose import yaw
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Sample
from dongui.errors import Undetermined

__all__ = ["Clip", "View", "five_points"]

# A frame in which the face was only followed counts as this much further turned: it would have to be searched
# by the detector once more, for a difference that is mostly noise of the landmarks.
_FOLLOWED_COUNTS_DEGREES = 8.0

_FIVE = np.array(
    [
        POINT_NAMES.index(name)
        for name in ("left-eye-outer", "left-eye-inner", "right-eye-outer", "right-eye-inner", "subnasale")
    ]
)


@dataclass(frozen=True, slots=True)
class View:
    """The aligned crop of a frame, and what the recogniser is given of it: mostly the same pixels.

    ``turned``: degrees to either side, by the frame's landmarks.
    """

    what: str
    crop: Pixels = field(repr=False)
    recognised: Pixels = field(repr=False)
    points: FivePoints = field(repr=False)
    inter_eye_pixels: float
    turned: float

    def measures(self) -> tuple[Measure, ...]:
        """Return the quality measures of the crop."""
        return measure(self.crop, self.points, inter_eye_pixels=self.inter_eye_pixels)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """A frame that may yet be the most frontal of its half."""

    picture: EncodedPicture
    sample: Sample
    seen: Seen
    turned: float

    @property
    def cost(self) -> float:
        """Degrees from the front, and from having been detected."""
        return self.turned + (0.0 if self.seen.detected else _FOLLOWED_COUNTS_DEGREES)


class Clip:
    """Frames of one head turn, each looked at once and overwritten. A context manager that wipes."""

    def __init__(self, instruments: Instruments, *, frames: int) -> None:
        """``frames``: how many there will be."""
        self._instruments = instruments
        self._face = FaceInClip(instruments.detector, instruments.landmarker)
        self._frames = frames
        self._best: list[_Frame | None] = [None, None]
        self._crops: list[Pixels] = []

    @property
    def landmarks(self) -> Sequence[Landmarks | None]:
        """One entry for each frame so far, ``None`` where no face was found."""
        return self._face.landmarks

    def add(self, picture: EncodedPicture) -> None:
        """Look at the next frame.

        Raises ``Misuse`` ``capture.*`` where it cannot be decoded, ``Undetermined``
        ``capture.several-faces``.
        """
        number = len(self.landmarks)
        sample = picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS))
        try:
            seen = self._face.see(picture, sample, last=number == self._frames - 1)
            if seen is not None:
                turned = abs(yaw(five_points(seen.landmarks)).value)
                self._offer(_Frame(picture, sample, seen, turned), self._halves(number))
        finally:
            if not self._keeps(sample):
                sample.wipe()

    def best(self) -> View:
        """Return the most frontal view of the clip; each half must have shown the face.

        Raises ``Undetermined`` ``capture.no-face``, ``capture.never-frontal`` and
        ``capture.several-faces``.
        """
        if all(entry is None for entry in self.landmarks):
            raise Undetermined("capture.no-face", f"no face was found in {len(self.landmarks)} frames")
        first, second = self._best
        if first is None or second is None:
            raise Undetermined("capture.never-frontal", "one half of the clip shows no face from the front")
        return self._view(min(first, second, key=lambda frame: frame.cost))

    def wipe(self) -> None:
        """Overwrite everything kept. Safe to call twice."""
        wipe_arrays(self._crops)
        for frame in self._best:
            if frame is not None:
                frame.sample.wipe()

    def __enter__(self) -> Clip:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def _halves(self, number: int) -> list[int]:
        """0, 1, or both: the middle frame of an odd number lies in both halves, and so does the only one."""
        inside = (2 * number <= self._frames - 1, 2 * number >= self._frames - 1)
        return [half for half, holds in enumerate(inside) if holds]

    def _offer(self, frame: _Frame, halves: Sequence[int]) -> None:
        for half in halves:
            best = self._best[half]
            if best is None or frame.cost < best.cost:
                self._best[half] = frame
                if best is not None and not self._keeps(best.sample):
                    best.sample.wipe()

    def _keeps(self, sample: Sample) -> bool:
        return any(frame is not None and frame.sample is sample for frame in self._best)

    def _view(self, frame: _Frame) -> View:
        """Cut the crop; a face that was only followed into its frame has to be detected there first."""
        face = frame.seen.face if frame.seen.detected else self._face.detect(frame.picture, frame.sample)
        if face is None:
            raise Undetermined("capture.never-frontal", f"no face was detected in {frame.picture.what}")
        instruments = self._instruments
        with fine_enough(frame.picture, frame.sample, face, instruments.aligner) as acquired:
            pixels, points = acquired.sample.pixels, acquired.points
            crop = instruments.aligner.crop(pixels, points, acquired.face)
            self._crops.append(crop)
            recognised = instruments.recognised(crop, pixels, acquired.face)
            self._crops.append(recognised)
            return View(
                frame.picture.what, crop, recognised, points, acquired.inter_eye_distance, frame.turned
            )


def five_points(landmarks: Landmarks) -> FivePoints:
    """Return the points the aligner works with, taken from the landmarks."""
    return FivePoints(*((x, y) for x, y in landmarks.points.take(_FIVE, axis=0).tolist()))
