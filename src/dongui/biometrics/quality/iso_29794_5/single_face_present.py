"""Single face present: whether another face comes near the largest in size (ISO/IEC 29794-5).

The second largest box's area over the largest's, 0 for one face. The standard's formula; the detector is
ours, and finds other faces than OFIQ's does.
"""

from __future__ import annotations

from dongui.biometrics.quality.iso_29794_5.component import Component
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["SINGLE_FACE_PRESENT"]


def _native(view: FaceView) -> float:
    largest, *others = view.areas
    return others[0] / largest if others else 0.0


SINGLE_FACE_PRESENT = Component(
    "single-face-present", "ratio of areas", _native, lambda native: 100 * (1 - native)
)
