"""Arrays that hold a face, and their overwriting."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Features", "Pixels", "wipe_arrays"]

# rows x columns x 3 (red, green, blue), 0 to 255
Pixels = NDArray[np.uint8]
# a template's numbers, 128 of length about 1 for the recogniser that ships
Features = NDArray[np.float32]


def wipe_arrays(arrays: Iterable[Pixels | Features | None]) -> None:
    """Overwrite every array with zero; ``None`` is passed over."""
    for array in arrays:
        if array is not None:
            array[...] = 0
