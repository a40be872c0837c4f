"""Arrays that hold a face, and their overwriting."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Features", "Pixels", "square", "wipe_arrays"]

# rows x columns x 3 (red, green, blue), 0 to 255
Pixels = NDArray[np.uint8]
# a template's numbers, 128 of length about 1 for the recogniser that ships
Features = NDArray[np.float32]


def wipe_arrays(arrays: Iterable[Pixels | Features | None]) -> None:
    """Overwrite every array with zero; ``None`` is passed over."""
    for array in arrays:
        if array is not None:
            array[...] = 0


def square(pixels: Pixels, left: int, top: int, side: int) -> Pixels:
    """Return a copy of ``side`` x ``side`` pixels; the caller overwrites it.

    ``left`` and ``top`` may lie outside, and so may the whole square: beyond the picture's edge its last
    pixels repeat.
    """
    from_row, row, rows = _within(pixels.shape[0], top, side)
    from_column, column, columns = _within(pixels.shape[1], left, side)
    inside = pixels[from_row : from_row + rows, from_column : from_column + columns]
    if rows == columns == side:
        return inside.copy()
    cut = np.empty((side, side, 3), dtype=np.uint8)
    band = cut[row : row + rows]
    band[:, column : column + columns] = inside
    band[:, :column] = inside[:, :1]
    band[:, column + columns :] = inside[:, -1:]
    cut[:row] = band[:1]
    cut[row + rows :] = band[-1:]
    return cut


def _within(length: int, start: int, side: int) -> tuple[int, int, int]:
    """Of ``side`` pixels from ``start``: the first that exists, its place among them, and how many do.

    At least one: where all lie outside, it is the edge's, at the end that is nearest.
    """
    first = min(max(start, 0), length - 1)
    place = min(max(-start, 0), side - 1)
    return first, place, min(side - place, length - first)
