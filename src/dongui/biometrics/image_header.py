"""What a picture's first bytes say, read before any decoder is let near the rest.

JPEG (ISO/IEC 10918-1) and PNG (ISO/IEC 15948) are read, and JPEG 2000 (ISO/IEC 15444-1) where the caller asks
for it: passports hold it, cameras do not. The size is taken from the header, so that a
picture of a thousand megapixels costs the reading of its header and nothing more. Of the Exif block only the
orientation is read. What a decoder does not need (place, time, camera, comments, colour profiles, previews,
animation) is left out of what it is given: metadata readers are where image libraries break.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from dongui.encoding.jpeg2000 import CODESTREAM_MAGIC, JP2_MAGIC, Jpeg2000Error, read_jpeg2000

__all__ = ["MIN_SIDE_PIXELS", "CodedUnits", "Header", "HeaderError", "PictureFormat", "read_header"]

MIN_SIDE_PIXELS = 64

_JPEG_MAGIC = b"\xff\xd8\xff"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# Known by name so that the message can say what it is; none of them is decoded.
_OTHER_FORMATS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"RIFF": "WebP or another RIFF file",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "a JPEG 2000 codestream",
    b"%PDF": "PDF",
}
# Markers without a length field: TEM, RST0..RST7, SOI (ISO/IEC 10918-1, table B.1).
_BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}
# Start of frame: baseline, extended and progressive, Huffman coded. Lossless, hierarchical and arithmetic
# coded frames are legal and are met only in attempts to reach a decoder's least used paths.
_READ_FRAMES = {0xC0, 0xC1, 0xC2}
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
# Metadata: APP1 to APP15 and comments. APP0 (JFIF) and APP14 (Adobe) say how colours are coded and stay.
_METADATA = {*range(0xE1, 0xEE), 0xEF, 0xFE}
_START_OF_SCAN = 0xDA
_RESTART_INTERVAL = 0xDD
_PROGRESSIVE = 0xC2
_MAX_SEGMENTS = 256
_PNG_NEEDED = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_MAX_CHUNKS = 4_096  # of 8 KiB each, as encoders write them, 32 MiB; empty ones, 4 ms in the caller's process
_MAX_EXIF_ENTRIES = 64
_JPEG_END = re.compile(b"\xff\xd9")
_PNG_END = b"IEND\xae\x42\x60\x82"  # the end chunk holds nothing, so its checksum is always this
_ORIENTATION_TAG = 0x0112


class PictureFormat(StrEnum):
    """The three formats that are decoded, by the names Pillow gives them."""

    JPEG = "JPEG"
    PNG = "PNG"
    JPEG_2000 = "JPEG2000"


class HeaderError(ValueError):
    """The header cannot be read. ``kind`` is the last word of the failure's name, ``args[0]`` the detail."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class CodedUnits:
    """How a JPEG's data is cut into pieces: units (MCU, A.2) of ``width`` x ``height`` stored pixels.

    ``interval``: units between two restart marks, 0 where there are none. ``one_scan``: all of the picture
    comes in one scan, from the top left to the bottom right; else it comes in several, one over another.
    """

    width: int
    height: int
    interval: int
    one_scan: bool


@dataclass(frozen=True, slots=True)
class Header:
    """Format and stored size in pixels; ``orientation`` is Exif's 1 to 8 (1: as stored).

    ``parts`` are the stretches of bytes (from, to) a decoder needs, in order. ``ends`` tells whether the
    picture's end mark is there: without it the picture was cut off, which is better known before anything
    is spent on it; with it, data may be missing all the same (see :mod:`dongui.biometrics.missing_data`).
    ``halvings`` is how often the decoder can halve a JPEG 2000 without decoding it whole. ``units`` are a
    JPEG's.
    """

    format: PictureFormat
    width: int
    height: int
    orientation: int
    parts: tuple[tuple[int, int], ...]
    ends: bool
    halvings: int = 0
    units: CodedUnits | None = None


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a JPEG's frame header says (B.2.2)."""

    width: int
    height: int
    components: int
    unit_width: int
    unit_height: int
    progressive: bool


def read_header(data: memoryview, *, formats: Collection[PictureFormat]) -> Header:
    """Return what the header says, if it is of one of ``formats``.

    Raises :class:`HeaderError` with ``not-an-image``, ``format-not-read``, ``truncated`` or ``damaged``.
    """
    start = bytes(data[:12])
    if start.startswith(_PNG_MAGIC) and PictureFormat.PNG in formats:
        return _read_png(data)
    if start.startswith(_JPEG_MAGIC) and PictureFormat.JPEG in formats:
        return _read_jpeg(data)
    if start.startswith((JP2_MAGIC, CODESTREAM_MAGIC)) and PictureFormat.JPEG_2000 in formats:
        return _read_jpeg2000(data)
    *others, last = (known.value for known in PictureFormat if known in formats)
    read = f"{', '.join(others)} and {last}"
    for magic, name in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise HeaderError("format-not-read", f"it is {name}; {read} are read")
    raise HeaderError("not-an-image", f"its first bytes are those of no picture; {read} are read")


def _read_jpeg2000(data: memoryview) -> Header:
    """The decoder is given the code stream alone: the boxes around it can say what they like."""
    try:
        picture = read_jpeg2000(data)
    except Jpeg2000Error as error:
        raise HeaderError(error.kind, str(error)) from None
    size = (picture.width, picture.height)
    parts = (picture.codestream,)
    return Header(PictureFormat.JPEG_2000, *size, 1, parts, picture.ends, picture.levels)


