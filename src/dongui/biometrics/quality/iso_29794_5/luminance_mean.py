"""Luminance mean: how light the face is in the middle (ISO/IEC 29794-5).

The standard's region is the hull of 98 landmarks, jaw included; ours is the hull of 26, from the brows to the
chin without the outer cheeks: **the native value is ours**. Dark skin lowers it as much as dim light does: it
never decides anything here.
"""

from __future__ import annotations

import math

import numpy as np

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["LUMINANCE_MEAN", "mean_of"]

_LIGHT_ENOUGH = sigmoid(0.2, 0.05, height=1.0)
_TOO_LIGHT = sigmoid(0.8, 0.05, height=1.0)


def mean_of(view: FaceView) -> float:
    """Return the region's mean luminance, 0.0 (black) to 1.0 (white); NaN where there is no region."""
    shares = view.region_histogram()
    return float(shares @ np.arange(256)) / 255 if shares.any() else math.nan


def _curve(native: float) -> float:
    return 100 * _LIGHT_ENOUGH(native) * (1 - _TOO_LIGHT(native))


LUMINANCE_MEAN = Component("luminance-mean", "of white", mean_of, _curve)
