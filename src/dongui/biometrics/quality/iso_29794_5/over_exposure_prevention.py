"""Over-exposure prevention: how much of the face is lost in white (ISO/IEC 29794-5).

The share of pixels of luminance 247 to 255. The standard's region is the hull of 98 landmarks, jaw included;
ours is the hull of 26, from the brows to the chin without the outer cheeks: **the native value is ours**. The
standard also leaves out what covers the face, which takes a network.
"""

from __future__ import annotations

import math

from dongui.biometrics.quality.iso_29794_5.component import Component
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["OVER_EXPOSURE_PREVENTION"]

_WHITE = slice(247, 256)


def _native(view: FaceView) -> float:
    shares = view.region_histogram()
    return float(shares[_WHITE].sum()) if shares.any() else math.nan


OVER_EXPOSURE_PREVENTION = Component(
    "over-exposure-prevention", "share of pixels", _native, lambda native: 1 / (native + 0.01)
)
