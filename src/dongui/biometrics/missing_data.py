"""Whether a decoded picture was there to its end: end marks alone do not tell.

A picture cut off and closed with an end mark is decoded without a word. libjpeg leaves every unit it has no
data for at zero, which is exactly the grey 128 (jdhuff.c, ``insufficient_data``); in a PNG the rows that did
not come stay as Pillow's memory was made, zero. So a sound picture is looked at in a few pixels, in
microseconds, and one that ends in just that grey or black is decoded once more, so that what is missing reads
as something else: a JPEG with filler behind its coded data, which a whole one never reads, a PNG into memory
that is not zero. A JPEG of several scans (progressive) is always decoded twice; cameras do not write them.

Told surely: in a JPEG of one scan the loss of one unit (8 x 8 to 32 x 32 pixels) or more at the end of the
data or before a restart mark, and restart marks that are too few or out of turn; in one of several scans an
end within any scan that changes a pixel at the scale decoded; in a PNG every missing row.
Not told: less than a unit; the last row of pixels alone, where it is the only one of its units; bytes lost
between two marks and closed up, of which a decoder makes other pixels, not grey ones; scans missing whole
from the end of a progressive JPEG, which then is a blurred whole one, or a colourless one. A JPEG 2000 lacks
no tile and no part of one when it comes here (see :mod:`dongui.encoding.jpeg2000`), and OpenJPEG raises where
a tile ends within a packet; one cut exactly between two packets, its lengths made to fit, is not told.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import islice, pairwise

from PIL import Image

from dongui.biometrics.image_header import CodedUnits, Header, PictureFormat

__all__ = ["CutOff", "may_lack_data", "with_filler"]

_MARK = re.compile(rb"\xff[^\x00\xff]")  # within coded data 0xFF is followed by 0x00 (B.1.1.5)
_RESTARTS = range(0xD0, 0xD8)
_START_OF_SCAN, _END = 0xDA, 0xD9
_MAX_MARKS = 1 << 16
_MAX_LOOKED_AT = 4_096  # more than that, and a second decoding is the quicker look
# Grey 128, as it is and after the inversion some printing colours are stored by.
_GREY = frozenset({127, 128})
# No 0xFF, which would be a mark; of so many patterns of bits that no table of codes reads it as nothing.
_FILLER = bytes(37 * place % 251 for place in range(64))


class CutOff(Exception):
    """Pixels are missing although the picture has its end mark."""


def may_lack_data(
    picture: Image.Image, header: Header, reduction: int, data: memoryview, held: list[Image.Image]
) -> bool:
    """Tell whether the loaded ``picture`` has to be decoded once more to know that nothing is missing.

    ``data`` is what it was decoded from; what is cut from the picture is appended to ``held``. Raises
    :class:`CutOff` where restart marks are missing.
    """
    if header.format is PictureFormat.PNG:
        # The last row, or (interlaced) the last of every other one: those come last.
        return any(_is_black(picture, row, held) for row in {picture.height - 1, picture.height // 2 * 2 - 1})
    if header.units is None:
        return False  # JPEG 2000: its tiles were counted; OpenJPEG raises where one of them is not whole
    if not header.units.one_scan:
        return True
    if header.units.interval:
        _require_restarts(data, header, header.units)
    return _ends_grey(picture, header, header.units, reduction)


def with_filler(data: memoryview, header: Header) -> io.BytesIO:
    """Return a copy of a JPEG with filler at the end of each stretch of coded data; the caller overwrites it.

    Sized beforehand: a stream that grows leaves what it held before on the heap.
    """
    fillers = [(0, b""), *islice(_fillers(data, _scan_at(data, header)), _MAX_MARKS), (len(data), b"")]
    stream = io.BytesIO(bytes(len(data) + sum(len(filler) for _, filler in fillers)))
    for (start, _), (end, filler) in pairwise(fillers):
        stream.write(data[start:end])
        stream.write(filler)
    stream.seek(0)
    return stream


def _fillers(data: memoryview, scan: int) -> Iterator[tuple[int, bytes]]:
    """Yield what is put where: at the end of a scan also the restart mark that would come next, and filler
    behind that, for a scan that was cut off between two intervals. Behind a whole scan it is skipped.
    """
    restarts = 0
    for end, mark in _stretches(data, scan):
        restarts += 1
        if mark in _RESTARTS:
            yield end, _FILLER
            continue
        yield end, _FILLER + bytes((0xFF, 0xD0 + (restarts - 1) % 8)) + _FILLER
        restarts = 0


def _is_black(picture: Image.Image, row: int, held: list[Image.Image]) -> bool:
    held.append(line := picture.crop((0, row, picture.width, row + 1)))
    return line.getbbox(alpha_only=False) is None


def _ends_grey(picture: Image.Image, header: Header, units: CodedUnits, reduction: int) -> bool:
    """Tell whether the last unit of the picture, or before a restart mark, looks as if it had no data."""
    across, down = -(-header.width // units.width), -(-header.height // units.height)
    interval = units.interval or across * down
    if across * down > _MAX_LOOKED_AT * interval:
        return True
    pixels = picture.load()
    if pixels is None:
        raise ValueError("it was not loaded")
    for first in range(0, across * down, interval):
        row, column = divmod(min(first + interval, across * down) - 1, across)
        x = _within_unit(column, units.width, header.width) // reduction
        y = _within_unit(row, units.height, header.height) // reduction
        value = pixels[x, y]
        if _GREY.issuperset(value if isinstance(value, tuple) else (value,)):
            return True
    return False


def _within_unit(index: int, side: int, picture_side: int) -> int:
    """Return the last column (or row) of a unit whose colours are not smoothed into the next unit's."""
    return min(index * side + side - 2, picture_side - 1)


def _require_restarts(data: memoryview, header: Header, units: CodedUnits) -> None:
    """Require a restart mark behind each interval but the last, numbered in turn (F.1.1.5.2)."""
    needed = -(-header.width // units.width) * -(-header.height // units.height)
    needed = -(-needed // units.interval) - 1
    found = 0
    for _, mark in islice(_stretches(data, _scan_at(data, header)), needed):
        if mark != 0xD0 + found % 8:
            break
        found += 1
    if found < needed:
        raise CutOff(f"{found} of {needed} restart marks are there in turn")


def _scan_at(data: memoryview, header: Header) -> int:
    """Where the first scan begins in the parts a decoder needs: it is the last of them."""
    start, end = header.parts[-1]
    return len(data) - (end - start)


def _stretches(data: memoryview, scan: int) -> Iterator[tuple[int, int]]:
    """Yield where each stretch of coded data ends, and the mark that stands there, from ``scan`` on."""
    within, position = False, scan
    while (found := _MARK.search(data, position)) is not None:
        place, mark = found.start(), data[found.start() + 1]
        if within:
            yield place, mark
        if mark == _END:
            return
        within = mark == _START_OF_SCAN or (within and mark in _RESTARTS)
        position = place + 2
        if mark not in _RESTARTS and place + 4 <= len(data):
            position += int.from_bytes(data[position : position + 2], "big")
