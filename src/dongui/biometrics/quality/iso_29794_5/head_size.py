"""Head size: how much of the picture's height the head takes (ISO/IEC 29794-5).

From between the eyes to the chin, over the picture's height; best at 0.45. The standard's formula, with our
landmarks.
"""

from __future__ import annotations

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["HEAD_SIZE"]

_BEST = 0.45
_APART = sigmoid(0.0, 0.05, height=200.0, falling_from=1.0)


def _native(view: FaceView) -> float:
    return view.eyes_to_chin / view.rows


HEAD_SIZE = Component("head-size", "of the height", _native, lambda native: _APART(abs(native - _BEST)))
