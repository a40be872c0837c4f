"""What a JPEG 2000 picture says of itself (ISO/IEC 15444-1), read before any decoder is let near it.

The size is that of the code stream: the boxes around it are written by somebody else, and a decoder works by
the code stream. Everything a decoder allocates by is bounded here: tiles, precincts, code-blocks, layers. A
picture may say these again in each tile's header; what passports never do is not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["CODESTREAM_MAGIC", "JP2_MAGIC", "Jpeg2000", "Jpeg2000Error", "Kind", "read_jpeg2000"]

JP2_MAGIC = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
CODESTREAM_MAGIC = b"\xff\x4f\xff\x51"
Kind = Literal["damaged", "truncated", "format-not-read"]

_SOC_BYTES = 2
_SIZ, _COD, _COC, _SOT, _SOD, _EOC = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
# QCD, QCC, RGN, COM, TLM, PLM, PLT, CRG (annex A): nothing is allocated by them beyond their own size.
_HARMLESS = {0xFF5C, 0xFF5D, 0xFF5E, 0xFF64, 0xFF55, 0xFF57, 0xFF58, 0xFF63}
_MAX_BOXES = 32
_MAX_MARKERS = 64
_MAX_TILES = 256
_MAX_TILE_PARTS = 1_024
_MAX_LEVELS = 32  # table A.15
_MAX_PRECINCTS = 65_536
_MAX_CODE_BLOCKS = 1 << 18  # 16 megapixels of three colours in the blocks of 16 x 16 nobody uses
_MAX_PACKETS = 1 << 20  # layers times precincts: a decoder keeps a mark for each
_GREY_OR_SRGB = {16, 17}


class Jpeg2000Error(ValueError):
    """The picture cannot be read; ``kind`` says in which of three ways, ``args[0]`` the detail."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind: Kind = kind


@dataclass(frozen=True, slots=True)
class Jpeg2000:
    """What the code stream says: size in pixels, colours (1 or 3), how often its size can be halved.

    ``codestream`` is where it stands (from, to). ``boxed`` is the size the box around it claims, ``None``
    where there is none. ``ends`` tells whether every tile is there to its end.
    """

    width: int
    height: int
    components: int
    levels: int
    codestream: tuple[int, int]
    boxed: tuple[int, int] | None
    ends: bool


@dataclass(frozen=True, slots=True)
class _Grid:
    """Image and tiles (A.5.1)."""

    width: int
    height: int
    tile_width: int
    tile_height: int
    tiles: int
    components: int


@dataclass(frozen=True, slots=True)
class _Coding:
    """How one component is coded (A.6.1): exponents of code-blocks, and of precincts by resolution."""

    levels: int
    block: tuple[int, int]
    precincts: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Parts:
    """The parts of one tile: how many were found in turn, and how many it said there are (0: not said)."""

    found: int = 0
    said: int = 0

    def add(self, number: int, said: int) -> None:
        """Count part ``number``, if it is the next."""
        self.found += number == self.found
        self.said = max(self.said, said, number + 1)


def read_jpeg2000(data: memoryview) -> Jpeg2000:
    """Read a JP2 file or a bare code stream.

    Raises :class:`Jpeg2000Error`: ``format-not-read`` for what is legal and not decoded here, and where a
    bound is passed.
    """
    if bytes(data[:4]) == CODESTREAM_MAGIC:
        return _read_codestream(data, 0, len(data), None)
    if bytes(data[:12]) != JP2_MAGIC:
        raise Jpeg2000Error("damaged", "it does not begin as JPEG 2000 does")
    boxed: tuple[int, int] | None = None
    for kind, start, end in _boxes(data, len(JP2_MAGIC), len(data)):
        if kind == b"jp2h":
            boxed = _read_header_box(data, start, end)
        elif kind == b"jp2c":
            return _read_codestream(data, start, end, boxed)
    raise Jpeg2000Error("truncated", "it has no code stream")


