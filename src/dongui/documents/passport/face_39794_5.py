"""Face records of ISO/IEC 39794-5 as passports use it (ICAO's application profile), in ASN.1's DER or BER.

The standard extends its blocks later and asks readers to skip what they do not know; what is skipped here is
named, identity metadata (sex, colours, height) and landmarks among it: carried, never read.
"""

from __future__ import annotations

from dongui.documents.passport.face_19794_5 import MAX_IMAGES, FaceRecord
from dongui.documents.passport.face_image import (
    FaceImage,
    ImageFormat,
    ImageKind,
    RecordFormat,
    face_image,
)
from dongui.documents.passport.tlv import Fields, read_fields, read_one, read_sequence
from dongui.errors import Refused

__all__ = ["read_39794_5"]

_STANDARDISED, _FACE_BLOCK, _SEQUENCE = 0xA1, 0x65, 0x30  # ISO/IEC 7816-11; [APPLICATION 5]; universal
_FIRST_GENERATION = 3
_FORMATS = {2: ImageFormat.JPEG, 3: ImageFormat.JPEG_2000, 4: ImageFormat.JPEG_2000}
_MRTD = 0
_REPRESENTATION_FIELDS = {
    0xA2: "capture-time",
    0xA3: "quality",
    0xA4: "attack-detection",
    0x85: "session",
    0x86: "derived-from",
    0xA6: "derived-from",
    0xA7: "capture-device",
    0xA8: "identity-metadata",
    0xA9: "landmarks",
}


def read_39794_5(data: bytes) -> FaceRecord:
    """Read the constructed data block of a template.

    Raises ``Refused``: ``passport.face-record-version``, ``passport.face-count``,
    ``passport.face-record-malformed`` for numbers that are none, ``passport.image-format``,
    ``passport.image-unreadable``, ``passport.tlv-*``, ``passport.field-*``, ``passport.trailing-bytes``.
    """
    inner = read_one(data, _STANDARDISED, what="the face record")
    block = read_fields(read_one(inner, _FACE_BLOCK, what="the face record"), what="the face record")
    version = _inside(block, 0xA0, "the record's version")
    if _number(version.one(0x80)) < _FIRST_GENERATION:
        raise Refused("passport.face-record-version", "it is of a generation before ISO/IEC 39794")
    _number(version.one(0x81))
    found = list(read_sequence(block.one(0xA1), what="the face record's images"))
    if not 1 <= len(found) <= MAX_IMAGES or any(item.tag != _SEQUENCE for item in found):
        raise Refused("passport.face-count", f"a record of {len(found)} images; 1 to {MAX_IMAGES} are read")
    images, unread = [], [f"extension-{tag:X}" for tag in block.others({0xA0, 0xA1})]
    for number, item in enumerate(found, start=1):
        fields = read_fields(item.value, what=f"face image {number}")
        images.append(_read_image(fields))
        unread += [f"face-{number}.{_name(tag)}" for tag in fields.others({0x80, 0xA1})]
    return FaceRecord(tuple(images), tuple(dict.fromkeys(unread)), ())


def _read_image(fields: Fields) -> FaceImage:
    """Read imageRepresentation: base, two-dimensional block, data and its information."""
    _number(fields.one(0x80))
    representation = _inside(fields, 0xA1, "imageRepresentation")
    base = _inside(representation, 0xA0, "the image's base")
    block = _inside(base, 0xA0, "the two-dimensional image")
    information = _inside(block, 0xA1, "the image's information")
    return face_image(
        block.one(0x80),
        declared=_size(information),
        declared_format=_FORMATS.get(_code(information, 0xA0)),
        record_format=RecordFormat.ISO_39794_5,
        kind=_kind(information),
    )


def _kind(information: Fields) -> ImageKind:
    if information.optional(0xA1) is None:
        return ImageKind.OTHER
    return ImageKind.FRONTAL if _code(information, 0xA1) == _MRTD else ImageKind.OTHER


def _size(information: Fields) -> tuple[int, int] | None:
    if information.optional(0xA7) is None:
        return None
    block = _inside(information, 0xA7, "the image's size")
    return _number(block.one(0x80)), _number(block.one(0x81))


def _code(fields: Fields, tag: int) -> int:
    """Return a coded choice: the code itself, or the fallback of an extension; -1 where neither is there."""
    choice = _inside(fields, tag, "a coded choice")
    code = choice.optional(0x80)
    if code is None and choice.optional(0xA1) is not None:
        code = _inside(choice, 0xA1, "an extended choice").optional(0x80)
    return -1 if code is None else _number(code)


def _inside(fields: Fields, tag: int, what: str) -> Fields:
    return read_fields(fields.one(tag), what=what)


def _number(value: bytes) -> int:
    """Return a non-negative integer of at most eight bytes."""
    if not 1 <= len(value) <= 8 or value[0] & 0x80:
        raise Refused("passport.face-record-malformed", "a number in the face record is none")
    return int.from_bytes(value, "big")


def _name(tag: int) -> str:
    return _REPRESENTATION_FIELDS.get(tag, f"extension-{tag:X}")
