"""Margin above: how much picture there is above the eyes (ISO/IEC 29794-5).

From the picture's upper edge to between the eyes, over the distance from there to the chin.
The standard's formula, with our landmarks.
"""

from __future__ import annotations

import math

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["MARGIN_ABOVE"]


def _native(view: FaceView) -> float:
    unit = view.eyes_to_chin
    return (float(view.between_eyes[1])) / unit if unit else math.nan


MARGIN_ABOVE = Component("margin-above", "eyes to chin", _native, sigmoid(1.4, 0.1))
