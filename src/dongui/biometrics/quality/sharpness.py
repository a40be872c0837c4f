"""How much fine structure the aligned crop holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.quality import Measure

__all__ = ["MINIMUM_DONGUI_2026_11", "sharpness"]

# The London people's crops lie at 0.23 to 0.78. Blurred by a Gaussian of 3 crop pixels all lie below 0.008,
# and half of the mated distances beyond the mated bound; side light alone was seen to lower it to 0.027.
MINIMUM_DONGUI_2026_11 = 0.008


def sharpness(grey: NDArray[np.float32]) -> Measure:
    """Return the second differences' energy over the contrast's, 0 (a smooth ramp) upwards.

    ``grey`` is the luminance of the face region. Divided by the contrast, so that neither dim light nor dark
    skin, which both lower the differences and the contrast alike, reads as blur.
    """
    inner = grey[1:-1, 1:-1]
    second = 4 * inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    contrast = float(grey.var())
    value = float(second.var()) / contrast if contrast > 0 else 0.0
    return Measure("sharpness", "sharpness", value, "ratio of variances")
