"""Under-exposure prevention: how much of the face is lost in black (ISO/IEC 29794-5).

The share of pixels of luminance 0 to 25. The standard's region is the hull of 98 landmarks, jaw included;
ours is the hull of 26, from the brows to the chin without the outer cheeks: **the native value is ours**. The
standard also leaves out what covers the face, which takes a network; glasses and hands count here. Dark skin
raises it as much as dim light does: the gate has a limit of its own (``quality/exposure.py``).
"""

from __future__ import annotations

import math

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["UNDER_EXPOSURE_PREVENTION"]

_BLACK = slice(0, 26)


def _native(view: FaceView) -> float:
    shares = view.region_histogram()
    return float(shares[_BLACK].sum()) if shares.any() else math.nan


UNDER_EXPOSURE_PREVENTION = Component(
    "under-exposure-prevention",
    "share of pixels",
    _native,
    sigmoid(0.92, 0.05, height=120.0, falling_from=0.832),
)
