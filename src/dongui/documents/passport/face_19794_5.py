"""Face records of ISO/IEC 19794-5:2005, the binary form passports have carried since 2005.

Gender, colours of eyes and hair, expression, pose and feature points are in these records too. They are
skipped: named as carried, never read. A passport is compared by its picture, not by what somebody ticked.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dongui.documents.passport.face_image import (
    FaceImage,
    ImageFormat,
    ImageKind,
    RecordFormat,
    face_image,
)
from dongui.errors import Refused

__all__ = ["MAX_IMAGES", "FaceRecord", "read_19794_5"]

MAX_IMAGES = 9
_IDENTIFIER, _VERSION = b"FAC\x00", b"010\x00"
_HEADER, _FACIAL, _POINT, _IMAGE = struct.Struct(">4s4sIH"), 20, 8, struct.Struct(">BBHHBBHH")
# Table 12: a token image is a full frontal one, cut to a standard geometry.
_KINDS = {0: ImageKind.BASIC, 1: ImageKind.FRONTAL, 2: ImageKind.FRONTAL}
_FORMATS = {0: ImageFormat.JPEG, 1: ImageFormat.JPEG_2000}
# Passports of two countries were issued with a length 1 and 8 bytes short of the record's.
_TOLERATED_BYTES = 8


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """The images of one record, what of it was not read, and what it was accepted with (remarks)."""

    images: tuple[FaceImage, ...]
    unread: tuple[str, ...]
    remarks: tuple[str, ...]


def read_19794_5(data: bytes) -> FaceRecord:
    """Read a facial record.

    Raises ``Refused``: ``passport.face-record-version`` for another identifier or version,
    ``passport.face-record-length`` where lengths and bytes disagree by more than is tolerated,
    ``passport.face-count``, ``passport.image-format``, ``passport.image-unreadable``.
    """
    # 5.4: facial record header
    if len(data) < _HEADER.size:
        raise Refused("passport.face-record-length", f"a face record takes more than {len(data)} bytes")
    identifier, version, length, count = _HEADER.unpack_from(data)
    if identifier != _IDENTIFIER or version != _VERSION:
        raise Refused("passport.face-record-version", "it is no face record of ISO/IEC 19794-5:2005")
    if not 1 <= count <= MAX_IMAGES:
        raise Refused("passport.face-count", f"a record of {count} images; 1 to {MAX_IMAGES} are read")
    position, images, unread = _HEADER.size, [], []
    for number in range(1, count + 1):
        image, points, position = _read_face(data, position)
        images.append(image)
        unread += [f"face-{number}.appearance", f"face-{number}.pose"]
        unread += [f"face-{number}.feature-points"] if points else []
    remarks = _judged_lengths(length, position, len(data))
    return FaceRecord(tuple(images), tuple(unread), remarks)


def _read_face(data: bytes, position: int) -> tuple[FaceImage, int, int]:
    """Return image, number of feature points, and where the next face begins."""
    # 5.5: facial information, of which the block's length and the number of points matter here
    if position + _FACIAL > len(data):
        raise Refused("passport.face-record-length", "a face begins where the record ends")
    length, points = struct.unpack_from(">IH", data, position)
    start = position + _FACIAL + points * _POINT  # 5.6: feature points
    end = position + length
    if not start + _IMAGE.size < end <= len(data):
        detail = f"a face declares {length} bytes; {len(data) - position} are there"
        raise Refused("passport.face-record-length", detail)
    # 5.7: image information
    kind, encoding, width, height, *_ = _IMAGE.unpack_from(data, start)
    image = face_image(
        data[start + _IMAGE.size : end],
        declared=(width, height),
        declared_format=_FORMATS.get(encoding),
        record_format=RecordFormat.ISO_19794_5,
        kind=_KINDS.get(kind, ImageKind.OTHER),
    )
    return image, points, end


def _judged_lengths(declared: int, read: int, there: int) -> tuple[str, ...]:
    if declared == read == there:
        return ()
    if max(abs(declared - there), there - read) > _TOLERATED_BYTES:
        detail = f"the record declares {declared} bytes, its faces take {read}, {there} are there"
        raise Refused("passport.face-record-length", detail)
    return ("passport.face-record-length-wrong",)
