"""The biometric probe: a short clip of a head turn, made comparable.

One pass over the clip: decode a frame, find the one face, locate its landmarks, overwrite the frame. The
most frontal frame becomes the template, and the frames that prove the turn must show the same person, so
that nobody lends a turning head to another's picture held up before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dongui.biometrics.attack_detection.challenge import Challenge
from dongui.biometrics.attack_detection.parallax import TurnAssessment, assess_turn
from dongui.biometrics.clip import Clip, five_points
from dongui.biometrics.detection import Box
from dongui.biometrics.instruments import ONE_PERSON_AT_MOST_DONGUI_2026_11, Instruments
from dongui.biometrics.landmarks import Landmarks
from dongui.biometrics.pixels import Pixels, wipe_arrays
from dongui.biometrics.quality.gate import require_answerable
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Source
from dongui.biometrics.templates import Template
from dongui.errors import Misuse, Undetermined
from dongui.undoing import on_failure

__all__ = ["MAX_FRAMES", "ONE_PERSON_AT_MOST_DONGUI_2026_11", "Probe", "take_probe"]

# Ten seconds at 30 frames a second.
MAX_FRAMES = 300


@dataclass(frozen=True, slots=True)
class Probe:
    """A template, how the turn was judged, and the digest of the pipeline. A context manager that wipes."""

    template: Template = field(repr=False)
    turn: TurnAssessment
    pipeline_digest: bytes

    def wipe(self) -> None:
        """Overwrite the template. Safe to call twice."""
        self.template.wipe()

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()


def take_probe(frames: Sequence[memoryview], *, challenge: Challenge, instruments: Instruments) -> Probe:
    """Make a probe of the frames of one head turn (JPEG or PNG, in order, at most 300).

    Raises ``Misuse`` ``capture.empty``, ``capture.too-many-frames`` and ``capture.*`` for a frame whose
    header is refused, ``operating-point.none-chosen`` for a recogniser nobody chose bounds for;
    ``Undetermined`` ``capture.frame-unreadable``, ``capture.no-face``, ``capture.several-faces``,
    ``capture.never-frontal``, ``capture.not-one-person`` and ``quality.*``; and as :func:`assess_turn`,
    which alone can refuse.
    Everything decoded is overwritten on every way out.
    """
    instruments.require_bound()
    pictures = _opened(frames)
    with Clip(instruments, frames=len(pictures)) as clip:
        for picture in pictures:
            _add(clip, picture)
        # Quality before the turn: a head that cannot be seen well must not be called flat.
        view = clip.best()
        require_answerable(view.measures(), what=view.what)
        turn = assess_turn(clip.landmarks, challenge=challenge)
        with _Witnesses(pictures, clip.landmarks, instruments) as witnesses:
            template = witnesses.called(view.recognised, [extreme for extreme, _ in turn.evidence])
            with on_failure(template.wipe):
                _require_turned_by(template, turn, witnesses)
        return Probe(template, turn, instruments.pipeline_digest)


def _opened(frames: Sequence[memoryview]) -> list[EncodedPicture]:
    """Read every header before anything is decoded."""
    if not frames:
        raise Misuse("capture.empty", "0 frames were given; a head turn takes several")
    if len(frames) > MAX_FRAMES:
        raise Misuse("capture.too-many-frames", f"{len(frames)} frames were given; the limit is {MAX_FRAMES}")
    return [
        EncodedPicture.open(frame, source=Source.CAPTURE, what=f"frame {number}")
        for number, frame in enumerate(frames, 1)
    ]


def _add(clip: Clip, picture: EncodedPicture) -> None:
    """Look at a frame. One with a sound header that turns out unreadable is the camera's doing, or an attack:
    nothing can be told from such a clip, and whoever stands there gets an answer that says so.
    """
    try:
        clip.add(picture)
    except Misuse as unreadable:
        raise Undetermined("capture.frame-unreadable", unreadable.detail) from None


class _Witnesses:
    """Templates of frames whose landmarks are known, by the frame's number. A context manager that wipes."""

    def __init__(
        self,
        pictures: Sequence[EncodedPicture],
        landmarks: Sequence[Landmarks | None],
        instruments: Instruments,
    ) -> None:
        self._pictures = pictures
        self._landmarks = landmarks
        self._instruments = instruments
        self._one_person_at_most = instruments.require_bound()
        self._made: dict[int, Template] = {}

    def called(self, crop: Pixels, numbers: Sequence[int]) -> Template:
        """Return the template of ``crop``, and make the witnesses ``numbers`` in the same run."""
        crops: list[Pixels] = []
        try:
            # One by one: where a crop cannot be made, those before it are overwritten all the same.
            crops.extend(map(self._crop, numbers))
            template, *made = self._instruments.recogniser.templates([crop, *crops])
        finally:
            wipe_arrays(crops)
        self._made.update(zip(numbers, made, strict=True))
        return template

    def __getitem__(self, number: int) -> Template:
        """Return one witness, made now if nobody has called it before."""
        if number not in self._made:
            crop = self._crop(number)
            try:
                self._made[number] = self._instruments.recogniser.template(crop)
            finally:
                crop[:] = 0
        return self._made[number]

    def _crop(self, number: int) -> Pixels:
        """The aligned crop of a frame in which nothing has to be detected."""
        picture, shown = self._pictures[number], self._landmarks[number]
        if shown is None:
            raise LookupError("a frame without landmarks cannot have been measured")
        left, top = shown.points.min(axis=0)
        right, bottom = shown.points.max(axis=0)
        face = Box(round(left), round(top), round(right), round(bottom))
        with picture.decode(reduction=picture.reduction_for(DECODED_SIDE_PIXELS)) as sample:
            return self._instruments.crop(sample.pixels, five_points(shown), face, shown)

    def of_one_person(self, one: Template, other: Template) -> bool:
        """Tell whether two templates of this clip are surely one person's."""
        difference = one.features - other.features
        together = float(np.linalg.norm(difference)) <= self._one_person_at_most
        difference[:] = 0
        return together

    def __enter__(self) -> _Witnesses:
        return self

    def __exit__(self, *_: object) -> None:
        for template in self._made.values():
            template.wipe()


def _require_turned_by(template: Template, turn: TurnAssessment, witnesses: _Witnesses) -> None:
    """Find the person of the template in each frame the turn was judged by, by way of the one half-way there.

    The attack: hold up the holder's picture at the beginning and the end, and turn one's own head between. A
    template of a face turned by 40 degrees lies near the mated bound; where it lies beyond, each of two steps
    has to stay below. Raises ``Undetermined`` ``capture.not-one-person``.
    """
    for extreme, half_way in turn.evidence:
        if witnesses.of_one_person(template, witnesses[extreme]):
            continue
        half = witnesses[half_way]
        if not (
            witnesses.of_one_person(template, half) and witnesses.of_one_person(half, witnesses[extreme])
        ):
            detail = "the frames of the clip do not clearly show one person"
            raise Undetermined("capture.not-one-person", detail)
