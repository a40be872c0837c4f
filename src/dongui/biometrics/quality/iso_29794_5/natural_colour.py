"""Natural colour: whether the cheeks' colour is one that light on skin has (ISO/IEC 29794-5).

How far the cheeks' mean colour lies outside a box of CIELAB (a* 5 to 25, b* 5 to 35); 0 for a picture in
grey. Zones are the standard's, laid by our landmarks, without its mask of the face.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.quality.iso_29794_5.component import Component, sigmoid
from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["NATURAL_COLOUR"]

# sRGB to XYZ under D50, and D50's white: the standard's figures, after OFIQ 1.0.3.
_TO_XYZ = np.array(
    [(0.43605, 0.38508, 0.14309), (0.22249, 0.71689, 0.06062), (0.01393, 0.09710, 0.71419)],
)
_WHITE = np.array([0.964221, 1.0, 0.825211])
_BOX = ((5.0, 25.0), (5.0, 35.0))
_OUT_OF_SIGHT = 100.0


def _native(view: FaceView) -> float:
    aligned = view.aligned
    if bool((aligned[..., 0] == aligned[..., 1]).all() and (aligned[..., 1] == aligned[..., 2]).all()):
        return 0.0
    zones = [aligned[zone].reshape(-1, 3) for zone in view.cheeks()]
    seen = np.concatenate(zones)
    if not seen.size:
        return math.nan
    mean = seen.mean(axis=0) / 255
    seen[...] = 0
    return outside(*_a_and_b(mean))


def outside(a: float, b: float) -> float:
    """Return how far (a*, b*) lies outside the box of natural colours; 100 where either is below 0."""
    if a < 0 or b < 0:
        return _OUT_OF_SIGHT
    apart = (max(0.0, low - value, value - high) for value, (low, high) in zip((a, b), _BOX, strict=True))
    return math.hypot(*apart)


def _a_and_b(mean: NDArray[np.float64]) -> tuple[float, float]:
    """CIELAB's a* and b* of one colour of sRGB, each 0.0 to 1.0."""
    linear = np.where(mean > 0.04045, ((mean + 0.055) / 1.055) ** 2.4, mean / 12.92)
    x, y, z = (_root(float(value)) for value in _TO_XYZ @ linear / _WHITE)
    return 500 * (x - y), 200 * (y - z)


def _root(value: float) -> float:
    # CIE 15: a cube root, straight below (6/29)^3.
    return (24389 / 27 * value + 16) / 116 if value <= 216 / 24389 else value ** (1 / 3)


NATURAL_COLOUR = Component(
    "natural-colour", "CIELAB", _native, sigmoid(0.0, 10.0, height=200.0, falling_from=1.0)
)
