"""Illumination uniformity: whether both cheeks are lit alike (ISO/IEC 29794-5).

The overlap of the two cheeks' luminance histograms. Zones and histograms are the standard's, laid by our
landmarks; the standard blackens what lies outside the face's outline, which we do not know.
"""

from __future__ import annotations

import math

import numpy as np

from dongui.biometrics.quality.iso_29794_5.component import Component
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView, histogram

__all__ = ["ILLUMINATION_UNIFORMITY"]


def _native(view: FaceView) -> float:
    right, left = (view.luminance[zone] for zone in view.cheeks())
    if not right.size or not left.size:
        return math.nan
    return float(np.minimum(histogram(right), histogram(left)).sum())


ILLUMINATION_UNIFORMITY = Component(
    "illumination-uniformity", "share of pixels", _native, lambda native: float(100 * native**0.3)
)
