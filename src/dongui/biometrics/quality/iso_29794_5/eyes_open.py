"""Eyes open: how far the less open eye is open (ISO/IEC 29794-5).

The distance of the lids over the distance from the eyes to the chin. The standard takes the widest of three
pairs of points of each eye; our landmarks have one pair, at the middle: **the native value is ours**.
"""

from __future__ import annotations

import math

import numpy as np

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["EYES_OPEN"]


def _native(view: FaceView) -> float:
    points, height = view.landmarks, view.eyes_to_chin
    if height == 0:
        return math.nan
    lids = (points[f"{side}-upper-lid"] - points[f"{side}-lower-lid"] for side in ("right", "left"))
    return min(float(np.linalg.norm(apart)) for apart in lids) / height


EYES_OPEN = Component("eyes-open", "eyes to chin", _native, sigmoid(0.02, 0.01))
