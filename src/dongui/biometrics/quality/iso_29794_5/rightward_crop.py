"""Rightward crop: how much picture there is to the right of the face (ISO/IEC 29794-5).

From the eye next to it to the picture's right edge, in eye distances.
The standard's formula, with our landmarks.
"""

from __future__ import annotations

import math

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["RIGHTWARD_CROP"]


def _native(view: FaceView) -> float:
    unit = view.eye_distance
    return (view.columns - float(view.left_eye[0])) / unit if unit else math.nan


RIGHTWARD_CROP = Component("rightward-crop", "eye distances", _native, sigmoid(0.9, 0.1))
