"""Luminance variance: whether light and dark differ over the face, neither flat nor harsh (ISO/IEC 29794-5).

The standard's region is the hull of 98 landmarks, jaw included; ours is the hull of 26, from the brows to the
chin without the outer cheeks: **the native value is ours**.
"""

from __future__ import annotations

import math

import numpy as np

from dongui.biometrics.quality.iso_29794_5.component import Component
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView
from dongui.biometrics.quality.iso_29794_5.luminance_mean import mean_of

__all__ = ["LUMINANCE_VARIANCE"]


def _native(view: FaceView) -> float:
    mean = mean_of(view)
    return float(view.region_histogram() @ (np.arange(256) / 255 - mean) ** 2)


def _curve(native: float) -> float:
    return 100 * math.sin(math.pi * 60 * native / (60 * native + 1))


LUMINANCE_VARIANCE = Component("luminance-variance", "of white, squared", _native, _curve)
