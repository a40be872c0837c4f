"""Whether both halves of the face are lit alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.quality import Measure

__all__ = ["MINIMUM_OVERLAP_DONGUI_2026_11", "illumination_uniformity"]

_BINS = 32
# A power of two: dividing by it is exact.
_BIN_WIDTH = np.float32(256 // _BINS)
# Twelve rendered people lit from one side lie at 0.10 to 0.23, and are still mated with their portraits.
MINIMUM_OVERLAP_DONGUI_2026_11 = 0.05


def illumination_uniformity(grey: NDArray[np.float32]) -> Measure:
    """Return the overlap of the luminance histograms of the face's two halves, 0.0 (none) to 1.0 (alike)."""
    middle = grey.shape[1] // 2
    left, right = grey[:, :middle], grey[:, -middle:]
    overlap = float(np.minimum(_histogram(left), _histogram(right)).sum())
    return Measure("illumination-uniformity", "illumination uniformity", overlap, "share of pixels")


def _histogram(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """The share of pixels in each of 32 equal bins from 0 to 256."""
    bins = (grey / _BIN_WIDTH).astype(np.intp).ravel()
    return np.asarray(np.bincount(bins, minlength=_BINS) / grey.size)