def _read_png(data: memoryview) -> Header:
    if len(data) < 33:
        raise HeaderError("truncated", f"a PNG header takes 33 bytes; {len(data)} are there")
    length, kind, width, height = struct.unpack_from(">I4sII", data, 8)
    if kind != b"IHDR" or length != 13:
        raise HeaderError("damaged", "a PNG begins with a header chunk of 13 bytes; this one does not")
    parts = tuple(_png_parts(data))
    ends = bool(parts) and bytes(data[parts[-1][0] + 4 : parts[-1][1]]) == _PNG_END
    return Header(PictureFormat.PNG, width, height, 1, ((0, 8), *parts), ends)


def _png_parts(data: memoryview) -> Iterator[tuple[int, int]]:
    """Yield where the needed chunks stand, up to the end chunk or the end of the data."""
    position = 8
    for _ in range(_MAX_CHUNKS):
        if position + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind in _PNG_NEEDED:
            yield position, min(end, len(data))
        if kind == b"IEND":
            return
        position = end
    raise HeaderError("damaged", f"it has more than {_MAX_CHUNKS} chunks")


def _read_jpeg(data: memoryview) -> Header:
    """Walk the segments up to the first scan; what follows is the decoder's."""
    position, orientation, interval = 2, 1, 0
    frame: _Frame | None = None
    parts = [(0, 2)]
    for _ in range(_MAX_SEGMENTS):
        start = position
        marker, position = _next_marker(data, position)
        if marker in _BARE_MARKERS:
            continue
        segment = _segment(data, position)
        position += 2 + len(segment)
        if marker == _START_OF_SCAN:
            if frame is None:
                raise HeaderError("damaged", "its picture begins before its size is given")
            ends, units = _has_jpeg_end(data, position), _units(frame, segment, interval)
            parts.append((start, len(data)))
            return Header(
                PictureFormat.JPEG, frame.width, frame.height, orientation, tuple(parts), ends, units=units
            )
        if marker in _READ_FRAMES:
            frame = _read_frame(marker, segment, frame)
        elif marker in _OTHER_FRAMES or marker == 0xD9:
            raise HeaderError("format-not-read", "it is not a baseline, extended or progressive JPEG")
        elif marker == _RESTART_INTERVAL and len(segment) == 2:
            (interval,) = struct.unpack(">H", segment)
        elif marker == 0xE1 and bytes(segment[:6]) == b"Exif\x00\x00":
            orientation = _orientation(segment[6:])
        if marker not in _METADATA:
            parts.append((start, position))
    raise HeaderError("damaged", f"no picture begins within {_MAX_SEGMENTS} segments")


def _has_jpeg_end(data: memoryview, position: int) -> bool:
    """Within a scan 0xFF is followed by 0x00 or a restart marker (B.1.1.5): nothing looks like an end.

    Mostly the end mark is the last thing there; only where other bytes follow it is it searched for.
    """
    last = len(data) - 2
    return (last >= position and bytes(data[last:]) == b"\xff\xd9") or bool(_JPEG_END.search(data, position))


def _read_frame(marker: int, segment: memoryview, before: _Frame | None) -> _Frame:
    """Read size and sampling. Two frames in one picture are two sizes, of which one would go unbounded."""
    if before is not None or len(segment) < 6 or len(segment) != 6 + 3 * segment[5]:
        raise HeaderError("damaged", "its size is given twice, or cut short")
    _, height, width, components = struct.unpack_from(">BHHB", segment)
    sampling = [(factors >> 4, factors & 15) for factors in segment[7::3]]
    if not all(1 <= factor <= 4 for both in sampling for factor in both):
        raise HeaderError("damaged", "its colours are sampled as the standard does not have it")
    if components < 2:  # B.2.3: alone in its scan, a component comes block by block, whatever its sampling
        sampling = [(1, 1)]
    across, down = (max(factors) for factors in zip(*sampling, strict=True))
    return _Frame(width, height, components, 8 * across, 8 * down, marker == _PROGRESSIVE)


def _units(frame: _Frame, scan: memoryview, interval: int) -> CodedUnits:
    one_scan = not frame.progressive and scan[:1] == bytes([frame.components])
    return CodedUnits(frame.unit_width, frame.unit_height, interval, one_scan)


def _next_marker(data: memoryview, position: int) -> tuple[int, int]:
    """Return the marker's code and the position behind it; any number of fill bytes may precede it."""
    if position >= len(data):
        raise HeaderError("truncated", "it ends before its picture begins")
    if data[position] != 0xFF:
        raise HeaderError("damaged", f"a marker is expected at byte {position}")
    while position < len(data) and data[position] == 0xFF:
        position += 1
    if position >= len(data):
        raise HeaderError("truncated", "it ends before its picture begins")
    return data[position], position + 1


def _segment(data: memoryview, position: int) -> memoryview:
    if position + 2 > len(data):
        raise HeaderError("truncated", "it ends before its picture begins")
    (length,) = struct.unpack_from(">H", data, position)
    if length < 2:
        raise HeaderError("damaged", f"a segment claims {length} bytes; its own length takes 2")
    if position + length > len(data):
        raise HeaderError("truncated", "it ends before its picture begins")
    return data[position + 2 : position + length]


def _orientation(tiff: memoryview) -> int:
    """Return Exif's orientation; 1 where the block does not say, or says nonsense."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(bytes(tiff[:4]))
    if order is None or len(tiff) < 8:
        return 1
    (offset,) = struct.unpack_from(f"{order}I", tiff, 4)
    if offset + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(f"{order}H", tiff, offset)
    for index in range(min(count, _MAX_EXIF_ENTRIES)):
        entry = offset + 2 + 12 * index
        if entry + 10 > len(tiff):
            return 1
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if tag == _ORIENTATION_TAG:
            return value if kind == 3 and 1 <= value <= 8 else 1
    return 1
