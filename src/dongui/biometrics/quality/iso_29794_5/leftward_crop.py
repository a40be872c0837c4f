"""Leftward crop: how much picture there is to the left of the face (ISO/IEC 29794-5).

From the picture's left edge to the eye next to it, in eye distances.
The standard's formula, with our landmarks.
"""

from __future__ import annotations

import math

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["LEFTWARD_CROP"]


def _native(view: FaceView) -> float:
    unit = view.eye_distance
    return (float(view.right_eye[0])) / unit if unit else math.nan


LEFTWARD_CROP = Component("leftward-crop", "eye distances", _native, sigmoid(0.9, 0.1))
