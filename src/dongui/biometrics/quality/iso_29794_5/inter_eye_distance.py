"""Inter-eye distance: how many stored pixels lie between the eyes, seen from the front (ISO/IEC 29794-5).

Between the middles of the eyes' corners, divided by the cosine of the yaw. The standard's formula, with our
landmarks and our yaw.
"""

from __future__ import annotations

import math

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView
from dongui.biometrics.quality.iso_29794_5.head_pose import pose

__all__ = ["INTER_EYE_DISTANCE"]


def _native(view: FaceView) -> float:
    turned = math.cos(math.radians(pose(view)[0]))
    return view.eye_distance * view.reduction / turned if turned > 1e-6 else math.nan


INTER_EYE_DISTANCE = Component("inter-eye-distance", "pixels", _native, sigmoid(70.0, 20.0))
