"""The quality of one picture (ISO/IEC 29794-5), measured in a process made for it.

The picture goes in as its file has it, in a buffer that is overwritten; out come numbers, one a component.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.landmarks import Landmarker
from dongui.biometrics.quality.iso_29794_5.measuring import COMPONENTS, MeasuredComponent, measure_picture
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Trouble
from dongui.memory import SecretBuffer, forbid_core_dumps, wipe_all

if TYPE_CHECKING:
    from dongui.confinement import Confined

__all__ = ["MEASURE", "PREPARE", "PictureInstruments", "measure", "measure_in", "prepare"]

PREPARE = "dongui.picture_quality:prepare"
MEASURE = "dongui.picture_quality:measure"

# One IEEE 754 number a component, in their order: whatever the process inside is made to send, it is that.
_ANSWER = struct.Struct(f"<{len(COMPONENTS)}d")


@dataclass(frozen=True, slots=True)
class PictureInstruments:
    """What looks at the picture. No recogniser is among it: nobody is recognised here."""

    detector: FaceDetector
    landmarker: Landmarker


def measure_in(confined: Confined, picture: SecretBuffer) -> tuple[MeasuredComponent, ...]:
    """Measure a picture, JPEG or PNG, in ``confined``, which was started with :data:`PREPARE`.

    The picture is left as it is. Raises ``Undetermined`` (``capture.no-face``), ``Misuse`` (``capture.*``),
    ``Trouble`` (``confinement.*``, ``examination.malformed``).
    """
    answer = confined.run(MEASURE, order=b"", buffers=(picture,))
    if len(answer) != _ANSWER.size:
        detail = f"the confined process sent {len(answer)} bytes; {_ANSWER.size} are a measurement"
        raise Trouble("examination.malformed", detail)
    natives = _ANSWER.unpack(answer)
    return tuple(MeasuredComponent.of(one, native) for one, native in zip(COMPONENTS, natives, strict=True))


def prepare(arguments: bytes, progress: Callable[[str], None]) -> PictureInstruments:
    """Load detector and landmarker. Raises as they do."""
    del arguments
    forbid_core_dumps()
    progress("Loading the detector.")
    detector = FaceDetector()
    detector.of_this_thread()
    progress("Loading the landmarker.")
    return PictureInstruments(detector, Landmarker.load())


def measure(context: object, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
    """The task inside: the native values of one picture, NaN where nothing could be measured."""
    del order
    if not isinstance(context, PictureInstruments) or len(buffers) != 1:
        raise TypeError("the process was prepared for another task")
    try:
        picture = EncodedPicture.open(buffers[0].view, source=Source.CAPTURE, what="the picture")
        found = measure_picture(picture, detector=context.detector, landmarker=context.landmarker)
    finally:
        wipe_all(buffers)
    return _ANSWER.pack(*(float("nan") if one.native is None else one.native for one in found))