def _boxes(data: memoryview, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind and content (from, to) of each box (annex I.4)."""
    for _ in range(_MAX_BOXES):
        if position + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        start = position + 8
        if length == 1 and position + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = end if length == 0 else position + length
        if stop < start:
            raise Jpeg2000Error("damaged", "a box is shorter than its own header")
        yield kind, start, min(stop, end)
        position = stop
    raise Jpeg2000Error("damaged", f"it has more than {_MAX_BOXES} boxes")


def _read_header_box(data: memoryview, start: int, end: int) -> tuple[int, int] | None:
    """Return width and height as the header box has them; refuse palettes and unusual colours."""
    size: tuple[int, int] | None = None
    for kind, at, stop in _boxes(data, start, end):
        if kind == b"pclr":
            raise Jpeg2000Error("format-not-read", "its colours are in a palette")
        if kind == b"ihdr" and stop - at >= 8:
            height, width = struct.unpack_from(">II", data, at)
            size = (width, height)
        if kind == b"colr" and stop - at >= 7 and data[at] == 1:
            (space,) = struct.unpack_from(">I", data, at + 3)
            if space not in _GREY_OR_SRGB:
                raise Jpeg2000Error("format-not-read", f"its colour space {space} is not read")
    return size


def _read_codestream(data: memoryview, start: int, end: int, boxed: tuple[int, int] | None) -> Jpeg2000:
    """Walk the main header, then every tile-part's (annex A)."""
    grid: _Grid | None = None
    levels: list[int] = []
    for marker, position, stop in _segments(data, start + _SOC_BYTES, end):
        segment = data[position:stop]
        if marker == _SOT:
            break
        if marker == _SIZ and grid is None:
            grid = _read_grid(segment)
        elif marker in (_COD, _COC) and grid is not None:
            coding, layers = _read_coding(segment, component=marker == _COC)
            _require_bounded(grid, coding, layers)
            levels.append(coding.levels)
        elif marker not in _HARMLESS or grid is None:
            raise Jpeg2000Error("format-not-read", f"its marker {marker:04X} is not read there")
    if grid is None or not levels:
        raise Jpeg2000Error("damaged", "its tiles begin before its size and coding are given")
    closing, ends = _walk_tiles(data, position - 4, end, grid.tiles)
    return Jpeg2000(grid.width, grid.height, grid.components, min(levels), (start, closing), boxed, ends)


def _segments(data: memoryview, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield marker, and where its parameters stand, up to and with the first start of a tile-part."""
    for _ in range(_MAX_MARKERS):
        marker, start, stop = _segment(data, position, end)
        yield marker, start, stop
        if marker == _SOT:
            return
        position = stop
    raise Jpeg2000Error("damaged", f"it has more than {_MAX_MARKERS} markers before its first tile")


def _segment(data: memoryview, position: int, end: int) -> tuple[int, int, int]:
    if position + 4 > end:
        raise Jpeg2000Error("truncated", "it ends within its header")
    marker, length = struct.unpack_from(">HH", data, position)
    if marker < 0xFF00 or length < 2:
        raise Jpeg2000Error("damaged", f"a marker is expected at byte {position}")
    if position + 2 + length > end:
        raise Jpeg2000Error("truncated", "it ends within its header")
    return marker, position + 4, position + 2 + length


def _read_grid(segment: memoryview) -> _Grid:
    if len(segment) < 36:
        raise Jpeg2000Error("damaged", "its size is cut short")
    _, x1, y1, x0, y0, tile_width, tile_height, tile_x, tile_y, components = struct.unpack_from(
        ">H8IH", segment
    )
    if len(segment) != 36 + 3 * components or components not in (1, 3):
        raise Jpeg2000Error("format-not-read", "it is neither grey nor of three colours")
    if any(bytes(segment[36 + 3 * index :][:3]) != b"\x07\x01\x01" for index in range(components)):
        raise Jpeg2000Error("format-not-read", "its colours are not of 8 bits each at every pixel")
    if not (x0 < x1 and y0 < y1 and tile_width and tile_height):
        raise Jpeg2000Error("damaged", "it has no pixels")
    if not (tile_x <= x0 < tile_x + tile_width and tile_y <= y0 < tile_y + tile_height):
        raise Jpeg2000Error("damaged", "its first tile lies beside it")
    tiles = -(-(x1 - tile_x) // tile_width) * -(-(y1 - tile_y) // tile_height)
    if tiles > _MAX_TILES:
        raise Jpeg2000Error("format-not-read", f"it has {tiles} tiles; the limit is {_MAX_TILES}")
    width, height = x1 - x0, y1 - y0
    return _Grid(width, height, min(tile_width, width), min(tile_height, height), tiles, components)


def _read_coding(segment: memoryview, *, component: bool) -> tuple[_Coding, int]:
    """Return the coding and the number of layers (1 where a component's own coding does not say)."""
    head = 2 if component else 5
    if len(segment) < head + 5:
        raise Jpeg2000Error("damaged", "its coding is cut short")
    layers = 1 if component else int.from_bytes(segment[2:4], "big")
    style = segment[1] if component else segment[0]
    levels, width, height, block_style, _ = segment[head : head + 5]
    sizes = bytes(segment[head + 5 :])
    if levels > _MAX_LEVELS or width > 8 or height > 8 or width + height > 8 or not layers:
        raise Jpeg2000Error("damaged", "its coding is none of the standard's")
    if block_style & 0xC0:
        raise Jpeg2000Error("format-not-read", "its blocks are coded as part 15 has it")
    if style & 1 and len(sizes) != levels + 1:
        raise Jpeg2000Error("damaged", "its precincts are not one for each resolution")
    precincts = [(size & 0xF, size >> 4) for size in sizes] if style & 1 else [(15, 15)] * (levels + 1)
    return _Coding(levels, (width + 2, height + 2), tuple(precincts)), layers


def _require_bounded(grid: _Grid, coding: _Coding, layers: int) -> None:
    """Count what a decoder allocates for, before it does: 50 bytes can ask for gigabytes otherwise."""
    precincts = blocks = 0
    for resolution, (across, down) in enumerate(coding.precincts):
        if resolution and not (across and down):
            raise Jpeg2000Error("damaged", "a precinct holds no code-block")
        shrunk = coding.levels - resolution
        width, height = -(-grid.tile_width // (1 << shrunk)), -(-grid.tile_height // (1 << shrunk))
        precincts += _cells(width, across) * _cells(height, down)
        # B.7: a code-block is no larger than the precinct, halved in all resolutions but the first.
        halved = 1 if resolution else 0
        blocks += _cells(width, min(coding.block[0], across - halved)) * _cells(
            height, min(coding.block[1], down - halved)
        )
    everywhere = grid.tiles * grid.components
    for what, count, limit in (
        ("precincts", precincts * everywhere, _MAX_PRECINCTS),
        ("code-blocks", blocks * everywhere, _MAX_CODE_BLOCKS),
        ("packets", precincts * everywhere * layers, _MAX_PACKETS),
    ):
        if count > limit:
            raise Jpeg2000Error("format-not-read", f"it has {count} {what}; the limit is {limit}")


def _cells(pixels: int, exponent: int) -> int:
    """How many cells of 2 ** exponent pixels it takes at most, wherever the first one begins."""
    return -(-pixels // (1 << exponent)) + 1


def _walk_tiles(data: memoryview, position: int, end: int, tiles: int) -> tuple[int, bool]:
    """Return where the code stream ends, and whether all parts of all tiles were there, whole."""
    counts: dict[int, _Parts] = {}
    for _ in range(_MAX_TILE_PARTS):
        if bytes(data[position : position + 2]) == _EOC.to_bytes(2, "big"):
            return position + 2, _all_there(counts, tiles)
        if position == end:
            return end, _all_there(counts, tiles)  # only the end mark is not there
        stop = _read_tile_part(data, position, end, tiles, counts)
        if stop > end:
            return end, False
        position = stop
    raise Jpeg2000Error("damaged", f"it has more than {_MAX_TILE_PARTS} tile-parts")


def _all_there(counts: Mapping[int, _Parts], tiles: int) -> bool:
    """Tell whether each tile came, in as many parts as it said, if it did. A decoder leaves others black."""
    return len(counts) == tiles and all(
        count.found == (count.said or count.found) for count in counts.values()
    )


def _read_tile_part(data: memoryview, position: int, end: int, tiles: int, counts: dict[int, _Parts]) -> int:
    """Return where the tile-part ends (A.4.2); its header may not say anew what a decoder allocates by."""
    marker, start, stop = _segment(data, position, end)
    if marker != _SOT or stop - start != 8:
        raise Jpeg2000Error("damaged", f"a tile is expected at byte {position}")
    index: int
    length: int
    index, length, number, said = struct.unpack_from(">HIBB", data, start)
    if index >= tiles:
        raise Jpeg2000Error("damaged", "a tile has a number beyond the last")
    counts.setdefault(index, _Parts()).add(number, said)
    for _ in range(_MAX_MARKERS):
        if bytes(data[stop : stop + 2]) == _SOD.to_bytes(2, "big"):
            body = stop + 2
            if length == 0:
                return _end_of_last(data, end)
            if position + length < body:
                raise Jpeg2000Error("damaged", "a tile-part is shorter than its own header")
            return position + length
        marker, _, stop = _segment(data, stop, end)
        if marker not in _HARMLESS:
            raise Jpeg2000Error("format-not-read", f"a tile's marker {marker:04X} is not read")
    raise Jpeg2000Error("damaged", f"a tile has more than {_MAX_MARKERS} markers")


def _end_of_last(data: memoryview, end: int) -> int:
    """Where the last tile-part ends, if it does not say: at the end mark, the last two bytes."""
    return end - 2 if bytes(data[end - 2 : end]) == _EOC.to_bytes(2, "big") else end + 1
