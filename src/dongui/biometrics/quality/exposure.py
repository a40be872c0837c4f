"""How much of the face is lost in black or in white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.quality import Measure

__all__ = ["MAXIMUM_LOST_SHARE_DONGUI_2026_11", "over_exposure", "under_exposure"]

# ISO/IEC 29794-5 counts luminance of 25 and less, and 247 and more, out of 255. The lower one measures skin
# as much as light: at half the light it would turn away the darkest-skinned of the London people, whom the
# recogniser still mates at a third of it. At 8, half of that face is lost at a seventh of the light, where
# mated distances leave the mated bound for others too. The mean luminance is not used at all.
_BLACK_AT_MOST = 8
_WHITE_AT_LEAST = 247
MAXIMUM_LOST_SHARE_DONGUI_2026_11 = 0.5


def under_exposure(grey: NDArray[np.float32]) -> Measure:
    """Return the share of the face region that is black, 0.0 to 1.0."""
    share = float(np.count_nonzero(grey <= _BLACK_AT_MOST)) / grey.size
    return Measure("under-exposure", "under-exposure prevention", share, "share of pixels")


def over_exposure(grey: NDArray[np.float32]) -> Measure:
    """Return the share of the face region that is white, 0.0 to 1.0."""
    share = float(np.count_nonzero(grey >= _WHITE_AT_LEAST)) / grey.size
    return Measure("over-exposure", "over-exposure prevention", share, "share of pixels")
