"""Biometric samples: pictures decoded within bounds, into pixels that can be overwritten.

A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough (the reduction happens in
the cosine transform, so the discarded pixels are never computed); a JPEG 2000 likewise, as far as its code
stream has smaller resolutions; a PNG is decoded whole and averaged down.

A JPEG 2000 is read from a document only: its decoder is the slowest and largest of the three, and no camera
speaks to it. Within :data:`MAX_JPEG_2000_PIXELS` and the bounds of :mod:`dongui.encoding.jpeg2000` it takes
seconds and some hundred megabytes at most; the process it runs in is ended at its own limits.

What stays behind: the decoder's own row buffers (a few rows of pixels and the compressed input) are freed by
libjpeg, zlib and Pillow without being overwritten, and OpenJPEG frees the whole picture so: a JPEG 2000 is
forgotten by the end of its process alone. Pillow's picture, the copy of the bytes it was given and
every array made here are overwritten.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from enum import StrEnum

from dongui.biometrics.image_header import (
    MIN_SIDE_PIXELS,
    Header,
    HeaderError,
    PictureFormat,
    read_header,
)
from dongui.biometrics.pillow_decoding import (
    DECODER_ERRORS,
    CutOff,
    UnreadLayout,
    decode_upright,
    overwrite,
)
from dongui.biometrics.pixels import Pixels
from dongui.errors import Misuse, Undetermined

__all__ = [
    "DECODED_SIDE_PIXELS",
    "MAX_BYTES",
    "MAX_JPEG_2000_PIXELS",
    "MAX_PIXELS",
    "MIN_SIDE_PIXELS",
    "EncodedPicture",
    "Sample",
    "Source",
    "decode",
]

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
# Half a second a megapixel of noise on one core. Portraits in passports have a quarter of one.
MAX_JPEG_2000_PIXELS = 4_000_000
# The longer side a picture keeps at least when it is reduced. A head that fills half of it has its eyes
# 60 or more pixels apart, which is what the recogniser's 150-pixel crop holds (see alignment).
DECODED_SIDE_PIXELS = 480
REDUCTIONS = (8, 4, 2, 1)

_NAMES = {
    "too-many-bytes": ("capture.too-many-bytes", "portrait.too-many-bytes"),
    "not-an-image": ("capture.not-an-image", "portrait.not-an-image"),
    "format-not-read": ("capture.format-not-read", "portrait.format-not-read"),
    "truncated": ("capture.truncated", "portrait.truncated"),
    "damaged": ("capture.damaged", "portrait.damaged"),
    "too-many-pixels": ("capture.too-many-pixels", "portrait.too-many-pixels"),
    "too-small": ("capture.too-small", "portrait.too-small"),
}


class Source(StrEnum):
    """Whose picture it is, and so whose fault it is when it cannot be read.

    A capture comes from the caller: an unreadable one is misuse. A portrait comes from an authenticated
    document: an unreadable one is nobody's fault here, and leads to the other way.
    """

    CAPTURE = "capture"
    PORTRAIT = "portrait"

    @property
    def formats(self) -> frozenset[PictureFormat]:
        """What is decoded: everything from a document, JPEG and PNG from a camera."""
        if self is Source.PORTRAIT:
            return frozenset(PictureFormat)
        return frozenset({PictureFormat.JPEG, PictureFormat.PNG})

    def failure(self, kind: str, detail: str) -> Misuse | Undetermined:
        """Return (not raise) the failure ``capture.<kind>`` or ``portrait.<kind>``.

        ``KeyError`` for a kind that is none of a picture's.
        """
        capture, portrait = _NAMES[kind]
        return Misuse(capture, detail) if self is Source.CAPTURE else Undetermined(portrait, detail)

    def faces(self, count: int, what: str) -> Undetermined:
        """Return the failure of a picture that shows ``count`` faces instead of one."""
        if count == 0:
            name = "capture.no-face" if self is Source.CAPTURE else "portrait.no-face"
            return Undetermined(name, f"no face was found in {what}")
        name = "capture.several-faces" if self is Source.CAPTURE else "portrait.several-faces"
        return Undetermined(name, f"{count} faces were found in {what}; one is needed")


@dataclass(slots=True)
class Sample:
    """A decoded picture: ``pixels`` are rows x columns x 3 (red, green, blue), 0 to 255, upright.

    One pixel here stands for ``reduction`` x ``reduction`` stored ones. Use as a context manager, or call
    :meth:`wipe`.
    """

    pixels: Pixels = field(repr=False)
    reduction: int

    @property
    def longer_side(self) -> int:
        """The larger of rows and columns, in decoded pixels."""
        return int(max(self.pixels.shape[:2]))

    def wipe(self) -> None:
        """Overwrite every pixel with zero. Safe to call twice."""
        self.pixels.fill(0)

    def __enter__(self) -> Sample:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture whose header was read and found within the limits; nothing is decoded yet."""

    data: memoryview = field(repr=False)
    header: Header
    source: Source
    what: str

    @classmethod
    def open(cls, data: memoryview, *, source: Source, what: str) -> EncodedPicture:
        """Read the header of ``data``; ``what`` names the picture in messages ("frame 3").

        Raises ``Misuse`` (``capture.*``) or ``Undetermined`` (``portrait.*``): ``too-many-bytes``,
        ``not-an-image``, ``format-not-read``, ``truncated``, ``damaged``, ``too-many-pixels``, ``too-small``.
        """
        if len(data) > MAX_BYTES:
            raise source.failure(
                "too-many-bytes", f"{what} has {len(data)} bytes; the limit is {MAX_BYTES} bytes"
            )
        try:
            header = read_header(data, formats=source.formats)
        except HeaderError as error:
            raise source.failure(error.kind, f"{what}: {error}") from None
        size = f"{what} is {header.width} x {header.height} pixels"
        limit = MAX_JPEG_2000_PIXELS if header.format is PictureFormat.JPEG_2000 else MAX_PIXELS
        if header.width * header.height > limit:
            raise source.failure("too-many-pixels", f"{size}; the limit is {limit} pixels")
        if min(header.width, header.height) < MIN_SIDE_PIXELS:
            raise source.failure("too-small", f"{size}; each side needs {MIN_SIDE_PIXELS} pixels")
        if not header.ends:
            raise source.failure("truncated", f"{what} has no end after {len(data)} bytes: it was cut off")
        return cls(data, header, source, what)

    @property
    def longer_side(self) -> int:
        """The larger of width and height, in stored pixels."""
        return max(self.header.width, self.header.height)

    def reduction_for(self, side: int) -> int:
        """Return the largest of 8, 4, 2, 1 that leaves the longer side at least ``side`` pixels."""
        return next((factor for factor in REDUCTIONS if self.longer_side >= factor * side), 1)

    def decode(self, *, reduction: int) -> Sample:
        """Return the picture at 1/``reduction`` of its size (1, 2, 4 or 8), upright.

        Raises ``truncated``, ``damaged`` or ``format-not-read`` in the family of its source.
        """
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction is {reduction}; it must be one of {REDUCTIONS}")
        stream = self._needed()
        try:
            return Sample(decode_upright(stream, self.header, reduction), reduction)
        except UnreadLayout as error:
            raise self.source.failure("format-not-read", f"{self.what}: {error}") from None
        except CutOff as error:
            raise self.source.failure("truncated", f"{self.what} was cut off: {error}") from None
        except DECODER_ERRORS as error:
            kind = "truncated" if "truncated" in str(error) else "damaged"
            raise self.source.failure(kind, f"{self.what}: its pixels cannot be decoded") from None
        finally:
            overwrite(stream)

    def _needed(self) -> io.BytesIO:
        """Copy what the decoder needs; the caller overwrites the copy.

        Sized beforehand: a stream that grows leaves what it held before on the heap.
        """
        stream = io.BytesIO(bytes(sum(end - start for start, end in self.header.parts)))
        for start, end in self.header.parts:
            stream.write(self.data[start:end])
        stream.seek(0)
        return stream


def decode(view: memoryview, *, source: Source, what: str) -> Sample:
    """Decode a picture at the pipeline's scale: the longer side at least 480 pixels, if it has them.

    Raises as :meth:`EncodedPicture.open` and :meth:`EncodedPicture.decode`.
    """
    encoded = EncodedPicture.open(view, source=source, what=what)
    return encoded.decode(reduction=encoded.reduction_for(DECODED_SIDE_PIXELS))
