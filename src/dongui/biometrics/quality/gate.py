"""Whether an answer is possible at all. Its "no" is *undetermined*: it never counts against a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, le

from dongui.biometrics.alignment import FivePoints
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.quality import Measure, face_region
from dongui.biometrics.quality.exposure import (
    MAXIMUM_LOST_SHARE_DONGUI_2026_11,
    over_exposure,
    under_exposure,
)
from dongui.biometrics.quality.illumination_uniformity import (
    MINIMUM_OVERLAP_DONGUI_2026_11,
    illumination_uniformity,
)
from dongui.biometrics.quality.inter_eye_distance import MINIMUM_PIXELS_DONGUI_2026_11, inter_eye_distance
from dongui.biometrics.quality.luminance import luminance
from dongui.biometrics.quality.pose import (
    MAXIMUM_TILT_DEGREES_DONGUI_2026_11,
    MAXIMUM_YAW_DEGREES_DONGUI_2026_11,
    roll,
    yaw,
)
from dongui.biometrics.quality.sharpness import MINIMUM_DONGUI_2026_11, sharpness
from dongui.errors import Undetermined

__all__ = ["QUALITY_LIMITS", "Limit", "measure", "require_answerable"]


@dataclass(frozen=True, slots=True)
class Limit:
    """One measure's limit: a value that ``holds`` against ``bound`` passes, else ``failure``."""

    measure: str
    holds: Callable[[float, float], bool]
    bound: float
    failure: str


QUALITY_LIMITS = (
    Limit("inter-eye-distance", ge, MINIMUM_PIXELS_DONGUI_2026_11, "quality.too-small"),
    Limit("under-exposure", le, MAXIMUM_LOST_SHARE_DONGUI_2026_11, "quality.too-dark"),
    Limit("over-exposure", le, MAXIMUM_LOST_SHARE_DONGUI_2026_11, "quality.too-bright"),
    Limit("illumination-uniformity", ge, MINIMUM_OVERLAP_DONGUI_2026_11, "quality.uneven-light"),
    Limit("sharpness", ge, MINIMUM_DONGUI_2026_11, "quality.blurred"),
    Limit("yaw", le, MAXIMUM_YAW_DEGREES_DONGUI_2026_11, "quality.turned-away"),
    Limit("roll", le, MAXIMUM_TILT_DEGREES_DONGUI_2026_11, "quality.tilted"),
)


def measure(crop: Pixels, points: FivePoints, *, inter_eye_pixels: float) -> tuple[Measure, ...]:
    """Return every measure of one face.

    ``crop`` is the aligned one; ``points`` are the picture's; ``inter_eye_pixels`` are stored pixels.
    """
    grey = luminance(face_region(crop))
    try:
        return (
            inter_eye_distance(inter_eye_pixels),
            under_exposure(grey),
            over_exposure(grey),
            illumination_uniformity(grey),
            sharpness(grey),
            yaw(points),
            roll(points),
        )
    finally:
        grey[:] = 0


def require_answerable(measures: tuple[Measure, ...], *, what: str) -> None:
    """Pass, or raise ``Undetermined`` ``quality.*`` for the first measure beyond its limit.

    The message names the value and the limit; angles count by their size, not their side.
    """
    values = {entry.name: entry for entry in measures}
    for limit in QUALITY_LIMITS:
        entry = values[limit.measure]
        value = abs(entry.value)
        if not limit.holds(value, limit.bound):
            word = "at least" if limit.holds is ge else "at most"
            raise Undetermined(
                limit.failure,
                f"{what}: {entry.iso_name} is {value:.3g} {entry.unit}; {word} {limit.bound:g} is needed",
            )
