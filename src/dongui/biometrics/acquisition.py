"""From an encoded picture to one face in it, at a scale that serves the recogniser."""

from __future__ import annotations

from dataclasses import dataclass

from dongui.biometrics.alignment import CROP_EYE_DISTANCE_PIXELS, Aligner, FivePoints
from dongui.biometrics.detection import DETECTION_SIDES_PIXELS, Box, Detector
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Sample
from dongui.undoing import on_failure

__all__ = ["Acquired", "acquire", "fine_enough", "one_face"]


@dataclass(slots=True)
class Acquired:
    """One face: its sample, its box and its five points, both in pixels of the sample.

    A context manager that overwrites the sample.
    """

    sample: Sample
    face: Box
    points: FivePoints

    @property
    def inter_eye_distance(self) -> float:
        """Stored pixels between the middles of the eyes."""
        return self.points.inter_eye_distance * self.sample.reduction

    def wipe(self) -> None:
        """Overwrite the sample. Safe to call twice."""
        self.sample.wipe()

    def __enter__(self) -> Acquired:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()


def acquire(picture: EncodedPicture, *, detector: Detector, aligner: Aligner) -> Acquired:
    """Find the one face of a picture and decode it finely enough for the recogniser.

    Raises ``Undetermined`` ``<source>.no-face`` and ``<source>.several-faces``, and as
    :meth:`EncodedPicture.decode`.
    """
    sample = picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS))
    with on_failure(lambda: sample.wipe()):
        for side in DETECTION_SIDES_PIXELS:
            sample = _at_least(picture, sample, side)
            face = one_face(detector.find(sample.pixels, side=side), picture)
            if face is not None:
                return fine_enough(picture, sample, face, aligner)
            if picture.longer_side <= side:
                break
    sample.wipe()
    raise picture.source.faces(0, picture.what)


def one_face(faces: tuple[Box, ...], picture: EncodedPicture) -> Box | None:
    """Return the only face, or ``None`` for none.

    Raises ``Undetermined`` ``<source>.several-faces``. A second box may be a pattern in the background: it
    counts as a face all the same, because which of two is the holder's is not for a size to decide.
    """
    if len(faces) > 1:
        raise picture.source.faces(len(faces), picture.what)
    return faces[0] if faces else None


def _at_least(picture: EncodedPicture, sample: Sample, side: int) -> Sample:
    """Decode again, finer, where the sample has fewer pixels than ``side`` and the picture has more."""
    reduction = picture.reduction_for(min(side, picture.longer_side))
    if reduction >= sample.reduction:
        return sample
    sample.wipe()
    return picture.decode(reduction=reduction)


def fine_enough(picture: EncodedPicture, sample: Sample, face: Box, aligner: Aligner) -> Acquired:
    """Find the five points of ``face``; decode again where a finer picture would fill the crop better.

    Takes over ``sample``: it is either in the result or overwritten.
    """
    points = aligner.points(sample.pixels, face)
    stored_distance = points.inter_eye_distance * sample.reduction
    reduction = sample.reduction
    while reduction > 1 and stored_distance / reduction < CROP_EYE_DISTANCE_PIXELS:
        reduction //= 2
    if reduction == sample.reduction:
        return Acquired(sample, face, points)
    factor = sample.reduction // reduction
    face = face.enlarged(factor)
    sample.wipe()
    sample = picture.decode(reduction=reduction)
    with on_failure(sample.wipe):
        return Acquired(sample, face, aligner.points(sample.pixels, face))
