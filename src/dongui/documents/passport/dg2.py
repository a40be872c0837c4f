"""DG2: the holder's face. ICAO 9303-10, 4.7.2."""

from __future__ import annotations

from dataclasses import dataclass

from dongui.documents.passport.cbeff import DATA_BLOCK, BiometricTemplate, read_templates
from dongui.documents.passport.face_19794_5 import MAX_IMAGES, FaceRecord, read_19794_5
from dongui.documents.passport.face_39794_5 import read_39794_5
from dongui.documents.passport.face_image import FaceImage, ImageKind
from dongui.documents.passport.tlv import read_one
from dongui.errors import Refused

__all__ = ["Faces", "parse_dg2"]

_OWNER = 0x0101  # ISO/IEC JTC 1/SC 37
_TYPE_19794, _TYPE_39794 = 0x0008, 0x002A


@dataclass(frozen=True, slots=True)
class Faces:
    """What DG2 holds. ``portrait`` is the image to compare with: the first the records call frontal, and
    where they call none so, the first of all.

    ``carried`` names what is under the issuer's signature and not used: further images, and the parts of the
    records nobody reads here. ``remarks`` name what was tolerated.
    """

    portrait: FaceImage
    carried: tuple[str, ...]
    remarks: tuple[str, ...]


def parse_dg2(data: bytes) -> Faces:
    """Read DG2; nothing in it is decoded.

    Raises ``Refused``: ``passport.biometric-*``, ``passport.face-*``, ``passport.image-*``,
    ``passport.tlv-*``, ``passport.field-*``, ``passport.trailing-bytes``; ``Undetermined``
    ``passport.image-not-supported``.
    """
    templates = read_templates(read_one(data, 0x75, what="DG2"), what="DG2")
    records = [_read_record(template) for template in templates]
    images = [image for record in records for image in record.images]
    if len(images) > MAX_IMAGES:
        raise Refused("passport.face-count", f"{len(images)} images; the limit is {MAX_IMAGES}")
    chosen = next((place for place, image in enumerate(images) if image.kind is ImageKind.FRONTAL), 0)
    carried = [f"image-{place + 1}" for place in range(len(images)) if place != chosen]
    for place, record in enumerate(records, start=1):
        carried += [f"record-{place}.{name}" for name in record.unread]
    return Faces(images[chosen], tuple(carried), _remarks(templates, records, images[chosen]))


def _read_record(template: BiometricTemplate) -> FaceRecord:
    return read_19794_5(template.data) if template.tag == DATA_BLOCK else read_39794_5(template.data)


def _remarks(
    templates: tuple[BiometricTemplate, ...], records: list[FaceRecord], portrait: FaceImage
) -> tuple[str, ...]:
    found = [remark for record in records for remark in record.remarks]
    for template in templates:
        expected = (_OWNER, _TYPE_19794 if template.tag == DATA_BLOCK else _TYPE_39794)
        if (template.format_owner, template.format_type) != expected:
            found.append("passport.biometric-header-disagrees")
    if portrait.header_disagrees:
        found.append("passport.image-header-disagrees")
    return tuple(dict.fromkeys(found))
