"""How many pixels lie between the eyes in the picture as it was stored."""

from __future__ import annotations

from dongui.biometrics.quality import Measure

__all__ = ["MINIMUM_PIXELS_DONGUI_2026_11", "inter_eye_distance"]

# Three quarters of the 54 pixels in the recogniser's crop: below it most of what the crop shows was made up
# by enlarging. ISO/IEC 39794-5 asks for 90 in a document's portrait, which chips do not always hold.
MINIMUM_PIXELS_DONGUI_2026_11 = 40.0


def inter_eye_distance(stored_pixels: float) -> Measure:
    """Return the distance as a measure; ``stored_pixels`` is between the middles of the eyes."""
    return Measure("inter-eye-distance", "inter-eye distance", stored_pixels, "pixels")
