"""A component of ISO/IEC 29794-5: what is measured of a face's picture, and what of it is a scalar."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dongui.biometrics.quality.iso_29794_5.face_view import FaceView

__all__ = ["Component", "Curve", "sigmoid"]

Curve = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Component:
    """``native`` measures in ``unit``; ``curve`` maps a native value to quality, 0 (worst) to 100 (best).

    The curve is the standard's, with the parameters that OFIQ 1.0.3 publishes, its reference implementation.
    Where the native value is not the standard's, the measure's file says what stands in for it.
    """

    name: str
    unit: str
    native: Callable[[FaceView], float]
    curve: Curve

    def quality(self, native: float) -> float:
        """Return the quality before it is rounded, 0.0 to 100.0: for ordering, with fewer ties."""
        return min(100.0, max(0.0, self.curve(native)))

    def scalar(self, native: float) -> int:
        """Return the scalar, a whole number from 0 to 100; halves go up, as in OFIQ, not to the even."""
        return math.floor(self.quality(native) + 0.5)


def sigmoid(
    middle: float, width: float, *, height: float = 100.0, falling_from: float | None = None
) -> Curve:
    """Return height * s(x), s the sigmoid around ``middle``; ``falling_from`` a: height * (a - s(x)).

    s(x) = 1 / (1 + exp((middle - x) / width)), the form all of the standard's sigmoid mappings have.
    """

    def rising(native: float) -> float:
        # exp of more than 700 is no float; 0 it is, to any number of digits.
        return 1 / (1 + math.exp(min(700.0, (middle - native) / width)))

    def curve(native: float) -> float:
        share = rising(native)
        return height * (share if falling_from is None else falling_from - share)

    return curve
