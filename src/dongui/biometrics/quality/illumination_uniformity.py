"""Whether both halves of the face are lit alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.quality import Measure

__all__ = ["MINIMUM_OVERLAP_DONGUI_2026_11", "illumination_uniformity"]

_BINS = 32
# Twelve rendered people lit from one side lie at 0.10 to 0.23, and are still mated with their portraits.
MINIMUM_OVERLAP_DONGUI_2026_11 = 0.05


def illumination_uniformity(grey: NDArray[np.float32]) -> Measure:
    """Return the overlap of the luminance histograms of the face's two halves, 0.0 (none) to 1.0 (alike)."""
    middle = grey.shape[1] // 2
    left, right = grey[:, :middle], grey[:, -middle:]
    counts = [np.histogram(half, bins=_BINS, range=(0, 256))[0] / half.size for half in (left, right)]
    overlap = float(np.minimum(*counts).sum())
    return Measure("illumination-uniformity", "illumination uniformity", overlap, "share of pixels")
