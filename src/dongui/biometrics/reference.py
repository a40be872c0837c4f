"""The biometric reference: the portrait of an authenticated document, made comparable."""

from __future__ import annotations

from dataclasses import dataclass, field

from dongui.biometrics.acquisition import Acquired, acquire
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.quality.gate import measure, require_answerable
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.biometrics.templates import Template

__all__ = ["Reference", "take_reference", "template_of"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A template and the digest of the pipeline that made it. A context manager that overwrites it."""

    template: Template = field(repr=False)
    pipeline_digest: bytes

    def wipe(self) -> None:
        """Overwrite the template. Safe to call twice."""
        self.template.wipe()

    def __enter__(self) -> Reference:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()


def take_reference(portrait: memoryview, *, instruments: Instruments) -> Reference:
    """Make a reference of an encoded portrait (JPEG, JPEG 2000 or PNG), taken from authenticated bytes only.

    Raises ``Undetermined``: ``portrait.*`` where it cannot be decoded or does not show one face,
    ``quality.*`` where no answer is possible. Everything decoded is overwritten on every way out.
    """
    picture = EncodedPicture.open(portrait, source=Source.PORTRAIT, what="the portrait")
    with acquire(picture, detector=instruments.detector, aligner=instruments.aligner) as acquired:
        return Reference(template_of(acquired, instruments, "the portrait"), instruments.pipeline_digest)


def template_of(acquired: Acquired, instruments: Instruments, what: str) -> Template:
    """Crop, judge and recognise one acquired face. Raises ``Undetermined`` ``quality.*``."""
    crop = instruments.aligner.crop(acquired.sample.pixels, acquired.points, acquired.face)
    try:
        measures = measure(crop, acquired.points, inter_eye_pixels=acquired.inter_eye_distance)
        require_answerable(measures, what=what)
        recognised = instruments.recognised(crop, acquired.sample.pixels, acquired.face)
        try:
            return instruments.recogniser.template(recognised)
        finally:
            recognised[:] = 0
    finally:
        crop[:] = 0
