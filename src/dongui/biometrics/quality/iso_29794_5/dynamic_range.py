"""Dynamic range: how many levels of light the face uses (ISO/IEC 29794-5).

The entropy of its luminance. The standard's region is the hull of 98 landmarks, jaw included; ours is the
hull of 26, from the brows to the chin without the outer cheeks: **the native value is ours**.
"""

from __future__ import annotations

import math

import numpy as np

from dongui.biometrics.quality.iso_29794_5.component import Component
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["DYNAMIC_RANGE"]


def _native(view: FaceView) -> float:
    shares = view.region_histogram()
    seen = shares[shares > 0]
    return float(-(seen * np.log2(seen)).sum()) if seen.size else math.nan


DYNAMIC_RANGE = Component("dynamic-range", "bits", _native, lambda native: 12.5 * native)
