"""A picture decoded by Pillow: reduced, upright, red, green and blue; nothing of it is left in Pillow."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageChops, Jpeg2KImagePlugin

from dongui.biometrics.image_header import Header, PictureFormat
from dongui.biometrics.missing_data import CutOff, may_lack_data, with_filler
from dongui.biometrics.pixels import Pixels

__all__ = ["DECODER_ERRORS", "CutOff", "UnreadLayout", "decode_upright", "overwrite"]

# Everything Pillow's decoders were seen to raise on broken input.
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    struct.error,
    zlib.error,
    EOFError,
    IndexError,
    SystemError,  # a decoder that was refused memory and did not say so
)
_READ_LAYOUTS = ("L", "RGB", "CMYK", "P", "LA", "RGBA", "1")
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadLayout(Exception):
    """A colour layout that is not decoded."""


def decode_upright(stream: io.BytesIO, header: Header, reduction: int) -> Pixels:
    """Return rows x columns x 3 at 1/``reduction`` of the size; every picture Pillow made is overwritten.

    Raises :class:`UnreadLayout`, :class:`CutOff`, or one of :data:`DECODER_ERRORS`, which may quote what was
    read.
    """
    held: list[Image.Image] = []
    try:
        held.append(picture := _open_with_pillow(stream, header, reduction))
        picture.load()
        _require_whole(picture, stream, header, reduction, held)
        return _upright_rgb(picture, header, reduction, held)
    finally:
        for picture in held:
            _blacken(picture)


def _require_whole(
    picture: Image.Image, stream: io.BytesIO, header: Header, reduction: int, held: list[Image.Image]
) -> None:
    """Decode once more where data may be missing, so that what is missing comes out otherwise.

    Raises :class:`CutOff`.
    """
    with stream.getbuffer() as data:
        if picture.mode not in _READ_LAYOUTS or not may_lack_data(picture, header, reduction, data, held):
            return
        again = with_filler(data, header) if header.units else stream
    try:
        again.seek(0)
        held.append(other := _open_with_pillow(again, header, reduction))
        if header.format is PictureFormat.PNG:
            other.im = Image.new(other.mode, other.size, _every_band(other, 255)).im
        other.load()
        compared = [_where_data_ends(loaded, header, held) for loaded in (picture, other)]
        held.append(difference := ImageChops.difference(*compared))
        if difference.getbbox(alpha_only=False) is not None:
            raise CutOff("its data ends before its pixels do")
    finally:
        if again is not stream:
            overwrite(again)


def _where_data_ends(picture: Image.Image, header: Header, held: list[Image.Image]) -> Image.Image:
    """All of a JPEG; of a PNG, which may be large and is never reduced, the two rows that are read last."""
    if header.format is not PictureFormat.PNG:
        return picture
    held.append(rows := picture.crop((0, picture.height - 2, *picture.size)))
    return rows


def overwrite(stream: io.BytesIO) -> None:
    """Overwrite a copy of an encoded picture with zeros."""
    with stream.getbuffer() as copy:
        copy[:] = bytes(len(copy))


def _open_with_pillow(stream: io.BytesIO, header: Header, reduction: int) -> Image.Image:
    picture = Image.open(stream, formats=(header.format.value,))
    if picture.size != (header.width, header.height):
        # Two readers that disagree on the size are how a limit is slipped past.
        raise ValueError("two sizes in one header")
    if header.format is PictureFormat.JPEG and reduction > 1:
        picture.draft(None, (header.width // reduction, header.height // reduction))
    if isinstance(picture, Jpeg2KImagePlugin.Jpeg2KImageFile):
        picture.reduce = _halvings_in_decoder(header, reduction)
    return picture


def _halvings_in_decoder(header: Header, reduction: int) -> int:
    """How often OpenJPEG is to halve a picture; what is left of ``reduction`` is averaged.

    OpenJPEG rounds each side up; Pillow rounds to the middle, and where the two differ nothing is decoded.
    """
    for halvings in range(min(reduction.bit_length() - 1, header.halvings), 0, -1):
        factor = 1 << halvings
        if all(
            (side + factor // 2) // factor == -(-side // factor) for side in (header.width, header.height)
        ):
            return halvings
    return 0


def _upright_rgb(picture: Image.Image, header: Header, reduction: int, held: list[Image.Image]) -> Pixels:
    """Return rows x columns x 3; every intermediate picture is appended to ``held``."""
    if picture.mode not in _READ_LAYOUTS:
        raise UnreadLayout(f"its colour layout {picture.mode!r} is not read")
    colour = picture
    if picture.mode not in ("L", "RGB"):
        held.append(colour := colour.convert("RGB"))
    left = _left_to_average(header, reduction)
    if left > 1:
        # Past the picture's own ``reduce``, which for a JPEG 2000 is the number given to its decoder.
        held.append(colour := Image.Image.reduce(colour, left))
    if header.orientation != 1:
        held.append(colour := colour.transpose(_TRANSPOSE[header.orientation]))
    if colour.mode == "L":
        held.append(colour := colour.convert("RGB"))
    return _copy_out(colour)


def _left_to_average(header: Header, reduction: int) -> int:
    """Return by how much the decoded picture is still too large: a JPEG's decoder always does it all."""
    if header.format is PictureFormat.JPEG:
        return 1
    return reduction >> _halvings_in_decoder(header, reduction)


def _copy_out(colour: Image.Image) -> Pixels:
    """Copy the pixels into an array of our own without the immutable ``bytes`` that ``tobytes`` makes.

    Pillow keeps red, green and blue four bytes apart too: past its own ``paste`` no conversion is needed, and
    so one copy less is made of a face.
    """
    shared = np.empty((colour.height, colour.width, 4), dtype=np.uint8)
    window = Image.frombuffer("RGBX", colour.size, shared, "raw", "RGBX", 0, 1)
    window.readonly = 0
    window.im.paste(colour.im, (0, 0, *colour.size))
    pixels = np.empty((colour.height, colour.width, 3), dtype=np.uint8)
    for channel in range(3):  # six times as fast as slicing all three off at once
        pixels[..., channel] = shared[..., channel]
    shared.fill(0)
    return pixels


def _blacken(picture: Image.Image) -> None:
    """Overwrite what Pillow holds, where it has decoded anything.

    Past Pillow's own ``paste``, which would first try to finish a decoding that failed.
    """
    core = getattr(picture, "_im", None)
    if core is not None:
        core.paste(_every_band(picture, 0), (0, 0, *core.size))


def _every_band(picture: Image.Image, value: int) -> int | tuple[int, ...]:
    bands = len(picture.getbands())
    return value if bands == 1 else (value,) * bands
