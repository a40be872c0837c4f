"""The biometric probe: a short clip of a head turn, made comparable.

One pass over the clip: decode a frame, find the one face, locate its landmarks, overwrite the frame. Two
crops outlive their frames: the most frontal of each half. Both must show the same person, so that nobody
lends a turning head to another's picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dongui.biometrics.attack_detection.challenge import Challenge
from dongui.biometrics.attack_detection.parallax import TurnAssessment, assess_turn
from dongui.biometrics.clip import Clip, View
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.quality.gate import require_answerable
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.biometrics.templates import Template
from dongui.errors import Misuse, Undetermined

__all__ = ["MAX_FRAMES", "ONE_PERSON_AT_MOST_DONGUI_2026_11", "Probe", "take_probe"]

# Ten seconds at 30 frames a second.
MAX_FRAMES = 300
# The mated bound that ships, used within a clip: its frontal crops lie far closer together than a portrait
# and a probe do.
ONE_PERSON_AT_MOST_DONGUI_2026_11 = 0.42


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

    Raises ``Misuse`` ``capture.empty``, ``capture.too-many-frames`` and ``capture.*`` for a frame that cannot
    be decoded; ``Undetermined`` ``capture.no-face``, ``capture.several-faces``, ``capture.never-frontal``,
    ``capture.not-one-person`` and ``quality.*``; and as :func:`assess_turn`, which alone can refuse.
    Everything decoded is overwritten on every way out.
    """
    pictures = _opened(frames)
    with Clip(instruments, frames=len(pictures)) as clip:
        for picture in pictures:
            clip.add(picture)
        # Quality before the turn: a head that cannot be seen well must not be called flat.
        views = clip.views()
        for view in views:
            require_answerable(view.measures(), what=view.what)
        turn = assess_turn(clip.landmarks, challenge=challenge)
        return Probe(_template(views, instruments), turn, instruments.pipeline_digest)


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


def _template(views: Sequence[View], instruments: Instruments) -> Template:
    """Return the template of the most frontal view, after comparing it with the other half's.

    Raises ``Undetermined`` ``capture.not-one-person``.
    """
    best, *others = sorted(views, key=lambda view: view.turned)
    template = instruments.recogniser.template(best.crop)
    try:
        for other in others:
            with instruments.recogniser.template(other.crop) as witness:
                _require_one_person(template, witness)
    except BaseException:
        template.wipe()
        raise
    return template


def _require_one_person(template: Template, witness: Template) -> None:
    difference = template.features - witness.features
    apart = float(np.linalg.norm(difference)) > ONE_PERSON_AT_MOST_DONGUI_2026_11
    difference[:] = 0
    if apart:
        raise Undetermined(
            "capture.not-one-person", "the frontal frames of the two halves do not clearly show one person"
        )
