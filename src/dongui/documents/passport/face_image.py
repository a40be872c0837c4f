"""A face image as a passport carries it: encoded, with what it says of itself beside what is said of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import StrEnum

from dongui.encoding.jpeg2000 import CODESTREAM_MAGIC, JP2_MAGIC, Jpeg2000Error, read_jpeg2000
from dongui.errors import Refused, Undetermined

__all__ = ["FaceImage", "ImageFormat", "ImageKind", "RecordFormat", "face_image"]

_JPEG_MAGIC = b"\xff\xd8\xff"
_BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}
# Start of frame of every process (ISO/IEC 10918-1, table B.1): all begin with precision, height, width.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 256


class ImageFormat(StrEnum):
    """The two formats ICAO 9303-10 allows."""

    JPEG = "jpeg"
    JPEG_2000 = "jpeg2000"


class RecordFormat(StrEnum):
    """The two standards a record may follow."""

    ISO_19794_5 = "ISO/IEC 19794-5:2005"
    ISO_39794_5 = "ISO/IEC 39794-5:2019"


class ImageKind(StrEnum):
    """What the record calls the image. Frontal is what ICAO asks for."""

    FRONTAL = "frontal"
    BASIC = "basic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FaceImage:
    """One encoded image. ``repr`` shows sizes and formats, never the bytes.

    ``width`` and ``height`` are pixels as the encoded picture itself has them, which is what a decoder goes
    by; ``declared`` is (width, height) as its record has them, ``None`` where it says nothing.
    """

    format: ImageFormat
    encoded: bytes = field(repr=False)
    width: int
    height: int
    declared: tuple[int, int] | None
    declared_format: ImageFormat | None
    record_format: RecordFormat
    kind: ImageKind

    @property
    def header_disagrees(self) -> bool:
        """Whether record, or the box around the code stream, and the picture itself disagree."""
        sizes = self.declared is not None and self.declared != (self.width, self.height)
        return sizes or self.declared_format not in (None, self.format) or self._box_disagrees()

    def _box_disagrees(self) -> bool:
        if self.format is ImageFormat.JPEG:
            return False
        return read_jpeg2000(memoryview(self.encoded)).boxed not in (None, (self.width, self.height))


def face_image(
    encoded: bytes,
    *,
    declared: tuple[int, int] | None,
    declared_format: ImageFormat | None,
    record_format: RecordFormat,
    kind: ImageKind,
) -> FaceImage:
    """Make a :class:`FaceImage`: its format by its first bytes, its size by its own header.

    Raises ``Refused``: ``passport.image-format`` for what is neither JPEG nor JPEG 2000,
    ``passport.image-unreadable`` where it does not tell its size. Raises ``Undetermined``
    ``passport.image-not-supported`` for a legal JPEG 2000 that is not decoded here.
    """
    if encoded.startswith(_JPEG_MAGIC):
        found, (width, height) = ImageFormat.JPEG, _jpeg_size(encoded)
    elif encoded.startswith((JP2_MAGIC, CODESTREAM_MAGIC)):
        found, (width, height) = ImageFormat.JPEG_2000, _jpeg2000_size(encoded)
    else:
        raise Refused("passport.image-format", "a face image is neither JPEG nor JPEG 2000")
    return FaceImage(found, encoded, width, height, declared, declared_format, record_format, kind)


def _jpeg2000_size(encoded: bytes) -> tuple[int, int]:
    try:
        picture = read_jpeg2000(memoryview(encoded))
    except Jpeg2000Error as error:
        if error.kind == "format-not-read":
            raise Undetermined("passport.image-not-supported", f"the face image: {error}") from None
        raise Refused("passport.image-unreadable", f"the JPEG 2000 face image: {error}") from None
    return picture.width, picture.height


def _jpeg_size(encoded: bytes) -> tuple[int, int]:
    """Return width and height from the first frame header (ISO/IEC 10918-1, B.2.2)."""
    position = 2
    for _ in range(_MAX_SEGMENTS):
        while encoded[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 9 > len(encoded) or encoded[position] != 0xFF:
            break
        marker = encoded[position + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", encoded, position + 5)
            return width, height
        (length,) = struct.unpack_from(">H", encoded, position + 2)
        position += 2 if marker in _BARE_MARKERS else 2 + length
    raise Refused("passport.image-unreadable", "the JPEG face image does not tell its size")
