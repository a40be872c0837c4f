"""Luminance of pixels, which three of the measures share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.pixels import Pixels
from dongui.biometrics.quality import LUMINANCE_WEIGHTS

__all__ = ["luminance"]


def luminance(pixels: Pixels) -> NDArray[np.float32]:
    """Return rows x columns of luminance, 0 (black) to 255 (white). The caller overwrites it."""
    red, green, blue = (np.float32(weight) for weight in LUMINANCE_WEIGHTS)
    grey: NDArray[np.float32] = pixels[..., 0] * red + pixels[..., 1] * green + pixels[..., 2] * blue
    return grey
