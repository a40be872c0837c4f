"""Margin below: how much picture there is below the eyes (ISO/IEC 29794-5).

From between the eyes to the picture's lower edge, over the distance from there to the chin.
The standard's formula, with our landmarks.
"""

from __future__ import annotations

import math

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["MARGIN_BELOW"]


def _native(view: FaceView) -> float:
    unit = view.eyes_to_chin
    return (view.rows - float(view.between_eyes[1])) / unit if unit else math.nan


MARGIN_BELOW = Component("margin-below", "eyes to chin", _native, sigmoid(1.8, 0.1))
